//! The end of a subcommand: an exit code for scripts, and a message (what, why, what to do).

use crate::table::clean;
use postern_wire::admin::Refused;
use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

/// The exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, or there was nothing to do.
    Done = 0,
    /// Refused, wholly or in part; or a check found a failure.
    Refused = 1,
    /// The command line is not valid. clap uses the same number.
    Usage = 2,
    /// The daemon could not be reached, or its answer was lost.
    Unreachable = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a subcommand failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The daemon refused, or this command did before it asked.
    Refused(Refused),
    /// The command line is not valid.
    Usage(String),
    /// No answer: it is not known whether the request was done.
    Unreachable(String),
    /// Standard output cannot be written.
    Output(io::Error),
}

impl Failure {
    /// A refusal by this command itself. `reason` is one word for programs.
    pub(crate) fn refused(reason: &str, message: impl Into<String>) -> Self {
        Self::Refused(Refused { reason: reason.to_owned(), message: message.into() })
    }

    /// The code to exit with.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            // The reader has closed the pipe: `postern account list | head` is not an error.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Self::Refused(_) | Self::Output(_) => Exit::Refused,
            Self::Usage(_) => Exit::Usage,
            Self::Unreachable(_) => Exit::Unreachable,
        }
    }

    /// Prints it on standard error, unless the failure is a closed pipe.
    pub(crate) fn report(&self) {
        if self.exit() != Exit::Done {
            // If standard error is closed too, only the exit code remains.
            let _ = writeln!(io::stderr(), "error: {self}");
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refused) => f.write_str(&clean(&refused.message)),
            Self::Usage(text) => write!(f, "{text}\n\nFor more information, try '--help'."),
            Self::Unreachable(text) => f.write_str(text),
            Self::Output(error) => write!(f, "cannot write to standard output: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_contract() {
        let codes = [Exit::Done, Exit::Refused, Exit::Usage, Exit::Unreachable].map(|exit| exit as u8);
        assert_eq!(codes, [0, 1, 2, 3]);
        assert_eq!(Failure::refused("why", "because").exit(), Exit::Refused);
        assert_eq!(Failure::Usage(String::new()).exit(), Exit::Usage);
        assert_eq!(Failure::Unreachable(String::new()).exit(), Exit::Unreachable);
        assert_eq!(Failure::Output(io::ErrorKind::StorageFull.into()).exit(), Exit::Refused);
        assert_eq!(Failure::Output(io::ErrorKind::BrokenPipe.into()).exit(), Exit::Done);
    }
}
