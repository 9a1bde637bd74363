//! The stylesheet, the script of all pages, and the script for security keys.

use sha2::{Digest, Sha256};

/// `text/css`.
pub const STYLE: &str = include_str!("style.css");
/// `text/javascript`. Optional: every page works without it.
pub const SCRIPT: &str = include_str!("page.js");
/// `text/javascript`, for pages that ask for a security key, which requires a script.
pub const KEY_SCRIPT: &str = include_str!("key.js");

/// Number of bytes of the content's hash in an address: enough to distinguish one release from another.
const CACHE_KEY_LENGTH: usize = 8;

/// The address of `content`, which is served at `path`, with its hash as a query: it may be cached indefinitely.
#[must_use]
pub fn address(path: &str, content: &str) -> String {
    let hash = Sha256::digest(content.as_bytes());
    let key: String = hash[..CACHE_KEY_LENGTH].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{path}?v={key}")
}
