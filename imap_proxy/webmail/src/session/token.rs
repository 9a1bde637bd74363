//! What a browser holds of its session, and what is kept of that here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::ZeroizeOnDrop;

/// Random bytes of a cookie.
const TOKEN_BYTES: usize = 32;
/// The same in base64url.
pub(crate) const TOKEN_LENGTH: usize = 43;

/// What the browser holds: 256 random bits.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Token(String);

impl Token {
    /// Draws one.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Under which its session is kept.
    pub fn key(&self) -> Key {
        Key(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The text of the cookie.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Under which a session is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// The hash itself.
    pub(crate) fn bytes(&self) -> [u8; 32] {
        self.0
    }

    /// The key for what a browser sent; none when it cannot be one of our tokens.
    pub fn of(cookie: &str) -> Option<Self> {
        (cookie.len() == TOKEN_LENGTH).then(|| Self(Sha256::digest(cookie.as_bytes()).into()))
    }
}
