//! Text templates with placeholders: `{"message":"{text}","receivers":["{number}"]}`.

use std::fmt::Write as _;
use zeroize::Zeroizing;

/// Expected size of a filled template in bytes, used as its capacity: it is not reallocated while secrets are written
/// to it.
const ROOM: usize = 4096;

/// A text with placeholders. A placeholder is a name in braces; anything else in braces is text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Placeholder(Placeholder),
}

/// A placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placeholder {
    /// The number with its plus sign.
    Number,
    /// The number without its plus sign.
    Digits,
    /// The text of the message.
    Text,
    /// The content of a file; the name is in capitals.
    Secret(String),
}

/// How a substituted value is escaped, so that it cannot be anything but a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// Within the quotes of a JSON string (RFC 8259, section 7).
    Json,
    /// In a URL, or in `application/x-www-form-urlencoded` (RFC 3986, section 2.1).
    Percent,
    /// Not escaped.
    Plain,
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (mut parts, mut plain, mut rest) = (Vec::new(), String::new(), text.as_str());
        while let Some((before, behind)) = rest.split_once('{') {
            plain.push_str(before);
            let end = behind.find(|byte: char| !byte.is_ascii_alphanumeric() && byte != '_').unwrap_or(behind.len());
            match behind[end..].strip_prefix('}') {
                Some(after) if end > 0 => {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                    parts.push(Part::Placeholder(place(&behind[..end])?));
                    rest = after;
                }
                _ => {
                    plain.push('{');
                    rest = behind;
                }
            }
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        Ok(Self(parts))
    }
}

fn place(name: &str) -> Result<Placeholder, String> {
    match name {
        "number" => Ok(Placeholder::Number),
        "digits" => Ok(Placeholder::Digits),
        "text" => Ok(Placeholder::Text),
        secret if !secret.bytes().any(|byte| byte.is_ascii_lowercase()) => Ok(Placeholder::Secret(secret.to_owned())),
        _ => Err(format!(
            "there is nothing to put for {{{name}}}; there are {{number}}, {{digits}} (the number without its plus) and \
             {{text}}, and the names in `secret_files`, which are in capitals"
        )),
    }
}

impl Template {
    /// The placeholders, in order.
    pub fn placeholders(&self) -> impl Iterator<Item = &Placeholder> {
        self.0.iter().filter_map(|part| match part {
            Part::Placeholder(place) => Some(place),
            Part::Text(_) => None,
        })
    }

    /// The text before the first placeholder.
    pub fn head(&self) -> &str {
        match self.0.first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// The text with every placeholder replaced by what `value` returns for it.
    pub fn fill<'v>(&self, escape: Escape, value: impl Fn(&Placeholder) -> &'v str) -> Zeroizing<String> {
        let mut filled = Zeroizing::new(String::with_capacity(ROOM));
        for part in &self.0 {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Placeholder(place) => escape.write(value(place), &mut filled),
            }
        }
        filled
    }
}

impl Escape {
    fn write(self, value: &str, into: &mut String) {
        match self {
            Self::Plain => into.push_str(value),
            Self::Percent => {
                for byte in value.bytes() {
                    match byte {
                        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => into.push(byte.into()),
                        _ => drop(write!(into, "%{byte:02X}")),
                    }
                }
            }
            Self::Json => {
                for letter in value.chars() {
                    match letter {
                        '"' | '\\' => into.extend(['\\', letter]),
                        '\n' => into.push_str("\\n"),
                        _ if letter.is_control() => drop(write!(into, "\\u{:04x}", u32::from(letter))),
                        _ => into.push(letter),
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Code: 123456 \"é\\\"\n&to=+1\u{7}@example.com #1";

    fn fill(template: &str, escape: Escape) -> String {
        let template = Template::try_from(template.to_owned()).unwrap();
        let value = |place: &Placeholder| match place {
            Placeholder::Number => "+44612345678",
            Placeholder::Digits => "44612345678",
            Placeholder::Text => TEXT,
            Placeholder::Secret(name) => ["", "s&cret"][usize::from(name == "TOKEN_2")],
        };
        template.fill(escape, value).to_string()
    }

    #[test]
    fn a_value_stays_one_in_json() {
        let filled = fill(r#"{"to":["{number}"],"text":"{text}","empty":{},"more":{"key":"{TOKEN_2}"}}"#, Escape::Json);
        let read: serde_json::Value = serde_json::from_str(&filled).unwrap();
        let wanted = serde_json::json!(
            {"to": ["+44612345678"], "text": TEXT, "empty": {}, "more": {"key": "s&cret"}}
        );
        assert_eq!(read, wanted);
    }

    #[test]
    fn a_value_stays_one_in_a_form() {
        let filled = fill("To={number}&Body={text}&key={TOKEN_2}", Escape::Percent);
        let body = "Code%3A%20123456%20%22%C3%A9%5C%22%0A%26to%3D%2B1%07%40example.com%20%231";
        assert_eq!(filled, format!("To=%2B44612345678&Body={body}&key=s%26cret"));
    }

    #[test]
    fn braces_without_a_name_are_text() {
        for text in ["", "{", "}", "{}", "{ text }", "{\"text\"}", "{{", "a{b", "{te-xt}", "{é}"] {
            assert_eq!(fill(text, Escape::Plain), text);
        }
        assert_eq!(fill("{{digits}}", Escape::Plain), "{44612345678}");
    }

    #[test]
    fn a_name_that_is_unknown_is_refused() {
        for text in ["{texte}", "{Number}", "{{phone}}"] {
            let error = Template::try_from(text.to_owned()).unwrap_err();
            assert!(error.contains("there are {number}, {digits}"), "{error}");
        }
    }

    #[test]
    fn the_head_ends_at_the_first_place() {
        let head = |text: &str| Template::try_from(text.to_owned()).unwrap().head().to_owned();
        assert_eq!(head("https://a/?to={number}&x={text}"), "https://a/?to=");
        assert_eq!((head("{number}"), head("{}")), (String::new(), "{}".to_owned()));
    }
}
