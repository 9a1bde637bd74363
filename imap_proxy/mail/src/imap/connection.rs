//! A connection to the backend, and why there is none, or none on which the user is signed in.

use super::verdict::Stop;
use std::fmt;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite};

/// Bytes both ways.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Why the backend let nobody in.
#[derive(Debug)]
pub enum BackendError {
    /// There is no connection to be had, or it broke.
    Lost(io::Error),
    /// It did not answer in time.
    Silent,
    /// It says no.
    Refused(Stop),
    /// It says what it must not.
    Unfit(&'static str),
    /// So many sessions are open, and no more may be.
    Full(usize),
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(error) => write!(f, "the IMAP backend cannot be reached: {error}; is it running?"),
            Self::Silent => f.write_str("the IMAP backend does not answer in time"),
            Self::Refused(_) => f.write_str("the IMAP backend refuses the sign-in"),
            Self::Unfit(why) => write!(f, "the IMAP backend cannot be used: {why}"),
            Self::Full(max) => write!(f, "{max} IMAP sessions are open; raise `max_sessions` in [imap] for more"),
        }
    }
}

impl std::error::Error for BackendError {}

impl From<io::Error> for BackendError {
    fn from(error: io::Error) -> Self {
        Self::Lost(error)
    }
}

impl BackendError {
    /// What the client is told.
    pub fn stop(&self) -> Stop {
        if let Self::Refused(stop) = self { *stop } else { Stop::Unavailable }
    }
}
