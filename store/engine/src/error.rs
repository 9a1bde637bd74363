//! Errors of a store, with messages for the administrator: what, why, and what to do.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// The advice for a damaged store. The only way is a restore: no record is reconstructed from the rest.
const RESTORE: &str =
    "Move the directory aside, run 'posternd init --existing-key', and restore the last export with 'postern import'";

/// Why a request to an engine was refused. None of these indicates whether a record exists.
#[derive(Debug)]
pub enum EngineError {
    /// The disk cannot be written or read.
    Unavailable(Failure),
    /// The data on disk differs from what was written.
    Damaged {
        /// The record, or the part of the store.
        what: String,
    },
    /// The request exceeds a limit of the contract; with the limit.
    Limit(String),
    /// The visitor of a snapshot returned an error.
    Visitor(io::Error),
    /// The engine has been closed.
    Closed,
}

/// What an engine was doing when it failed, and the cause. It is stored, and returned to every caller until recovery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What is not possible, such as `the store at /var/lib/postern/store cannot be written`.
    pub what: String,
    /// The cause.
    pub why: String,
    /// What an administrator can do about it.
    pub remedy: &'static str,
}

impl Failure {
    /// Classifies an I/O error by its kind: sled copies errors and keeps only the kind.
    pub(super) fn new(what: String, error: &io::Error) -> Self {
        let (why, remedy) = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                ("the disk is full".to_owned(), "Free some space on its file system")
            }
            io::ErrorKind::ReadOnlyFilesystem => {
                ("the file system is read-only".to_owned(), "Look for disk errors in the kernel's log, then remount it")
            }
            io::ErrorKind::PermissionDenied => (error.to_string(), "Check who owns its directory"),
            _ => (error.to_string(), "Look for disk errors in the kernel's log"),
        };
        Self { what, why, remedy }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, why, remedy } = self;
        write!(f, "{what}: {why}. {remedy}")
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(failure) => write!(f, "{failure}; the store is taken up again by itself"),
            Self::Damaged { what } => write!(f, "{what} is damaged. {RESTORE}"),
            Self::Limit(why) => write!(f, "the store refuses the request: {why}"),
            Self::Visitor(error) => write!(f, "the snapshot of the store was not written: {error}"),
            Self::Closed => write!(f, "the store is closed: the daemon is stopping"),
        }
    }
}

impl Error for EngineError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Visitor(error) => Some(error),
            _ => None,
        }
    }
}

/// Why a store was not opened or created.
#[derive(Debug)]
pub enum OpenError {
    /// There is no store.
    NotInitialised {
        /// The directory.
        path: PathBuf,
    },
    /// `init` found a directory that is not empty.
    Exists {
        /// The directory that is not empty.
        path: PathBuf,
    },
    /// Another process has the store open.
    InUse {
        /// The store.
        path: PathBuf,
    },
    /// A file of another format, or of a later version.
    Foreign {
        /// The file.
        path: PathBuf,
        /// The unexpected content.
        why: String,
    },
    /// The store is not complete. It is not opened: a missing account would be treated as one without a second factor.
    Damaged {
        /// The store.
        path: PathBuf,
        /// What is missing or wrong.
        why: String,
    },
    /// A file operation failed.
    Io {
        /// The operation.
        what: String,
        /// The error from the system.
        error: io::Error,
    },
}

impl OpenError {
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        |error| Self::Io { what, error }
    }

    /// Converts it to the reason why a store that was open could not be opened again.
    pub(super) fn into_failure(self) -> Failure {
        match self {
            Self::Io { what, error } => Failure::new(format!("can't {what}"), &error),
            other => Failure {
                what: "the store was opened anew after an error and is not as it was".to_owned(),
                why: other.to_string(),
                remedy: "Look for disk errors in the kernel's log",
            },
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInitialised { path } => {
                write!(f, "there is no store at {}. Make one with 'posternd init'", path.display())
            }
            Self::Exists { path } => write!(
                f,
                "{} is not empty, and a store is only made in an empty or new directory. Choose another [store] path, \
                 or move it aside",
                path.display()
            ),
            Self::InUse { path } => write!(
                f,
                "the store at {} is open in another process. Only one posternd can have it: stop the other one",
                path.display()
            ),
            Self::Foreign { path, why } => {
                write!(f, "{} is not of a format that this posternd reads: {why}", path.display())
            }
            Self::Damaged { path, why } => {
                write!(f, "the store at {} is damaged and stays shut: {why}. {RESTORE}", path.display())
            }
            Self::Io { what, error } => write!(f, "{}", Failure::new(format!("can't {what}"), error)),
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// A repair while opening. No records are lost by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// An incomplete index was removed: sled was killed while writing it, and would use it (spacejam/sled#1527, #1533).
    TornIndexRemoved(PathBuf),
    /// sled's index was unreadable; it was moved aside and rebuilt from the log, and the records were verified.
    IndexRebuilt(PathBuf),
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TornIndexRemoved(path) => write!(f, "removed {}, a half-written index of the store", path.display()),
            Self::IndexRebuilt(path) => {
                write!(
                    f,
                    "put a damaged index of the store aside as {} and made a new one from the log",
                    path.display()
                )
            }
        }
    }
}
