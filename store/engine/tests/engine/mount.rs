//! A small file system, to be filled or made read-only. Only root may mount one.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// In bytes: sled's log grows by 512 KiB, and recovery tries 2 MiB.
const SIZE: usize = 16 * 1024 * 1024;

/// Mounted while it lives.
pub(crate) struct Mount(TempDir);

impl Mount {
    /// None, and why on standard error, where nothing can be mounted.
    #[expect(clippy::print_stderr, reason = "what could not be checked is said")]
    pub(crate) fn new() -> Option<Self> {
        let mount = Self(tempfile::tempdir().unwrap());
        let size = format!("size={SIZE}");
        if run(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "postern-test"]).arg(mount.path())) {
            return Some(mount);
        }
        eprintln!("skipped: a file system can't be mounted here (not root, or a container without the right)");
        None
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Mounts it again, with `ro` or `rw`; false where the kernel refuses.
    pub(crate) fn remount(&self, option: &str) -> bool {
        run(Command::new("mount").args(["-o", &format!("remount,{option}")]).arg(self.path()))
    }

    /// Takes all the room there is.
    pub(crate) fn fill(&self) {
        let mut file = File::create(self.path().join("filler")).unwrap();
        for block in [&[1; 65536][..], &[1; 512]] {
            while file.write_all(block).is_ok() {}
        }
    }

    /// Leaves about so many bytes.
    #[allow(dead_code, reason = "the daemon's tests need it, the engine's do not")]
    pub(crate) fn fill_but(&self, room: usize) {
        self.fill();
        let filler = File::options().write(true).open(self.path().join("filler")).unwrap();
        filler.set_len(filler.metadata().unwrap().len().saturating_sub(room as u64)).unwrap();
    }

    /// Gives the room back.
    pub(crate) fn free(&self) {
        fs::remove_file(self.path().join("filler")).unwrap();
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        run(Command::new("umount").arg("-l").arg(self.path()));
    }
}

fn run(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}
