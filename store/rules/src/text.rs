//! Text input from users and programs: text that is stored and displayed, and typed text that is compared.
//!
//! Text may hold invisible characters, and characters that change the direction of the surrounding text (Unicode
//! Standard Annex 9), so that its display in a page, a mail or a list differs from its content. They are removed before
//! a text is stored, and again when a record is read, since an earlier release may have stored them.

use serde::{Deserialize, Deserializer};

/// Normalizes a text to one line: all kinds of blanks become plain blanks, leading and trailing ones are removed, and
/// it has at most `max` characters.
pub fn line(text: &str, max: usize) -> String {
    let plain = text.chars().filter_map(|character| match character {
        blank if blank.is_whitespace() => Some(' '),
        hidden if is_invisible(hidden) || hidden.is_control() => None,
        seen => Some(seen),
    });
    cut(plain, max)
}

/// Normalizes a text of several lines, otherwise like [`line()`].
pub fn paragraphs(text: &str, max: usize) -> String {
    let plain = text.chars().filter_map(|character| match character {
        '\r' => None,
        '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
        blank if blank.is_whitespace() => Some(' '),
        hidden if is_invisible(hidden) || hidden.is_control() => None,
        seen => Some(seen),
    });
    cut(plain, max)
}

fn cut(plain: impl Iterator<Item = char>, max: usize) -> String {
    let begun = plain.skip_while(|character| character.is_whitespace());
    begun.take(max).collect::<String>().trim_end().to_owned()
}

/// The visible characters of a code, a secret, a number, an address or a list entry that was typed or read from a file:
/// copying often adds invisible marks. All kinds of blanks become plain blanks, all kinds of hyphens plain hyphens. Not
/// for sign-in names: there such marks are refused.
pub fn visible(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|character| !is_invisible(*character)).map(|character| match character {
        blank if blank.is_whitespace() => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        seen => seen,
    })
}

/// The same for a code or a secret that may be typed in groups: without blanks and hyphens.
pub fn ungrouped(text: &str) -> impl Iterator<Item = char> + '_ {
    visible(text).filter(|character| !matches!(character, ' ' | '-'))
}

/// Whether a character is invisible by itself: joiners, direction marks, fillers, variation selectors, tags. Blanks and
/// control characters are not included.
pub fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Deserializes a text on one line from a record.
///
/// # Errors
/// Of the deserializer.
pub fn read_line<'de, D: Deserializer<'de>>(record: D) -> Result<String, D::Error> {
    String::deserialize(record).map(|text| line(&text, usize::MAX))
}

/// Deserializes an optional text on one line from a record.
///
/// # Errors
/// Of the deserializer.
pub fn read_optional_line<'de, D: Deserializer<'de>>(record: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(record)?.map(|text| line(&text, usize::MAX)))
}

/// Deserializes a text of several lines from a record.
///
/// # Errors
/// Of the deserializer.
pub fn read_paragraphs<'de, D: Deserializer<'de>>(record: D) -> Result<String, D::Error> {
    String::deserialize(record).map(|text| paragraphs(&text, usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The marks that were found around pasted text, and the rest of their blocks.
    fn marks() -> impl Iterator<Item = char> {
        ['\u{ad}', '\u{feff}']
            .into_iter()
            .chain('\u{200b}'..='\u{200f}')
            .chain('\u{202a}'..='\u{202e}')
            .chain('\u{2060}'..='\u{2069}')
    }

    #[test]
    fn a_text_reads_as_it_is() {
        for mark in marks() {
            let text = format!("{mark}Bob{mark}'s phone{mark}");
            assert_eq!((line(&text, 64), paragraphs(&text, 64)), ("Bob's phone".to_owned(), "Bob's phone".to_owned()));
        }
        assert_eq!(line("\u{202e}moc.live\u{202c} é \u{1b}[2J \u{5d0}", 64), "moc.live é [2J \u{5d0}");
        assert_eq!(line("one\r\ntwo\u{2028}three\tfour\u{a0}five", 64), "one  two three four five");
        assert_eq!(paragraphs(" one\r\n\r\ntwo\u{2028}three\tfour\0 \n", 64), "one\n\ntwo\nthree four");
        assert_eq!((line("\u{202e}\0\n", 64), line("abc", 2)), (String::new(), "ab".to_owned()));
    }

    #[test]
    fn what_is_typed_is_what_is_seen() {
        for mark in marks() {
            assert_eq!(visible(&format!("{mark}1{mark}2{mark}")).collect::<String>(), "12");
        }
        assert_eq!(visible("12\u{a0}34\u{2011}5\n\u{2007}6\u{2212}").collect::<String>(), "12 34-5  6-");
    }

    proptest! {
        #[test]
        fn a_filtered_text_stays_as_it_is(text in "\\PC{0,24}|(.|\n){0,24}") {
            for filter in [line, paragraphs] {
                let once = filter(&text, 16);
                prop_assert!(once.chars().count() <= 16);
                prop_assert!(!once.chars().any(|c| is_invisible(c) || (c.is_control() && c != '\n')), "{once:?}");
                prop_assert_eq!(filter(&once, 16), once);
            }
        }
    }
}
