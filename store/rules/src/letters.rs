//! Random bits as letters that users read out and type: backup codes and app passwords.

use crate::text;
use zeroize::Zeroizing;

/// Base32 in lower case (RFC 4648 section 6): it has no 0, 1 or 8 that look like o, l or b.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Bits per letter.
const BITS: usize = 5;

/// Encodes the lowest bits as this many letters.
pub(crate) fn write(bits: u128, letters: usize) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(letters));
    for at in 0..letters {
        text.push(char::from(ALPHABET[(bits >> (BITS * at) & 31) as usize]));
    }
    text
}

/// Formats letters in groups with hyphens between them, for display.
pub(crate) fn grouped(letters: &str, group: usize) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(letters.len() + letters.len() / group));
    for (at, letter) in letters.chars().enumerate() {
        if at > 0 && at % group == 0 {
            text.push('-');
        }
        text.push(letter);
    }
    text
}

/// Parses typed text to the canonical form, if it has this many letters: case, blanks, hyphens and invisible characters
/// do not count, and a digit that the alphabet lacks is read as the similar letter.
pub(crate) fn read(typed: &str, letters: usize) -> Option<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(letters));
    for character in text::ungrouped(typed) {
        let letter = match character.to_ascii_lowercase() {
            '0' => 'o',
            '1' => 'l',
            '8' => 'b',
            other => other,
        };
        if text.len() == letters || !letter.is_ascii() || !ALPHABET.contains(&(letter as u8)) {
            return None;
        }
        text.push(letter);
    }
    (text.len() == letters).then_some(text)
}
