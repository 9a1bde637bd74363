//! A connection to the backend, and the errors of connecting and signing in.

use super::verdict::Stop;
use std::fmt;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite};

/// A bidirectional byte stream.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Why the backend did not sign in the user.
#[derive(Debug)]
pub enum BackendError {
    /// It cannot be reached, or the connection broke.
    Lost(io::Error),
    /// It did not answer in time.
    Silent,
    /// It refused the sign-in.
    Refused(Stop),
    /// Its reply violates the protocol or the configuration.
    Unfit(&'static str),
    /// This many sessions are open, which is the maximum.
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
    /// The answer for the client.
    pub fn stop(&self) -> Stop {
        if let Self::Refused(stop) = self { *stop } else { Stop::Unavailable }
    }
}
