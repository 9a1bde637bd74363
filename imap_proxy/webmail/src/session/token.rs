//! The token that a browser holds for its session, and the key that is stored here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::ZeroizeOnDrop;

/// Number of random bytes of a token.
const TOKEN_BYTES: usize = 32;
/// Its length in base64url.
pub(crate) const TOKEN_LENGTH: usize = 43;

/// The token in the browser: 256 random bits.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Token(String);

impl Token {
    /// Generates a token.
    ///
    /// # Errors
    /// When the system provides no random bytes.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The key under which its session is stored.
    pub fn key(&self) -> Key {
        Key(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The value of the cookie.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The key under which a session is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// The hash.
    pub(crate) fn bytes(&self) -> [u8; 32] {
        self.0
    }

    /// The key for a cookie's value; none if it cannot be one of our tokens.
    pub fn of(cookie: &str) -> Option<Self> {
        (cookie.len() == TOKEN_LENGTH).then(|| Self(Sha256::digest(cookie.as_bytes()).into()))
    }
}
