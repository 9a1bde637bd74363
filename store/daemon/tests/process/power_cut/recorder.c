/* Writes down what a process does to the files below $POWER_CUT_ROOT, in the order in which it does it, to
 * $POWER_CUT_LOG: each write with its bytes, each change of a directory as the list of names that it has afterwards,
 * and each fsync and fdatasync. recorder.rs reads that.
 *
 * It is loaded by LD_PRELOAD and stands before the C library's functions. A change that passes it by (a system call
 * made directly) shows when the directory that holds it is listed next; one that never shows makes the test fail, as
 * what is written down is compared with the files at the end.
 *
 * Nothing is really synced: no power is cut here, and the test is quicker so.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* As recorder.rs reads them. NEW has 1 for a directory, WRITE its offset, SIZE the length. REPLY is any word to a
 * socket. */
enum { NEW = 'N', WRITE = 'W', SIZE = 'S', NAMES = 'L', SYNC = 'F', REPLY = 'A' };

struct head {
    uint64_t kind, inode, number, length;
};

/* One operation and its line in the log are one step. */
static pthread_mutex_t alone = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *root;
static size_t root_length;
static int log_file = -1;

static void begin(void) {
    root = getenv("POWER_CUT_ROOT");
    const char *path = getenv("POWER_CUT_LOG");
    if (root == NULL || path == NULL) {
        return;
    }
    root_length = strlen(root);
    log_file = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (log_file < 0) {
        abort();
    }
}

static void note(uint64_t kind, uint64_t inode, uint64_t number, const void *bytes, size_t length) {
    struct head head = {kind, inode, number, length};
    struct iovec parts[] = {{&head, sizeof head}, {(void *)bytes, length}};
    if (syscall(SYS_writev, log_file, parts, 2) != (ssize_t)(sizeof head + length)) {
        abort();
    }
}

/* Whether a file lies in the root or is the root, and what it is. */
static int below(int fd, struct stat *about) {
    char link[64], path[PATH_MAX];
    pthread_once(&once, begin);
    about->st_mode = 0;
    if (log_file < 0 || fd <= STDERR_FILENO || syscall(SYS_fstat, fd, about) != 0) {
        return 0;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path);
    return length >= (ssize_t)root_length && memcmp(path, root, root_length) == 0 &&
           (length == (ssize_t)root_length || path[root_length] == '/');
}

/* The names in a directory, each as "inode name" and a NUL. */
static void list(int directory, ino_t inode) {
    static char names[1 << 20];
    char entries[1 << 16];
    size_t used = 0;
    long length;
    int fd = syscall(SYS_openat, directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0) {
        abort();
    }
    while ((length = syscall(SYS_getdents64, fd, entries, sizeof entries)) > 0) {
        for (long at = 0; at < length;) {
            struct dirent64 *entry = (struct dirent64 *)(entries + at);
            at += entry->d_reclen;
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
                continue;
            }
            size_t left = sizeof names - used;
            size_t needed = snprintf(names + used, left, "%llu %s", (unsigned long long)entry->d_ino, entry->d_name);
            if (needed >= left) {
                abort();
            }
            used += needed + 1;
        }
    }
    syscall(SYS_close, fd);
    note(NAMES, inode, 0, names, used);
}

/* Lists the directory in which a name stands. */
static void list_around(int at, const char *path) {
    char directory[PATH_MAX];
    struct stat about;
    snprintf(directory, sizeof directory, "%s", path);
    char *slash = strrchr(directory, '/');
    if (slash == NULL) {
        strcpy(directory, ".");
    } else {
        slash[slash == directory] = 0;
    }
    int fd = syscall(SYS_openat, at, directory, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd >= 0 && below(fd, &about)) {
        list(fd, about.st_ino);
    }
    syscall(SYS_close, fd);
}

static int open_file(int at, const char *path, int flags, mode_t mode) {
    struct stat about;
    int nameless = (flags & O_TMPFILE) == O_TMPFILE;
    if (!nameless && !(flags & (O_CREAT | O_TRUNC))) {
        return syscall(SYS_openat, at, path, flags, mode);
    }
    pthread_mutex_lock(&alone);
    int is_there = syscall(SYS_newfstatat, at, path, &about, 0) == 0;
    int fd = syscall(SYS_openat, at, path, flags, mode), error = errno;
    if (fd >= 0 && below(fd, &about)) {
        if (nameless || !is_there) {
            note(NEW, about.st_ino, 0, NULL, 0);
        }
        if (!nameless && !is_there) {
            list_around(at, path);
        }
        if (is_there && (flags & O_TRUNC)) {
            note(SIZE, about.st_ino, 0, NULL, 0);
        }
    }
    pthread_mutex_unlock(&alone);
    errno = error;
    return fd;
}

#define MODE_OF(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }

