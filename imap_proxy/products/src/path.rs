//! The only parser of request paths.
//!
//! Servers interpret `/a/%2e%2e/b`, `/a%2fb`, `/a;x/b` or `/a\b` differently. If this front and the webmail could
//! interpret a path differently, the request is refused, so every accepted path has one meaning.

use std::fmt;

/// Maximum size of a path before decoding, in bytes.
pub const MAX_PATH: usize = 4096;

/// A path that every server interprets in the same way: decoded, absolute, without dot segments, empty segments and
/// control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(String);

impl Path {
    /// The decoded path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The segments; the last one is empty when the path ends in a slash.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0[1..].split('/')
    }
}

/// Why a path is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odd {
    /// It does not start with a slash.
    NotAbsolute,
    /// More than [`MAX_PATH`] bytes.
    TooLong,
    /// `%` not followed by two hexadecimal digits.
    BadEscape,
    /// An escape that decodes to a slash or a backslash, or escapes that decode to an escape.
    Hidden,
    /// A character that is special to some servers: `\`, `;`, a control character, or an escaped `#` or `?`.
    Character,
    /// `.`, `..`, an empty segment in the middle, or a segment that ends in a dot or a space (which Windows removes).
    Segment,
    /// Not UTF-8 once decoded.
    NotUtf8,
}

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAbsolute => "the path does not begin with a slash",
            Self::TooLong => "the path is too long",
            Self::BadEscape => "the path has a broken escape",
            Self::Hidden => "the path hides a separator or an escape in an escape",
            Self::Character => "the path has a character that servers read differently",
            Self::Segment => "the path has a dot segment or an empty one",
            Self::NotUtf8 => "the path is not UTF-8",
        })
    }
}

impl std::error::Error for Odd {}

/// Parses the path of a request, which ends where its query begins.
///
/// # Errors
/// [`Odd`] for a path that servers might interpret in two ways.
pub fn parse(raw: &[u8]) -> Result<Path, Odd> {
    if raw.len() > MAX_PATH {
        return Err(Odd::TooLong);
    }
    if raw.first() != Some(&b'/') {
        return Err(Odd::NotAbsolute);
    }
    let mut decoded = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        if *byte != b'%' {
            if matches!(byte, b'?' | b'#') {
                return Err(Odd::Character);
            }
            decoded.push(*byte);
            continue;
        }
        let value = escape(rest).ok_or(Odd::BadEscape)?;
        rest = &rest[2..];
        match value {
            b'/' | b'\\' => return Err(Odd::Hidden),
            b'?' | b'#' => return Err(Odd::Character),
            _ => decoded.push(value),
        }
    }
    if has_escape(&decoded) {
        return Err(Odd::Hidden);
    }
    if decoded.iter().any(|byte| byte.is_ascii_control() || matches!(byte, b'\\' | b';')) {
        return Err(Odd::Character);
    }
    let text = String::from_utf8(decoded).map_err(|_| Odd::NotUtf8)?;
    if text.chars().any(char::is_control) {
        return Err(Odd::Character);
    }
    let path = Path(text);
    let last = path.segments().count() - 1;
    for (at, segment) in path.segments().enumerate() {
        if (segment.is_empty() && at != last) || segment.ends_with(['.', ' ']) {
            return Err(Odd::Segment);
        }
    }
    Ok(path)
}

/// Whether a second decoder would find an escape in the decoded path: `%` and two hexadecimal digits, or `%u` and four
/// as Windows reads them. Checked after decoding, since each character of an escape may itself have been escaped.
fn has_escape(decoded: &[u8]) -> bool {
    let mut behind = decoded.iter().enumerate().filter(|(_, byte)| **byte == b'%').map(|(at, _)| &decoded[at + 1..]);
    behind.any(|text| escape(text).is_some() || text.first().is_some_and(|byte| byte.eq_ignore_ascii_case(&b'u')))
}

