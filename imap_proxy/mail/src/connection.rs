//! A connection to the backend, and the errors of connecting and signing in.

use crate::dialogue::Dialogue;
use crate::terms::Terms;
use crate::verdict::SignInFailure;
use std::fmt;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite};

/// A bidirectional byte stream.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Lines to and from a backend.
pub type BackendDialogue = Dialogue<Box<dyn Stream>>;

/// Why the backend did not sign in the user.
#[derive(Debug)]
pub enum BackendError {
    /// It cannot be reached, or the connection broke.
    Lost(io::Error),
    /// It did not answer in time.
    Silent,
    /// It refused the sign-in.
    Refused(SignInFailure),
    /// Its reply violates the protocol or the configuration.
    Unfit(&'static str),
    /// This many sessions are open, which is the maximum.
    Full(usize),
}

/// A [`BackendError`] at the backend of a protocol, for the log.
pub struct Named<'a>(&'a BackendError, &'a Terms);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(error, Terms { name, service, .. }) = self;
        match error {
            BackendError::Lost(error) => write!(f, "the {name} backend cannot be reached: {error}; is it running?"),
            BackendError::Silent => write!(f, "the {name} backend does not answer in time"),
            BackendError::Refused(_) => write!(f, "the {name} backend refuses the sign-in"),
            BackendError::Unfit(why) => write!(f, "the {name} backend cannot be used: {why}"),
            BackendError::Full(max) => {
                write!(f, "{max} {name} sessions are open; raise `max_sessions` in [{service}] for more")
            }
        }
    }
}

impl From<io::Error> for BackendError {
    fn from(error: io::Error) -> Self {
        Self::Lost(error)
    }
}

impl BackendError {
    /// The error at the backend of the protocol with these terms, for the log.
    #[must_use]
    pub fn of<'a>(&'a self, terms: &'a Terms) -> Named<'a> {
        Named(self, terms)
    }

    /// The answer for the client.
    pub fn failure(&self) -> SignInFailure {
        if let Self::Refused(failure) = self { *failure } else { SignInFailure::Unavailable }
    }
}
