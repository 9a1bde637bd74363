//! The file operations of `posternd` in their order. `recorder.c` records them inside the process.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str;
use std::sync::OnceLock;
use tempfile::TempDir;

const LIBRARY_VARIABLE: &str = "LD_PRELOAD";
/// A step begins with a header of four numbers of eight bytes each.
const HEAD: usize = 4 * 8;
/// The kind of a step that the test itself writes.
const MARK: u8 = b'M';

/// One operation.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step<'log> {
    /// A file or a directory was created; from now on the inode number refers to it.
    New { inode: u64, is_directory: bool },
    /// Bytes were written.
    Write { inode: u64, at: usize, bytes: &'log [u8] },
    /// A file was given this length.
    Size { inode: u64, length: usize },
    /// A directory has changed, and contains these names now.
    Names { inode: u64, names: &'log str },
    /// An fsync or fdatasync has returned.
    Sync { inode: u64 },
    /// A reply was sent to a client.
    Reply,
    /// The test has reached this point.
    Mark(u64),
}

/// Records the processes that it is attached to.
pub(crate) struct Recorder {
    dir: TempDir,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    /// Records what a process does below `root`.
    pub(crate) fn give(&self, command: &mut Command, root: &Path) {
        let others = command.get_envs().find(|(name, _)| *name == LIBRARY_VARIABLE).and_then(|(_, value)| value);
        let others = others.map(|others| others.to_str().unwrap().to_owned()).unwrap_or_default();
        command
            .env(LIBRARY_VARIABLE, format!("{} {others}", library().display()))
            .env("POWER_CUT_ROOT", root.canonicalize().unwrap())
            .env("POWER_CUT_LOG", self.log());
    }

    /// Records that the test has reached a point: everything later in the log was done after it.
    pub(crate) fn mark(&self, number: u64) {
        let mut log = OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        let head = [u64::from(MARK), 0, number, 0].map(u64::to_ne_bytes).concat();
        log.write_all(&head).unwrap();
    }

    /// Returns everything recorded so far; [`steps`] parses it.
    pub(crate) fn read(&self) -> Vec<u8> {
        fs::read(self.log()).unwrap()
    }
}

/// Parses the steps of a log, up to an incomplete one: a process may have been killed while it wrote the last step.
pub(crate) fn steps(mut log: &[u8]) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    while let Some((head, rest)) = log.split_at_checked(HEAD) {
        let number = |at: usize| u64::from_ne_bytes(head[at * 8..][..8].try_into().unwrap());
        let (kind, inode, argument, length) = (number(0) as u8, number(1), number(2), number(3) as usize);
        let Some((bytes, rest)) = rest.split_at_checked(length) else { break };
        steps.push(match kind {
            b'N' => Step::New { inode, is_directory: argument == 1 },
            b'W' => Step::Write { inode, at: argument as usize, bytes },
            b'S' => Step::Size { inode, length: argument as usize },
            b'L' => Step::Names { inode, names: str::from_utf8(bytes).unwrap() },
            b'F' => Step::Sync { inode },
            b'A' => Step::Reply,
            MARK => Step::Mark(argument),
            kind => panic!("{kind} is no kind of step"),
        });
        log = rest;
    }
    steps
}

/// Compiles the library once for all tests of this process.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/process/power_cut/recorder.c");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("power_cut_recorder.so");
        // Renamed into place, since another test process may have it open.
        let next = tempfile::Builder::new().tempfile_in(env!("CARGO_TARGET_TMPDIR")).unwrap().into_temp_path();
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .arg(&next)
            .arg(source)
            .arg("-lpthread")
            .output()
            .unwrap();
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        next.persist(&library).unwrap();
        library
    })
}
