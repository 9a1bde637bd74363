//! The commands that a client may send before it is signed in (RFC 9051, sections 6.1 and 6.2; ID: RFC 2971; initial
//! responses: RFC 4959). Everything else is refused without being parsed.

pub use super::splitter::MAX_TAG;
use super::splitter::literal;
use crate::sasl;
use postern_front::credentials::Credentials;
use std::fmt;
use zeroize::Zeroizing;

/// Characters that are kept of a client's ID.
pub const MAX_CLIENT: usize = 200;
/// Maximum number of strings in an ID: 30 pairs (RFC 2971, section 3.3).
const MAX_ID_STRINGS: usize = 60;

/// A command's tag; visible ASCII.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag(String);

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A command before sign-in.
#[derive(Debug, PartialEq, Eq)]
pub enum Verb {
    /// `CAPABILITY`.
    Capability,
    /// `NOOP`.
    Noop,
    /// `LOGOUT`.
    Logout,
    /// `STARTTLS`.
    StartTls,
    /// `ID`, with the client's name, if it gives one.
    Id(Option<String>),
    /// `LOGIN`, with name and password.
    Login(Credentials),
    /// `AUTHENTICATE PLAIN` (RFC 4616); none: the client waits for a continuation request before it sends the SASL
    /// message.
    Plain(Option<Credentials>),
    /// `AUTHENTICATE LOGIN`, two challenges with two responses (draft-murchison-sasl-login), for very old clients.
    LoginMechanism,
    /// A mechanism that is not verified here. Passing one on would bypass the second factor.
    OtherMechanism,
}

/// The command cannot be parsed, or does not exist before sign-in.
#[derive(Debug, PartialEq, Eq)]
pub struct Bad;

/// Parses a whole command. Without a tag, only an untagged `BAD` can be the answer.
pub fn parse(message: &[u8]) -> (Option<Tag>, Result<Verb, Bad>) {
    let mut words = Words(message);
    let Some(tag) = words.tag() else { return (None, Err(Bad)) };
    let verb = words.verb().filter(|_| words.is_at_end());
    (Some(tag), verb.ok_or(Bad))
}

/// The tag of a command of which only the beginning has arrived.
pub fn tag(start: &[u8]) -> Option<Tag> {
    let mut words = Words(start);
    words.tag().filter(|_| words.blank().is_some())
}

