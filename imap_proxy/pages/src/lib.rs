//! Shared parts of all pages of Postern, for users and for administrators: their frame, stylesheet and scripts,
//! languages and texts, forms, times, QR codes.
//!
//! **To add a text:** add one entry in the file of its subject in `text/`, in English and French side by side. The
//! compiler rejects an entry that lacks a language, and a test rejects one that no page uses. `{name}` is a
//! placeholder.

pub mod assets;
pub mod forms;
mod language;
pub mod layout;
pub mod moment;
pub mod qr;
mod text;
mod words;

pub use language::Language;
pub use text::Text;
pub use words::{Piece, pieces};