/// The byte that two hexadecimal digits at the start of `text` encode.
pub(crate) fn escape(text: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let [high, low, ..] = text else { return None };
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_paths_are_read() {
        for (raw, decoded) in [
            ("/", "/"),
            ("/index.php", "/index.php"),
            ("/skins/elastic/", "/skins/elastic/"),
            ("/a%20b/c%2Bd", "/a b/c+d"),
            ("/caf%C3%A9", "/café"),
            ("/100%25", "/100%"),
            ("/50%25%20off", "/50% off"),
            ("/50%25-60%25", "/50%-60%"),
            ("/.well-known/x", "/.well-known/x"),
        ] {
            assert_eq!(parse(raw.as_bytes()).unwrap().as_str(), decoded, "{raw}");
        }
    }

    #[test]
    fn what_servers_read_in_two_ways_is_refused() {
        for (raw, why) in [
            (&b""[..], Odd::NotAbsolute),
            (b"index.php", Odd::NotAbsolute),
            (b"http://x/", Odd::NotAbsolute),
            (b"*", Odd::NotAbsolute),
            (b"/a%2fb", Odd::Hidden),
            (b"/a%2Fb", Odd::Hidden),
            (b"/a%5cb", Odd::Hidden),
            (b"/a%252fb", Odd::Hidden),
            (b"/a%25%32%66b", Odd::Hidden),
            (b"/a%252%66b", Odd::Hidden),
            (b"/a%25%32fb", Odd::Hidden),
            (b"/%252%31", Odd::Hidden),
            (b"/%252%65%252%65/", Odd::Hidden),
            (b"/a%25%252fb", Odd::Hidden),
            (b"/a%25%2541", Odd::Hidden),
            (b"/a%25u002fb", Odd::Hidden),
            (b"/a%25%55002fb", Odd::Hidden),
            (b"/a%2", Odd::BadEscape),
            (b"/a%", Odd::BadEscape),
            (b"/a%zz", Odd::BadEscape),
            (b"/a%+1", Odd::BadEscape),
            (b"/a\\b", Odd::Character),
            (b"/a;b", Odd::Character),
            (b"/a%3bb", Odd::Character),
            (b"/a%00", Odd::Character),
            (b"/a\0", Odd::Character),
            (b"/a%0d%0ab", Odd::Character),
            (b"/a%7f", Odd::Character),
            (b"/a%c2%85", Odd::Character),
            (b"/a%3fb", Odd::Character),
            (b"/a?b", Odd::Character),
            (b"/a%23b", Odd::Character),
            (b"/.", Odd::Segment),
            (b"/..", Odd::Segment),
            (b"/a/../b", Odd::Segment),
            (b"/a/%2e%2E/b", Odd::Segment),
            (b"/a/.%2e", Odd::Segment),
            (b"//", Odd::Segment),
            (b"/a//b", Odd::Segment),
            (b"/auth.owa.", Odd::Segment),
            (b"/auth.owa%20", Odd::Segment),
            (b"/a/.../b", Odd::Segment),
            (b"/%ff", Odd::NotUtf8),
            (b"/%c0%af", Odd::NotUtf8),
        ] {
            assert_eq!(parse(raw), Err(why), "{}", String::from_utf8_lossy(raw));
        }
        assert_eq!(parse(&[b'/'; MAX_PATH + 1]), Err(Odd::TooLong));
        let mut longest = vec![b'a'; MAX_PATH];
        longest[0] = b'/';
        assert!(parse(&longest).is_ok());
    }

    proptest! {
        #[test]
        fn what_passes_means_the_same_when_decoded_again(
            pieces in prop::collection::vec(prop_oneof!["[%]", "[0-9a-fA-F]", "%2[5-9a-e]", "%3[0-9]", "%[46][1-6]", "[/u.!]"], 0..24),
            bytes in prop::collection::vec(any::<u8>(), 0..8),
        ) {
            let raw = [b"/", pieces.concat().as_bytes(), &bytes].concat();
            if let Ok(path) = parse(&raw) {
                // A server that decodes twice treats every `%` before two hexadecimal digits as an escape.
                let text = path.as_str().as_bytes();
                let is_escape = |at: usize| text[at] == b'%' && escape(&text[at + 1..]).is_some();
                prop_assert!(!(0..text.len()).any(is_escape), "{path:?}");
                prop_assert!(path.as_str().starts_with('/'));
                prop_assert!(path.segments().all(|segment| segment != "." && segment != ".."));
                prop_assert!(!path.as_str().contains(['\\', ';', '\0', '\r', '\n']));
                prop_assert!(!path.as_str().contains("//"));
            }
        }
    }
}