/// The rest of a command, parsed word by word from the left.
struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    fn tag(&mut self) -> Option<Tag> {
        let tag = self.word()?;
        let is_tag = tag.iter().all(|byte| byte.is_ascii_graphic() && !b"+(){%*\"\\".contains(byte));
        let text = std::str::from_utf8(tag).ok()?;
        (is_tag && tag.len() <= MAX_TAG).then(|| Tag(text.to_owned()))
    }

    fn verb(&mut self) -> Option<Verb> {
        self.blank()?;
        let name = self.word()?.to_ascii_uppercase();
        match name.as_slice() {
            b"CAPABILITY" => Some(Verb::Capability),
            b"NOOP" => Some(Verb::Noop),
            b"LOGOUT" => Some(Verb::Logout),
            b"STARTTLS" => Some(Verb::StartTls),
            b"ID" => self.id().map(Verb::Id),
            b"LOGIN" => {
                self.blank()?;
                let name = self.string()?;
                self.blank()?;
                let password = self.string()?;
                Credentials::new(&name, &password).map(Verb::Login)
            }
            b"AUTHENTICATE" => self.authenticate(),
            _ => None,
        }
    }

    fn authenticate(&mut self) -> Option<Verb> {
        self.blank()?;
        let mechanism = self.word()?.to_ascii_uppercase();
        let initial = self.blank().map(|()| self.word());
        match (mechanism.as_slice(), initial) {
            (b"PLAIN", None) => Some(Verb::Plain(None)),
            (b"PLAIN", Some(initial)) => sasl::plain(initial?).map(Some).map(Verb::Plain),
            (b"LOGIN", None) => Some(Verb::LoginMechanism),
            _ => Some(Verb::OtherMechanism),
        }
    }

    /// `ID NIL`, or a list of names and values in any order.
    fn id(&mut self) -> Option<Option<String>> {
        self.blank()?;
        if self.0.first() != Some(&b'(') {
            return self.word()?.eq_ignore_ascii_case(b"NIL").then_some(None);
        }
        self.0 = &self.0[1..];
        let mut strings = Vec::new();
        while self.0.first() != Some(&b')') {
            if strings.len() == MAX_ID_STRINGS {
                return None;
            }
            strings.push(self.string_in_list()?);
            let _ = self.blank();
        }
        self.0 = &self.0[1..];
        let value = |wanted: &[u8]| {
            let pair = strings.chunks_exact(2).find(|pair| pair[0].eq_ignore_ascii_case(wanted))?;
            std::str::from_utf8(&pair[1]).ok().filter(|text| !text.is_empty())
        };
        let client = [value(b"name"), value(b"version")].into_iter().flatten().collect::<Vec<_>>().join(" ");
        Some(Some(client.chars().filter(|letter| !letter.is_control()).take(MAX_CLIENT).collect()))
    }

    fn string_in_list(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        // An atom ends where the list does.
        if matches!(self.0.first(), Some(b'"' | b'{')) {
            return self.string();
        }
        let end = self.0.iter().position(|byte| b" )\r\n".contains(byte)).filter(|end| *end > 0)?;
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        let is_nil = word.eq_ignore_ascii_case(b"NIL");
        Some(Zeroizing::new(if is_nil { Vec::new() } else { word.to_vec() }))
    }

    /// An astring, or what clients send instead of one: Python's imaplib sends `DOMAIN\user` unquoted.
    fn string(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        match self.0.first()? {
            b'"' => self.quoted(),
            b'{' => self.literal(),
            _ => self.word().map(|word| Zeroizing::new(word.to_vec())),
        }
    }

    fn quoted(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        let mut text = Zeroizing::new(Vec::with_capacity(self.0.len()));
        let mut bytes = self.0.iter().enumerate().skip(1).peekable();
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'"' => {
                    self.0 = &self.0[at + 1..];
                    return Some(text);
                }
                b'\r' | b'\n' => return None,
                // Before any character except a quote or a backslash, it is an ordinary character: `"DOMAIN\user"`.
                b'\\' => {
                    let escaped = bytes.next_if(|(_, next)| b"\"\\".contains(next));
                    text.push(escaped.map_or(b'\\', |(_, byte)| *byte));
                }
                byte => text.push(*byte),
            }
        }
        None
    }

    fn literal(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        let end = self.0.iter().position(|byte| *byte == b'\n')? + 1;
        let (line, rest) = self.0.split_at(end);
        // The space before it has been read.
        let announced = literal(&[b" ", line].concat())?;
        let (text, rest) = rest.split_at_checked(announced.length)?;
        self.0 = rest;
        Some(Zeroizing::new(text.to_vec()))
    }

    /// Everything up to a space or the end of the line.
    fn word(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().position(|byte| b" \r\n".contains(byte)).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }

    fn blank(&mut self) -> Option<()> {
        self.0 = self.0.strip_prefix(b" ")?;
        Some(())
    }

    fn is_at_end(&self) -> bool {
        matches!(self.0, b"\r\n" | b"\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verb(line: &str) -> Result<Verb, Bad> {
        let (tag, verb) = parse(line.as_bytes());
        assert_eq!(tag.unwrap().to_string(), "a1");
        verb
    }

    fn credentials(name: &str, password: &str) -> Credentials {
        Credentials::new(name.as_bytes(), password.as_bytes()).unwrap()
    }

    #[test]
    fn logins_as_clients_write_them() {
        for (line, name, password) in [
            ("a1 LOGIN bob pw\r\n", "bob", "pw"),
            ("a1 login \"bob\" \"p w\"\n", "bob", "p w"),
            ("a1 LOGIN EXAMPLE\\bob \"p\\\"\\\\w\"\r\n", "EXAMPLE\\bob", "p\"\\w"),
            ("a1 LOGIN \"EXAMPLE\\bob\" p\\w\r\n", "EXAMPLE\\bob", "p\\w"),
            ("a1 LOGIN {3}\r\nbob {4}\r\n\"} {\r\n", "bob", "\"} {"),
            ("a1 LOGIN {3+}\r\nbob pw{3}\r\n", "bob", "pw{3}"),
            ("a1 LOGIN \"jürgen\" \"grün\"\r\n", "jürgen", "grün"),
        ] {
            assert_eq!(verb(line), Ok(Verb::Login(credentials(name, password))), "{line}");
        }
        let plain = Verb::Plain(Some(credentials("bob", "pw")));
        assert_eq!(verb("a1 AUTHENTICATE PLAIN AGJvYgBwdw==\r\n"), Ok(plain));
        assert_eq!(verb("a1 authenticate plain\r\n"), Ok(Verb::Plain(None)));
    }

    #[test]
    fn logins_that_are_none() {
        for line in [
            "a1 LOGIN\r\n",
            "a1 LOGIN bob\r\n",
            "a1 LOGIN bob \r\n",
            "a1 LOGIN bob pw more\r\n",
            "a1 LOGIN bob \"pw\r\n",
            "a1 LOGIN bob \"\"\r\n",
            "a1 LOGIN \"\" pw\r\n",
            "a1 LOGIN  bob pw\r\n",
            "a1 LOGIN bob {3}\r\npw\r\n",
            "a1 LOGIN bob {4}\r\np\r\nw\r\n",
            "a1 LOGIN {4+}\r\nb\0ob pw\r\n",
            "a1 LOGIN b\tob pw\r\n",
            // Authorization identity eve; one NUL too few; one too many; not base64.
            "a1 AUTHENTICATE PLAIN ZXZlAGJvYgBwdw==\r\n",
            "a1 AUTHENTICATE PLAIN Ym9iAHB3\r\n",
            "a1 AUTHENTICATE PLAIN AGJvYgBwdwA=\r\n",
            "a1 AUTHENTICATE PLAIN =\r\n",
            "a1 AUTHENTICATE PLAIN AGJvYgBwdw\r\n",
            "a1 AUTHENTICATE PLAIN AGJvYgBwdw== x\r\n",
            "a1 AUTHENTICATE\r\n",
        ] {
            assert_eq!(verb(line), Err(Bad), "{line}");
        }
        assert_eq!(sasl::plain(b"Ym9iAGJvYgBwdw=="), Some(credentials("bob", "pw")));
    }

    #[test]
    fn the_few_other_commands() {
        for (line, expected) in [
            ("a1 capability\r\n", Verb::Capability),
            ("a1 NOOP\n", Verb::Noop),
            ("a1 LOGOUT\r\n", Verb::Logout),
            ("a1 STARTTLS\r\n", Verb::StartTls),
            ("a1 AUTHENTICATE GSSAPI\r\n", Verb::OtherMechanism),
            ("a1 AUTHENTICATE NTLM abc=\r\n", Verb::OtherMechanism),
            ("a1 ID NIL\r\n", Verb::Id(None)),
            ("a1 ID ()\r\n", Verb::Id(Some(String::new()))),
            ("a1 ID (\"vendor\" NIL \"Version\" \"9\" \"name\" \"K-\u{1}9\")\r\n", Verb::Id(Some("K-9 9".into()))),
            ("a1 ID (\"name\" \"K-9\" \"version\" NIL)\r\n", Verb::Id(Some("K-9".into()))),
            ("a1 ID (\"name\" nil \"version\" \"NIL\")\r\n", Verb::Id(Some("NIL".into()))),
            ("a1 ID ({4+}\r\nname {6+}\r\n) Ou\r\n)\r\n", Verb::Id(Some(") Ou".into()))),
        ] {
            assert_eq!(verb(line), Ok(expected), "{line}");
        }
        for line in ["a1 SELECT INBOX\r\n", "a1 NOOP x\r\n", "a1\r\n", "a1 \r\n", "a1 ID (\"a\r\n", "a1 ID x\r\n"] {
            assert_eq!(verb(line), Err(Bad), "{line}");
        }
        let id = format!("a1 ID ({})\r\n", "\"a\" ".repeat(MAX_ID_STRINGS + 1));
        assert_eq!(verb(&id), Err(Bad));
    }

    #[test]
    fn a_tag_can_be_said_again_without_harm() {
        assert_eq!(MAX_TAG, 64);
        let long = "x".repeat(MAX_TAG + 1) + " NOOP\r\n";
        for line in
            ["* NOOP\r\n", "+ NOOP\r\n", "\r\n", " NOOP\r\n", "\u{1}a NOOP\r\n", "é NOOP\r\n", "a* NOOP\r\n", &long]
        {
            assert_eq!((parse(line.as_bytes()), tag(line.as_bytes())), ((None, Err(Bad)), None), "{line}");
        }
        assert_eq!(tag(b"a1 LOGIN {9").map(|tag| tag.to_string()), Some("a1".to_owned()));
        assert_eq!(tag(b"a1"), None, "more of it may follow");
    }
}
