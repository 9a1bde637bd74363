//! A name and what was typed as its password.

use postern_wire::auth::{MAX_FIELD, MAX_NAME};
use std::fmt;
use zeroize::Zeroizing;

/// The credentials that a client signs in with. They never appear in logs; `Debug` shows the name only.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    name: String,
    password: Zeroizing<Vec<u8>>,
}

impl Credentials {
    /// None where the credentials cannot mean a mailbox: the name is empty, too long, not UTF-8 or contains control
    /// characters, or the password is empty (a directory may take that for an anonymous bind, RFC 4513, section 5.1.2),
    /// longer than [`MAX_FIELD`], or contains a byte that would end a line or a SASL message.
    #[must_use]
    pub fn new(name: &[u8], password: &[u8]) -> Option<Self> {
        let name = std::str::from_utf8(name).ok()?;
        let is_name = !name.is_empty() && name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control);
        let is_password =
            (1..=MAX_FIELD).contains(&password.len()) && !password.iter().any(|byte| b"\0\r\n".contains(byte));
        let password = Zeroizing::new(password.to_vec());
        (is_name && is_password).then(|| Self { name: name.to_owned(), password })
    }

    /// The name as it was typed.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The password as it was typed, in whatever encoding. The caller is responsible for where it goes.
    #[must_use]
    pub fn password(&self) -> &[u8] {
        &self.password
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_are_the_daemons() {
        let of = |name: &str, password: &str| Credentials::new(name.as_bytes(), password.as_bytes()).is_some();
        assert!(of(&"é".repeat(MAX_NAME), &"x".repeat(MAX_FIELD)));
        assert!(!of(&"é".repeat(MAX_NAME + 1), "x") && !of("bob", &"x".repeat(MAX_FIELD + 1)));
        assert!(!of("", "x") && !of("bob", "") && !of("b\u{85}ob", "x") && !of("bob", "x\n"));
        assert!(Credentials::new(b"b\xff", b"x").is_none() && Credentials::new(b"bob", b"\xff\xfe").is_some());
    }

    #[test]
    fn debug_shows_no_password() {
        let shown = format!("{:?}", Credentials::new(b"bob", b"246810").unwrap());
        assert!(shown.contains("bob") && !shown.contains("246810"));
    }
}
