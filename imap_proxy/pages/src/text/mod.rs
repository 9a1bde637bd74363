//! Every text of the pages, in every language, side by side; a file for each subject.
//!
//! `{name}` is a placeholder that the page fills in; both languages have the same placeholders. French is written with
//! ordinary spaces before `:` `;` `?` `!` and inside « »: `words.rs` replaces them with no-break spaces.

mod challenge;
mod change;
mod entry;
mod frame;
mod lost;
mod notices;
mod security;
mod set_up;

pub use entry::Text;

impl Text {
    /// Every entry.
    pub fn all() -> impl Iterator<Item = Self> {
        let subjects = [frame::ALL, set_up::ALL, challenge::ALL, lost::ALL, security::ALL, change::ALL, notices::ALL];
        subjects.into_iter().flatten().copied()
    }
}
