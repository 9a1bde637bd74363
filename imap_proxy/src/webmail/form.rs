//! `application/x-www-form-urlencoded` (URL Standard, section 5), read strictly.

use super::path::escape;
use std::fmt;
use zeroize::Zeroize;

/// Bytes that a form may have: three texts of [`MAX_REQUEST_TEXT`](postern_wire::security::MAX_REQUEST_TEXT) characters,
/// with up to nine bytes for each.
pub const MAX_FORM: usize = 32 * 1024;
/// Fields that a form may have.
pub const MAX_FIELDS: usize = 32;

/// A form: each field stands in it once. It may hold a password, so it is wiped when it is dropped.
#[derive(Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// The value of the field `name`.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The fields' names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

impl Drop for Form {
    fn drop(&mut self) {
        for (name, value) in &mut self.0 {
            name.zeroize();
            value.zeroize();
        }
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// Why bytes are not a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAForm {
    /// More than [`MAX_FORM`] bytes or [`MAX_FIELDS`] fields.
    TooLong,
    /// A field that is there twice: readers differ in which one they take.
    Twice,
    /// `%` without two hexadecimal digits, not UTF-8 once decoded, or a byte that a browser escapes.
    Malformed,
}

impl fmt::Display for NotAForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the form is too long",
            Self::Twice => "the form has a field twice",
            Self::Malformed => "the form is malformed",
        })
    }
}

impl std::error::Error for NotAForm {}

/// Reads a form, or the query of an address.
///
/// # Errors
/// [`NotAForm`]; also for what a lenient reader would take.
pub fn parse(body: &[u8]) -> Result<Form, NotAForm> {
    if body.len() > MAX_FORM {
        return Err(NotAForm::TooLong);
    }
    let mut form = Form::default();
    if body.is_empty() {
        return Ok(form);
    }
    for (count, pair) in body.split(|byte| *byte == b'&').enumerate() {
        if count == MAX_FIELDS {
            return Err(NotAForm::TooLong);
        }
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &[][..]),
        };
        let name = decode(name)?;
        if name.is_empty() {
            return Err(NotAForm::Malformed);
        }
        if form.field(&name).is_some() {
            return Err(NotAForm::Twice);
        }
        form.0.push((name, decode(value)?));
    }
    Ok(form)
}

fn decode(text: &[u8]) -> Result<String, NotAForm> {
    // Reserved in one piece: a Vec that grows leaves copies of what it held.
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match byte {
            b'+' => decoded.push(b' '),
            b'%' => {
                decoded.push(escape(rest).ok_or(NotAForm::Malformed)?);
                rest = &rest[2..];
            }
            0x21..=0x7e => decoded.push(*byte),
            _ => return Err(NotAForm::Malformed),
        }
    }
    String::from_utf8(decoded).map_err(|error| {
        error.into_bytes().zeroize();
        NotAForm::Malformed
    })
}

/// Writes a form. The result may hold a password: hand it on, do not keep it.
pub fn write(fields: &[(&str, &str)]) -> String {
    // Each byte needs three at most, so the string never grows.
    let room = fields.iter().map(|(name, value)| 3 * (name.len() + value.len()) + 2).sum();
    let mut body = String::with_capacity(room);
    for (name, value) in fields {
        if !body.is_empty() {
            body.push('&');
        }
        encode(name, &mut body);
        body.push('=');
        encode(value, &mut body);
    }
    body
}

fn encode(text: &str, body: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => body.push(char::from(byte)),
            b' ' => body.push('+'),
            _ => {
                body.push('%');
                body.push(char::from(DIGITS[usize::from(byte >> 4)]));
                body.push(char::from(DIGITS[usize::from(byte & 15)]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_are_read() {
        let form = parse(b"_user=alice%40example.com&_pass=p%C3%A9+%26%3D&_url=&flag").unwrap();
        assert_eq!(form.field("_user"), Some("alice@example.com"));
        assert_eq!(form.field("_pass"), Some("pé &="));
        assert_eq!(form.field("_url"), Some(""));
        assert_eq!(form.field("flag"), Some(""));
        assert_eq!(form.field("other"), None);
        assert_eq!(format!("{form:?}"), r#"{"_user", "_pass", "_url", "flag"}"#);
    }

    #[test]
    fn what_readers_take_differently_is_refused() {
        for (body, why) in [
            (&b"a=1&a=2"[..], NotAForm::Twice),
            (b"a=1&%61=2", NotAForm::Twice),
            (b"a=%", NotAForm::Malformed),
            (b"a=%4", NotAForm::Malformed),
            (b"a=%zz", NotAForm::Malformed),
            (b"a=%ff", NotAForm::Malformed),
            (b"a=\xc3\xa9", NotAForm::Malformed),
            (b"a=\0", NotAForm::Malformed),
            (b"a=1\r\n", NotAForm::Malformed),
            (b"=1", NotAForm::Malformed),
            (b"a=1&&b=2", NotAForm::Malformed),
        ] {
            assert_eq!(parse(body), Err(why), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn caps_hold() {
        let fields = |count: usize| (0..count).map(|n| format!("f{n}=x")).collect::<Vec<_>>().join("&");
        assert!(parse(fields(MAX_FIELDS).as_bytes()).is_ok());
        assert_eq!(parse(fields(MAX_FIELDS + 1).as_bytes()), Err(NotAForm::TooLong));
        assert!(parse(format!("a={}", "x".repeat(MAX_FORM - 2)).as_bytes()).is_ok());
        assert_eq!(parse(&[b'a'; MAX_FORM + 1]), Err(NotAForm::TooLong));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(value in ".{0,60}") {
            let form = parse(write(&[("a b", &value), ("c", "")]).as_bytes()).unwrap();
            prop_assert_eq!(form.field("a b"), Some(value.as_str()));
            prop_assert_eq!(form.field("c"), Some(""));
        }
    }
}
