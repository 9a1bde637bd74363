//! What `[sms]` and `[mail]` share.

use postern_wire::address::parse_address;
use std::path::PathBuf;

/// A name, and the file of its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub user: String,
    /// Where the password stands.
    pub password_file: PathBuf,
}

pub(super) fn login(user: Option<String>, password_file: Option<PathBuf>) -> Result<Option<Login>, String> {
    match (user, password_file) {
        (Some(user), Some(password_file)) => Ok(Some(Login { user, password_file })),
        (None, None) => Ok(None),
        _ => Err("`user` and `password_file` go together".to_owned()),
    }
}

/// Whether what is sent there stays on this host. `host` is as in a URL.
pub(super) fn is_this_host(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || parse_address(host).is_some_and(|address| address.is_loopback())
}
