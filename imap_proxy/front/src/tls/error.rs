//! Why a certificate, or its key, cannot be used.

use std::fmt;
use std::path::PathBuf;

/// Why a certificate cannot be used.
#[derive(Debug)]
pub enum TlsError {
    /// A file cannot be read as what it should contain.
    File {
        /// The file.
        path: PathBuf,
        /// What it should contain: a certificate, a private key.
        wanted: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The key cannot be used, whatever the certificate is.
    Key {
        /// The key's file.
        key: PathBuf,
        /// Why, and what to do.
        why: String,
    },
    /// The certificate and the key do not match.
    Pair {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The TLS library returned an error.
    Setup(rustls::Error),
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, wanted, why } => {
                write!(
                    f,
                    "{}: no {wanted} can be read: {why}; it must be PEM and readable by this user",
                    path.display()
                )
            }
            Self::Pair { cert, key, why } => write!(
                f,
                "{} and {} do not go together: {why}; the certificate must come first in its file, and be this key's",
                cert.display(),
                key.display()
            ),
            Self::Key { key, why } => write!(f, "{}: the private key cannot be used: {why}", key.display()),
            Self::Setup(error) => write!(f, "TLS cannot be set up: {error}"),
        }
    }
}

impl std::error::Error for TlsError {}
