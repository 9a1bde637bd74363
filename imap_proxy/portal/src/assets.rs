//! The addresses of the stylesheet and of the scripts.

use std::sync::LazyLock;

use postern_pages::assets::address;

use super::paths;

pub use postern_pages::assets::{KEY_SCRIPT, SCRIPT, STYLE};

/// The address of [`STYLE`], which is served at [`paths::STYLE`].
#[must_use]
pub fn style_url() -> &'static str {
    static URL: LazyLock<String> = LazyLock::new(|| address(paths::STYLE, STYLE));
    &URL
}

/// The address of [`SCRIPT`], which is served at [`paths::SCRIPT`].
#[must_use]
pub fn script_url() -> &'static str {
    static URL: LazyLock<String> = LazyLock::new(|| address(paths::SCRIPT, SCRIPT));
    &URL
}

/// The address of [`KEY_SCRIPT`], which is served at [`paths::KEY_SCRIPT`].
#[must_use]
pub fn key_script_url() -> &'static str {
    static URL: LazyLock<String> = LazyLock::new(|| address(paths::KEY_SCRIPT, KEY_SCRIPT));
    &URL
}
