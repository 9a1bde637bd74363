//! Login credentials, which `[sms]` and `[mail]` share.

use postern_wire::address::parse_address;
use std::path::PathBuf;

/// A user name, and the file of its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user name.
    pub user: String,
    /// The file that holds the password.
    pub password_file: PathBuf,
}

pub(super) fn login(user: Option<String>, password_file: Option<PathBuf>) -> Result<Option<Login>, String> {
    match (user, password_file) {
        (Some(user), Some(password_file)) => Ok(Some(Login { user, password_file })),
        (None, None) => Ok(None),
        _ => Err("`user` and `password_file` go together".to_owned()),
    }
}

/// Whether data sent to `host` stays on this host. `host` is written as in a URL.
pub(super) fn is_this_host(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || parse_address(host).is_some_and(|address| address.is_loopback())
}
