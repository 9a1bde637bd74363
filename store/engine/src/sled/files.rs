//! sled's files, and how they are made durable.
//!
//! `db` is the log. A page that is too large for it becomes a separate file in `blobs/`, which sled never syncs.
//! `snap.*` is an index that is written while opening and can be rebuilt from the log. `conf` is written once.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, PosixFadviseAdvice, posix_fadvise};

const LOG: &str = "db";
const BLOBS: &str = "blobs";
const CONFIG: &str = "conf";
const INDEX_PREFIX: &str = "snap.";
const TORN_INDEX_SUFFIX: &str = ".generating";
/// The prefix of a file that was moved aside, so that sled does not find it.
const ASIDE_PREFIX: &str = "aside.";

/// A file that is written to test whether the disk can be written again.
const TRIAL: &str = "postern.trial";
/// The size of that file, in bytes: more than sled needs to open (a log segment of 512 KiB and its index).
const TRIAL_LEN: usize = 2 * 1024 * 1024;

/// How often sled's lock is tried before it counts as held by another process, and the wait between attempts.
const LOCK_LOOKS: u32 = 200;
const LOCK_LOOK_EVERY: Duration = Duration::from_millis(10);

/// The files of an open store, for syncing.
#[derive(Debug)]
pub(super) struct Files {
    dir: PathBuf,
    /// Open from the start: the kernel reports late write errors only to processes that had the file open.
    log: File,
    synced_blobs: HashSet<OsString>,
}

impl Files {
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        Ok(Self { dir: dir.to_owned(), log: File::open(dir.join(LOG))?, synced_blobs: HashSet::new() })
    }

    /// Returns when all data that sled has flushed is on disk. `flush` alone calls `sync_file_range`, which does not
    /// write the file system's metadata.
    pub(super) fn make_durable(&mut self) -> io::Result<()> {
        let blobs = self.dir.join(BLOBS);
        let mut present = HashSet::new();
        for blob in fs::read_dir(&blobs)? {
            let name = blob?.file_name();
            if !self.synced_blobs.contains(&name) {
                match File::open(blobs.join(&name)) {
                    Ok(file) => file.sync_all()?,
                    // sled may remove blobs that it has rewritten, at any time.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error),
                }
            }
            present.insert(name);
        }
        if !present.is_subset(&self.synced_blobs) {
            sync_dir(&blobs)?;
        }
        self.synced_blobs = present;
        self.log.sync_data()
    }

    /// Makes the directory entries of the files durable; needed once after opening.
    pub(super) fn make_names_durable(&self) -> io::Result<()> {
        File::open(self.dir.join(CONFIG))?.sync_all()?;
        self.log.sync_all()?;
        sync_dir(&self.dir.join(BLOBS))?;
        sync_dir(&self.dir)
    }

    /// Prepares for reading the real state of the disk after a failed sync. The kernel marks a page whose write failed
    /// as clean and returns it until it is evicted; this evicts it.
    pub(super) fn forget_cached(&self) -> io::Result<()> {
        self.log.sync_all()?;
        posix_fadvise(&self.log, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED)?;
        Ok(())
    }
}

/// Syncs a directory: its entries, not the files.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Whether sled has a log to open. Without one it would silently create an empty database.
pub(super) fn has_log(dir: &Path) -> io::Result<bool> {
    match fs::metadata(dir.join(LOG)) {
        Ok(log) => Ok(log.is_file() && log.len() > 0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Waits until sled's lock is free, for at most [`LOCK_LOOKS`] attempts; `false` if it is still held.
///
/// Postern's own lock is on the marker. If that is held and sled's is not free, it is held by the rest of an earlier
/// opening: a thread of sled that has not ended yet, or a child process between fork and exec.
pub(super) fn wait_for_lock(dir: &Path) -> io::Result<bool> {
    let mut log = File::open(dir.join(LOG))?;
    for _ in 0..LOCK_LOOKS {
        // Released at once, by an unlock: sled takes it for itself.
        log = match Flock::lock(log, FlockArg::LockExclusiveNonblock) {
            Ok(_) => return Ok(true),
            Err((log, Errno::EWOULDBLOCK)) => log,
            Err((_, errno)) => return Err(errno.into()),
        };
        thread::sleep(LOCK_LOOK_EVERY);
    }
    Ok(false)
}

/// Whether `dir` is empty or does not exist.
pub(super) fn is_vacant(dir: &Path) -> io::Result<bool> {
    match fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Removes indexes that sled was still writing when it was killed, and returns their paths. sled renames an index only
/// when it is complete, but then reads the highest name with the prefix, complete or not.
pub(super) fn remove_torn_indexes(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut torn = indexes(dir)?;
    torn.retain(|path| path.to_string_lossy().ends_with(TORN_INDEX_SUFFIX));
    torn.iter().try_for_each(fs::remove_file)?;
    Ok(torn)
}

/// Moves the indexes aside so that sled does not find them, and returns their new paths. sled makes a new one from the
/// whole log.
pub(super) fn put_indexes_aside(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut aside = Vec::new();
    for path in indexes(dir)? {
        let mut name = OsString::from(ASIDE_PREFIX);
        name.extend(path.file_name());
        let to = dir.join(name);
        fs::rename(&path, &to)?;
        aside.push(to);
    }
    Ok(aside)
}

fn indexes(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(INDEX_PREFIX) {
            paths.push(entry.path());
        }
    }
    Ok(paths)
}

/// Tests whether the file system of `dir` accepts as much data as opening needs.
pub(super) fn try_writing(dir: &Path) -> io::Result<()> {
    let path = dir.join(TRIAL);
    let tried = File::create(&path).and_then(|mut file| {
        file.write_all(&vec![0; TRIAL_LEN])?;
        file.sync_all()
    });
    match (tried, fs::remove_file(&path)) {
        (Ok(()), removed) => removed,
        (failed, _) => failed,
    }
}
