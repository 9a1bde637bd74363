//! Errors of reading and writing records.

use crate::seal::SealError;
use postern_engine::EngineError;
use std::fmt;
use std::time::Duration;

/// The limit for one commit, and for all rounds of a decision together. After it the caller receives an error; the
/// commit may still be done.
pub const COMMIT_DEADLINE: Duration = Duration::from_secs(4);

/// The limit for one read, of a record or a page of records.
pub const READ_DEADLINE: Duration = Duration::from_secs(2);

/// Why a record could not be read or written. None of these means "there is no such record".
#[derive(Debug)]
pub enum RecordError {
    /// The engine returned an error.
    Engine(EngineError),
    /// The record cannot be opened.
    Seal(SealError),
    /// The record was opened, but has another content.
    Content(String),
    /// The engine did not answer within this time.
    Slow(Duration),
    /// It is written, but the platforms could not be reloaded after it.
    NotTakenUp,
    /// The kernel returned no random bytes.
    Random,
    /// Another account has that security key.
    Taken,
    /// Other commits were first, in every attempt.
    Contended,
    /// An import is being written, or an interrupted one has left records.
    Importing,
    /// This name, or what it was decided with, was changed meanwhile.
    Changed(String),
    /// The account would be protected under this name, which means another mailbox.
    Astray(String),
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
            Self::Changed(name) => write!(f, "{name} was changed meanwhile. Try again"),
            Self::Astray(name) => write!(
                f,
                "{name} means another mailbox, by the domains of the platforms or by plus addressing: nobody would be asked \
                 for the code of this account under it. Rename it in the mail server"
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
