//! Why a transport has not sent a message, and why it cannot be set up.

use std::fmt;

/// Why a configuration cannot be used: the file of a secret or of a CA is unusable. A message for the administrator.
#[derive(Debug)]
pub struct SetUpError(pub(crate) String);

impl fmt::Display for SetUpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SetUpError {}

/// The error of a transport, by how much may have been sent.
#[derive(Debug)]
pub enum Failed {
    /// Certainly nothing was accepted.
    Unsent(String),
    /// The receiver rejects this message.
    Refused(String),
    /// The message may have been accepted.
    Unclear(String),
}
