//! From an entry of the catalogue to the displayed text: placeholders are filled in, spaces are set.

use maud::{Markup, PreEscaped, Render, html};

use crate::language::Language;
use crate::text::Text;

impl Language {
    /// A text without placeholders.
    pub fn say(self, text: Text) -> String {
        typeset(self, text.entry(self))
    }

    /// A text for a page with its placeholders filled in. The values are escaped by their own [`Render`]
    /// implementation.
    pub fn fill(self, text: Text, values: &[(&str, &dyn Render)]) -> Markup {
        let mut filled = String::new();
        for piece in pieces(&self.say(text)) {
            match piece {
                Piece::Words(words) => html! { (words) }.render_to(&mut filled),
                Piece::Placeholder(name) => value(text, name, values).render_to(&mut filled),
            }
        }
        PreEscaped(filled)
    }

    /// A text for a plain-text file with its placeholders filled in.
    pub fn fill_plain(self, text: Text, values: &[(&str, &str)]) -> String {
        let said = self.say(text);
        let filled = pieces(&said).map(|piece| match piece {
            Piece::Words(words) => words,
            Piece::Placeholder(name) => value(text, name, values),
        });
        filled.collect()
    }
}

fn value<V: Copy>(text: Text, name: &str, values: &[(&str, V)]) -> V {
    let found = values.iter().find(|(known, _)| *known == name);
    // An error in this module, which the tests over all pages detect; it does not depend on input.
    found.unwrap_or_else(|| panic!("the text {text:?} has a placeholder {{{name}}} that is not filled")).1
}

/// A part of a catalogue entry.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Literal text.
    Words(&'a str),
    /// The name of a placeholder.
    Placeholder(&'a str),
}

/// Splits an entry at its placeholders.
pub fn pieces(entry: &str) -> impl Iterator<Item = Piece<'_>> {
    entry.split_inclusive(['{', '}']).filter_map(|part| match part.strip_suffix('}') {
        Some(name) => Some(Piece::Placeholder(name)),
        None => Some(part.strip_suffix('{').unwrap_or(part)).filter(|words| !words.is_empty()).map(Piece::Words),
    })
}

/// Replaces the spaces of French punctuation with no-break spaces: narrow before `;` `?` `!`, full width before `:` and
/// inside « ». The catalogue is written with ordinary spaces, which are visible in an editor.
fn typeset(language: Language, entry: &str) -> String {
    const NO_BREAK: char = '\u{a0}';
    const NARROW_NO_BREAK: char = '\u{202f}';
    if language != Language::French {
        return entry.to_owned();
    }
    let mut set = String::with_capacity(entry.len());
    let mut rest = entry.chars().peekable();
    while let Some(character) = rest.next() {
        set.push(match (character, rest.peek()) {
            (' ', Some(';' | '?' | '!')) => NARROW_NO_BREAK,
            (' ', Some(':' | '»')) => NO_BREAK,
            (' ', _) if set.ends_with('«') => NO_BREAK,
            _ => character,
        });
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_splits_at_its_placeholders() {
        use Piece::{Placeholder, Words};
        let split: Vec<_> = pieces("{a} and {b}.").collect();
        assert_eq!(split, [Placeholder("a"), Words(" and "), Placeholder("b"), Words(".")]);
    }

    #[test]
    fn french_spaces_do_not_break_and_english_ones_stay() {
        let french = typeset(Language::French, "« Quoi » : oui ; non ? Si !");
        assert_eq!(french, "«\u{a0}Quoi\u{a0}»\u{a0}: oui\u{202f}; non\u{202f}? Si\u{202f}!");
        assert_eq!(typeset(Language::English, "a : b"), "a : b");
    }
}
