//! Where the master keys come from.

use std::path::PathBuf;

/// Where the master keys come from.
pub enum KeySource {
    /// A file, which this process may be able to write.
    File(PathBuf),
    /// A systemd credential, which it cannot.
    Credential,
}
