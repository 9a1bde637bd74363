//! The stylesheet, the script of all pages, and the script for security keys.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use super::paths;

/// `text/css`, served at [`paths::STYLE`].
pub const STYLE: &str = include_str!("style.css");
/// `text/javascript`, served at [`paths::SCRIPT`]. Optional: every page works without it.
pub const SCRIPT: &str = include_str!("page.js");
/// `text/javascript`, served at [`paths::KEY_SCRIPT`], for pages that ask for a security key, which requires a script.
pub const KEY_SCRIPT: &str = include_str!("key.js");

/// Number of bytes of the content's hash in an address: enough to distinguish one release from another.
const CACHE_KEY_LENGTH: usize = 8;

/// The address of [`STYLE`] with its content's hash, so that it may be cached indefinitely.
#[must_use]
pub fn style_url() -> &'static str {
    static URL: LazyLock<String> = LazyLock::new(|| url(paths::STYLE, STYLE));
    &URL
}

/// The address of [`SCRIPT`] with its content's hash, so that it may be cached indefinitely.
#[must_use]
pub fn script_url() -> &'static str {
    static URL: LazyLock<String> = LazyLock::new(|| url(paths::SCRIPT, SCRIPT));
    &URL
}

/// The address of [`KEY_SCRIPT`] with its content's hash, so that it may be cached indefinitely.
#[must_use]
pub fn key_script_url() -> &'static str {
    static URL: LazyLock<String> = LazyLock::new(|| url(paths::KEY_SCRIPT, KEY_SCRIPT));
    &URL
}

fn url(path: &str, content: &str) -> String {
    let hash = Sha256::digest(content.as_bytes());
    let key: String = hash[..CACHE_KEY_LENGTH].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{path}?v={key}")
}
