//! Strict parsing of forms: `application/x-www-form-urlencoded` (URL Standard, section 5), and flat JSON objects that
//! scripts send (RFC 8259).

use crate::path::escape;
use http::HeaderValue;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;
use zeroize::Zeroize;

/// Maximum size of a form, in bytes: three texts of [`MAX_REQUEST_TEXT`](postern_wire::security::MAX_REQUEST_TEXT)
/// characters, with up to nine bytes for each.
pub const MAX_FORM: usize = 32 * 1024;
/// Maximum number of fields of a form.
pub const MAX_FIELDS: usize = 32;

/// A form in which each field occurs once. It may contain a password, so it is wiped when it is dropped.
#[derive(Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// The value of the field `name`.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The fields with their values, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
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

/// The encoding of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// As encoded by browsers.
    Form,
    /// As encoded by scripts.
    Json,
}

impl Format {
    /// The content type, without parameters.
    pub fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Form => "application/x-www-form-urlencoded",
            Self::Json => "application/json",
        })
    }

    /// Parses a form.
    ///
    /// # Errors
    /// [`NotAForm`]; also for input that a lenient parser would accept.
    pub fn read(self, body: &[u8]) -> Result<Form, NotAForm> {
        match self {
            Self::Form => parse(body),
            Self::Json => parse_json(body),
        }
    }

    /// Encodes a form. The result may contain a password: pass it on, do not keep it.
    pub fn write(self, fields: &[(&str, &str)]) -> String {
        match self {
            Self::Form => write(fields),
            Self::Json => write_json(fields),
        }
    }
}

/// Why the input is not a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAForm {
    /// More than [`MAX_FORM`] bytes or [`MAX_FIELDS`] fields.
    TooLong,
    /// A field that occurs twice: implementations differ in which one they use.
    Twice,
    /// `%` without two hexadecimal digits, not UTF-8 once decoded, or a byte that a browser would escape.
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

/// Parses a form, or the query of a URL.
///
/// # Errors
/// [`NotAForm`]; also for input that a lenient parser would accept.
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

/// Parses an object of strings, numbers and booleans; a field that is null counts as absent.
fn parse_json(body: &[u8]) -> Result<Form, NotAForm> {
    if body.len() > MAX_FORM {
        return Err(NotAForm::TooLong);
    }
    let Flat(form) = serde_json::from_slice(body).map_err(|_| NotAForm::Malformed)?;
    Ok(form)
}

/// A form that is deserialized from an object.
struct Flat(Form);

impl<'de> Deserialize<'de> for Flat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Flat;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Flat, A::Error> {
                let mut form = Form::default();
                while let Some(name) = map.next_key::<String>()? {
                    if form.field(&name).is_some() || form.0.len() == MAX_FIELDS {
                        return Err(A::Error::custom("a field is there twice, or there are too many"));
                    }
                    match map.next_value()? {
                        Value::String(text) => form.0.push((name, text)),
                        Value::Bool(value) => form.0.push((name, value.to_string())),
                        Value::Number(number) => form.0.push((name, number.to_string())),
                        Value::Null => {}
                        Value::Array(_) | Value::Object(_) => return Err(A::Error::custom("a field is no text")),
                    }
                }
                Ok(Flat(form))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

fn write_json(fields: &[(&str, &str)]) -> String {
    // Each byte needs six at most (`\u001f`), so the string never reallocates.
    let room = fields.iter().map(|(name, value)| 6 * (name.len() + value.len()) + 6).sum::<usize>() + 2;
    let mut body = Vec::with_capacity(room);
    body.push(b'{');
    for (at, (name, value)) in fields.iter().enumerate() {
        if at > 0 {
            body.push(b',');
        }
        for (text, end) in [(name, ":"), (value, "")] {
            #[expect(clippy::expect_used, reason = "a text can be written as JSON, and a Vec takes it")]
            serde_json::to_writer(&mut body, text).expect("a text in JSON");
            body.extend_from_slice(end.as_bytes());
        }
    }
    body.push(b'}');
    String::from_utf8(body).unwrap_or_default()
}

fn decode(text: &[u8]) -> Result<String, NotAForm> {
    // Reserved at once: a Vec that reallocates leaves copies of its content in memory.
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

/// Encodes a form. The result may contain a password: pass it on, do not keep it.
pub fn write(fields: &[(&str, &str)]) -> String {
    // Each byte needs three at most, so the string never reallocates.
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

    #[test]
    fn a_script_s_form_is_a_flat_object() {
        let form = Format::Json
            .read(br#" {"userName":"al\u0069ce","password":"p\"\\ \u00e9","domain":null,"rememberLogin":0,"a":true}"#);
        let form = form.unwrap();
        let fields = ["userName", "password", "domain", "rememberLogin", "a"].map(|name| form.field(name));
        assert_eq!(fields, [Some("alice"), Some("p\"\\ é"), None, Some("0"), Some("true")]);
        let many = |count: usize| {
            let fields: Vec<String> = (0..count).map(|n| format!(r#""f{n}":"x""#)).collect();
            Format::Json.read(format!("{{{}}}", fields.join(",")).as_bytes())
        };
        assert!(many(MAX_FIELDS).is_ok() && many(MAX_FIELDS + 1).is_err());
        assert_eq!(Format::Json.read(&[b' '; MAX_FORM + 1]), Err(NotAForm::TooLong));
        for wrong in [
            "",
            "[]",
            "\"x\"",
            r#"{"a":"1","a":"2"}"#,
            r#"{"a":"1","\u0061":"2"}"#,
            r#"{"a":{"b":"c"}}"#,
            r#"{"a":["b"]}"#,
            r#"{"a":"b"} x"#,
            r#"{"a":"b""#,
            "a=b",
        ] {
            assert_eq!(Format::Json.read(wrong.as_bytes()), Err(NotAForm::Malformed), "{wrong}");
        }
        assert_eq!(Format::Json.write(&[("a", "x\"\n"), ("b", "")]), r#"{"a":"x\"\n","b":""}"#);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(value in ".{0,60}") {
            for format in [Format::Form, Format::Json] {
                let form = format.read(format.write(&[("a b", &value), ("c", "")]).as_bytes()).unwrap();
                prop_assert_eq!(form.field("a b"), Some(value.as_str()));
                prop_assert_eq!(form.field("c"), Some(""));
            }
        }
    }
}