int open(const char *path, int flags, ...) { MODE_OF(flags) return open_file(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE_OF(flags) return open_file(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE_OF(flags) return open_file(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE_OF(flags) return open_file(at, path, flags, mode); }
int creat(const char *path, mode_t mode) { return open_file(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

/* `offset` below zero: where the file stands. */
static ssize_t put(int fd, const struct iovec *parts, int count, off_t offset) {
    struct stat about;
    int is_below = below(fd, &about);
    int is_file = is_below && S_ISREG(about.st_mode);
    int is_socket = log_file >= 0 && fd > STDERR_FILENO && S_ISSOCK(about.st_mode);
    if (is_file || is_socket) {
        pthread_mutex_lock(&alone);
    }
    if (is_socket) {
        /* Before it can be heard: who hears it writes to the log, too. */
        note(REPLY, 0, 0, NULL, 0);
    }
    off_t start = offset;
    if (is_file && offset < 0) {
        /* Its length may have changed before the lock was held. */
        syscall(SYS_fstat, fd, &about);
        start = fcntl(fd, F_GETFL) & O_APPEND ? about.st_size : lseek(fd, 0, SEEK_CUR);
    }
    ssize_t written = offset < 0 ? syscall(SYS_writev, fd, parts, count)
                                 : syscall(SYS_pwritev, fd, parts, count, (long)offset, 0L);
    int error = errno;
    if (is_file && written > 0) {
        char *bytes = malloc(written);
        size_t have = 0;
        for (int part = 0; have < (size_t)written; part++) {
            size_t left = written - have;
            size_t length = parts[part].iov_len < left ? parts[part].iov_len : left;
            memcpy(bytes + have, parts[part].iov_base, length);
            have += length;
        }
        note(WRITE, about.st_ino, start, bytes, have);
        free(bytes);
    }
    if (is_file || is_socket) {
        pthread_mutex_unlock(&alone);
    }
    errno = error;
    return written;
}

static ssize_t put_one(int fd, const void *bytes, size_t length, off_t offset) {
    struct iovec part = {(void *)bytes, length};
    return put(fd, &part, 1, offset);
}

ssize_t write(int fd, const void *bytes, size_t length) { return put_one(fd, bytes, length, -1); }
ssize_t writev(int fd, const struct iovec *parts, int count) { return put(fd, parts, count, -1); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return put_one(fd, bytes, length, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) { return put_one(fd, bytes, length, at); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return put(fd, parts, count, at); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at) { return put(fd, parts, count, at); }

ssize_t send(int fd, const void *bytes, size_t length, int flags) {
    pthread_once(&once, begin);
    pthread_mutex_lock(&alone);
    if (log_file >= 0) {
        note(REPLY, 0, 0, NULL, 0);
    }
    pthread_mutex_unlock(&alone);
    return syscall(SYS_sendto, fd, bytes, length, flags, NULL, 0);
}

/* Does `call`, then writes down the length that the file has. */
#define RESIZE(fd, call) \
    struct stat about; \
    pthread_mutex_lock(&alone); \
    int failed = (call), error = errno; \
    if (!failed && below(fd, &about)) { \
        note(SIZE, about.st_ino, about.st_size, NULL, 0); \
    } \
    pthread_mutex_unlock(&alone); \
    errno = error; \
    return failed;

int ftruncate(int fd, off_t length) { RESIZE(fd, syscall(SYS_ftruncate, fd, length)) }
int ftruncate64(int fd, off_t length) { return ftruncate(fd, length); }
int fallocate(int fd, int mode, off_t at, off_t length) { RESIZE(fd, syscall(SYS_fallocate, fd, mode, at, length)) }
int fallocate64(int fd, int mode, off_t at, off_t length) { return fallocate(fd, mode, at, length); }

/* Does `call`, then lists the directories of the names that it changes. */
#define RENAME(call, lists) \
    pthread_mutex_lock(&alone); \
    int failed = (call), error = errno; \
    if (!failed) { \
        lists; \
    } \
    pthread_mutex_unlock(&alone); \
    errno = error; \
    return failed;

int unlinkat(int at, const char *path, int flags) {
    RENAME(syscall(SYS_unlinkat, at, path, flags), list_around(at, path))
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    RENAME(syscall(SYS_renameat2, from_at, from, to_at, to, flags), list_around(from_at, from); list_around(to_at, to))
}
int renameat(int from_at, const char *from, int to_at, const char *to) { return renameat2(from_at, from, to_at, to, 0); }
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }
int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
    RENAME(syscall(SYS_linkat, from_at, from, to_at, to, flags), list_around(to_at, to))
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

static void made(int at, const char *path) {
    struct stat about;
    int fd = syscall(SYS_openat, at, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd >= 0 && below(fd, &about)) {
        note(NEW, about.st_ino, 1, NULL, 0);
        list_around(at, path);
    }
    syscall(SYS_close, fd);
}

int mkdirat(int at, const char *path, mode_t mode) { RENAME(syscall(SYS_mkdirat, at, path, mode), made(at, path)) }
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

static int synced(int fd) {
    struct stat about;
    if (below(fd, &about)) {
        pthread_mutex_lock(&alone);
        if (S_ISDIR(about.st_mode)) {
            list(fd, about.st_ino);
        }
        note(SYNC, about.st_ino, 0, NULL, 0);
        pthread_mutex_unlock(&alone);
    }
    return 0;
}

int fsync(int fd) { return synced(fd); }
int fdatasync(int fd) { return synced(fd); }

/* It makes nothing durable: not the length of a file, nor what finds its blocks, nor what the disk has cached. */
int sync_file_range(int fd, off_t at, off_t length, unsigned flags) { return 0; }
int msync(void *at, size_t length, int flags) { return 0; }
