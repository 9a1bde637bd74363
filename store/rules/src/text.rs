//! What people and programs write: texts that are kept and shown to others, and what is typed to be compared.
//!
//! A text may hold characters that nobody sees, and characters that turn the direction of what stands around them
//! (Unicode Standard Annex 9), so that a page, a mail or a list reads other than what is in it. They are taken out
//! before a text is kept, and again when a record is read, since an earlier release may have kept them.

use serde::{Deserialize, Deserializer};

/// A text on one line: blanks of all kinds are plain blanks, there are none around it, and it has at most `max`
/// characters.
pub fn line(text: &str, max: usize) -> String {
    let plain = text.chars().filter_map(|character| match character {
        blank if blank.is_whitespace() => Some(' '),
        hidden if is_invisible(hidden) || hidden.is_control() => None,
        seen => Some(seen),
    });
    cut(plain, max)
}

/// A text of several lines, otherwise as [`line`] has it.
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

/// What was typed, or stands in a file, as a code, a secret, a number, an address or an entry of a list, without what
/// nobody sees in it: copying brings such marks along. Blanks of all kinds are plain blanks, hyphens of all kinds plain
/// hyphens. Not for names that somebody signs in with: there such marks are refused.
pub fn visible(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|character| !is_invisible(*character)).map(|character| match character {
        blank if blank.is_whitespace() => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        seen => seen,
    })
}

/// The same of a code or a secret that may be typed in groups: without the blanks and hyphens between them.
pub fn ungrouped(text: &str) -> impl Iterator<Item = char> + '_ {
    visible(text).filter(|character| !matches!(character, ' ' | '-'))
}

/// Whether a character is not seen by itself: joiners, marks of direction, fillers, variation selectors, tags. Blanks
/// and control characters are not among these.
pub fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Reads a text on one line from a record.
///
/// # Errors
/// Of the deserializer.
pub fn read_line<'de, D: Deserializer<'de>>(record: D) -> Result<String, D::Error> {
    String::deserialize(record).map(|text| line(&text, usize::MAX))
}

/// Reads a text on one line from a record, where there may be none.
///
/// # Errors
/// Of the deserializer.
pub fn read_optional_line<'de, D: Deserializer<'de>>(record: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(record)?.map(|text| line(&text, usize::MAX)))
}

/// Reads a text of several lines from a record.
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

    /// Every mark that was met around what people paste, and the rest of the blocks that they are of.
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
