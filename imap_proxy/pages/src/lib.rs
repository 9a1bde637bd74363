//! What all pages of Postern are made of, those of users and those of administrators: languages and texts, times, QR codes.
//!
//! **To add a text:** one entry in `text.rs`, in English and French side by side; the compiler refuses an entry that lacks a
//! language, and a test one that no page says. `{name}` is a place to fill in.

mod language;
pub mod moment;
pub mod qr;
mod text;
mod words;

pub use language::Language;
pub use text::Text;
pub use words::{Piece, pieces};
