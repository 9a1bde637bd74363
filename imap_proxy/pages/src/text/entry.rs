//! An entry of the catalogue.

use crate::language::Language;
use std::fmt;

/// An entry of the catalogue.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text {
    name: &'static str,
    en: &'static str,
    fr: &'static str,
}

impl Text {
    pub(super) const fn new(name: &'static str, en: &'static str, fr: &'static str) -> Self {
        Self { name, en, fr }
    }

    /// The entry as written here.
    #[must_use]
    pub const fn entry(self, language: Language) -> &'static str {
        match language {
            Language::English => self.en,
            Language::French => self.fr,
        }
    }
}

/// The name of the entry.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Declares the entries of one subject, and `ALL`, the list of them.
macro_rules! texts {
    ($($name:ident { en: $en:literal, fr: $fr:literal })*) => {
        #[allow(missing_docs)] // Each entry is its own description.
        impl Text {
            $(pub const $name: Self = Self::new(stringify!($name), $en, $fr);)*
        }

        /// The entries of this file.
        pub(super) const ALL: &[Text] = &[$(Text::$name,)*];
    };
}

pub(super) use texts;
