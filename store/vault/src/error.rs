//! Why records cannot be read or written.

use crate::seal::SealError;
use postern_engine::EngineError;
use std::fmt;
use std::time::Duration;

/// How long a commit may take, and all rounds of a decision together, before whoever asked is told that it could not be
/// done. It may still be done.
pub const COMMIT_DEADLINE: Duration = Duration::from_secs(4);

/// How long one reading may take, a record or a page of them, before it counts as not to be had.
pub const READ_DEADLINE: Duration = Duration::from_secs(2);

/// Why a record could not be read or written. None of these is ever "there is no such record".
#[derive(Debug)]
pub enum RecordError {
    /// The engine cannot, now.
    Engine(EngineError),
    /// The record does not open.
    Seal(SealError),
    /// The record opened, and is not what belongs there.
    Content(String),
    /// The engine did not answer within this time.
    Slow(Duration),
    /// It is written, and the platforms could not be read anew since.
    NotTakenUp,
    /// The kernel gave no random bytes.
    Random,
    /// Another account has that security key.
    Taken,
    /// Others were first, again and again.
    Contended,
    /// An import is being written, or one that was broken off has left something.
    Importing,
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine(error) => error.fmt(f),
            Self::Seal(error) => error.fmt(f),
            Self::Content(key) => {
                write!(f, "the record {key} is damaged: it opens, but cannot be read. Restore it from an export")
            }
            Self::Importing => f.write_str(
                "an import is being written, or one was broken off: nobody is let in by half of it. Wait for its end; if \
                 none runs, restart posternd, which takes out what is left, and import again",
            ),
            Self::NotTakenUp => f.write_str(
                "the change is written, and this posternd does not go by it yet: it reads the platforms anew as soon as they \
                 can be read; its log says what keeps it from that",
            ),
            Self::Random => f.write_str("the kernel gave no random bytes"),
            Self::Taken => f.write_str("another account has that security key"),
            Self::Contended => f.write_str("others wrote the same records, again and again; is something in a loop?"),
            Self::Slow(deadline) => {
                write!(f, "the store did not answer within {} seconds: is its disk busy?", deadline.as_secs())
            }
        }
    }
}

impl std::error::Error for RecordError {}

impl From<EngineError> for RecordError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<SealError> for RecordError {
    fn from(error: SealError) -> Self {
        Self::Seal(error)
    }
}
