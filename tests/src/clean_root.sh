# Runs a command of an ordinary user's in a clean Debian, with this checkout, what was built of it and the toolchain:
#   unshare --mount --propagation private sh clean_root.sh ROOT SCRATCH TMP USER CHECKOUT TARGET SYSROOT CARGO_HOME COMMAND...
# ROOT, CHECKOUT and TARGET are only read: what is written there goes to a file system in memory at SCRATCH, that nobody
# else sees and that is gone with the last process. TMP becomes /tmp.
set -eu
root=$1 scratch=$2 tmp=$3 user=$4 checkout=$5 target=$6 sysroot=$7 cargo_home=$8
shift 8
mount -t tmpfs -o mode=755 tmpfs "$scratch"
inside=$scratch/root
mkdir "$inside"

# overlay NAME LOWER PLACE
overlay() {
    mkdir -p "$scratch/$1/upper" "$scratch/$1/work"
    mount -t overlay -o "lowerdir=$2,upperdir=$scratch/$1/upper,workdir=$scratch/$1/work" overlay "$3"
}

# A place of this machine's under the same path, with a way there for everybody.
place() {
    mkdir -p "$inside$1"
    way=$1
    while [ "$way" != / ]; do
        chmod a+x "$inside$way"
        way=$(dirname "$way")
    done
}

overlay debian "$root" "$inside"
mount --bind /proc "$inside/proc"
mount --rbind /dev "$inside/dev"
mount --bind "$tmp" "$inside/tmp"
place "$checkout"
overlay checkout "$checkout" "$inside$checkout"
case $target in
"$checkout"/*) ;;
*)
    place "$target"
    overlay target "$target" "$inside$target"
    ;;
esac
for directory in "$sysroot" "$cargo_home"; do
    place "$directory"
    mount --rbind --read-only "$directory" "$inside$directory"
done
# Who has built it owns it: the directories, and what cargo writes where there is nothing to build.
owner=$(chroot "$inside" id -u "$user")
built=$inside$target
find "$built" -name incremental -prune -o -type d -exec chown "$owner" {} +
find "$built" -maxdepth 2 -type f \( -name '.cargo*lock' -o -name .rustc_info.json -o -name '*.d' \) -exec chown "$owner" {} +

exec chroot --userspec="$user:$user" "$inside" /usr/bin/env --chdir="$checkout" \
    HOME="/home/$user" LANG=C.UTF-8 PATH="$sysroot/bin:/usr/local/bin:/usr/bin:/bin" \
    CARGO_HOME="$cargo_home" CARGO_NET_OFFLINE=true CARGO_TARGET_DIR="$target" "$@"
