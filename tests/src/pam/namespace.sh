# Runs a command where /etc/pam.d, the users and /dev/log are those of a directory of one's own:
#   unshare --mount --propagation private sh namespace.sh DIRECTORY COMMAND...
# Nobody else sees any of it, and it is gone with the last process.
set -eu
root=$1
shift
for file in passwd shadow group; do
    mount --bind "$root/$file" "/etc/$file"
done
mount --bind "$root/pam.d" /etc/pam.d
# The machine may have no /dev/log, or one that is not to be talked to: a /dev with what hosts need.
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for node in null zero full random urandom tty ptmx; do
    touch "$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
for directory in pts shm; do
    mkdir "$root/dev/$directory"
    mount --bind "/dev/$directory" "$root/dev/$directory"
done
ln -s /proc/self/fd "$root/dev/fd"
ln -s "$root/log" "$root/dev/log"
mount --move "$root/dev" /dev
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/sshd
exec "$@"
