//! Basic authentication (RFC 7617).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use postern_wire::Secret;
use postern_wire::auth::{MAX_FIELD, MAX_NAME};
use std::fmt;
use zeroize::Zeroizing;

const SCHEME: &str = "Basic";

/// A name and what was typed as its password.
pub struct Credentials {
    name: String,
    password: Secret,
}

impl Credentials {
    /// As it was typed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As it was typed.
    pub fn password(&self) -> &Secret {
        &self.password
    }

    /// As they go upstream. None where they would be read as others: there is a colon in the name, or something in the
    /// password that would end a line.
    pub fn header(name: &str, password: &Secret) -> Option<HeaderValue> {
        let pair = Self::new(name.to_owned(), password.clone()).filter(|pair| !pair.name.contains(':'))?;
        let text = Zeroizing::new(format!("{}:{}", pair.name, pair.password.reveal()));
        let line = Zeroizing::new(format!("{SCHEME} {}", *Zeroizing::new(STANDARD.encode(text.as_bytes()))));
        let mut header = HeaderValue::from_str(&line).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    fn new(name: String, password: Secret) -> Option<Self> {
        let is_name = !name.is_empty() && name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control);
        let typed = password.reveal();
        let is_password = (1..=MAX_FIELD).contains(&typed.len()) && !typed.contains(['\0', '\r', '\n']);
        (is_name && is_password).then_some(Self { name, password })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The one header that says who asks, if it is of this scheme.
pub fn header(headers: &HeaderMap) -> Option<&HeaderValue> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (Some(only), None) = (all.next(), all.next()) else { return None };
    encoded(only).map(|_| only)
}

/// Whether a challenge is of this scheme.
pub fn is_offered(challenge: &HeaderValue) -> bool {
    let scheme = challenge.as_bytes().get(..SCHEME.len()).unwrap_or_default();
    scheme.eq_ignore_ascii_case(SCHEME.as_bytes())
}

fn encoded(header: &HeaderValue) -> Option<&str> {
    let (scheme, rest) = header.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case(SCHEME).then(|| rest.trim_matches(' '))
}

/// What it says; none where it says nothing that can be meant.
pub fn read(header: &HeaderValue) -> Option<Credentials> {
    let decoded = Zeroizing::new(STANDARD.decode(encoded(header)?).ok()?);
    let (name, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Credentials::new(name.to_owned(), Secret::from(password))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Option<Credentials> {
        let mut headers = HeaderMap::new();
        headers.append(AUTHORIZATION, HeaderValue::from_str(line).unwrap());
        read(header(&headers)?)
    }

    fn encode(text: &str) -> String {
        STANDARD.encode(text)
    }

    #[test]
    fn a_pair_is_read_and_written() {
        let pair = of(&format!("basic  {}", encode("EXAMPLE\\bob:a:b é"))).unwrap();
        assert_eq!((pair.name(), pair.password().reveal()), ("EXAMPLE\\bob", "a:b é"));
        let written = Credentials::header("bob@example.com", pair.password()).unwrap();
        assert!(written.is_sensitive());
        let again = read(&written).unwrap();
        assert_eq!((again.name(), again.password().reveal()), ("bob@example.com", "a:b é"));
        assert!(!format!("{pair:?}").contains("a:b"));
    }

    #[test]
    fn what_cannot_be_meant_is_none() {
        for text in
            ["bob", ":x", "bob:", "b\nob:x", "bob:a\nb", "bob:a\0", &format!("bob:{}", "x".repeat(MAX_FIELD + 1))]
        {
            assert!(of(&format!("Basic {}", encode(text))).is_none(), "{text:?}");
        }
        let latin = STANDARD.encode(b"bob:\xe9");
        for line in ["Basic", "Basic !", "NTLM TlRMTVNTUAAB", "Negotiate YII=", "Bearer x", &format!("Basic {latin}")] {
            assert!(of(line).is_none(), "{line}");
        }
        assert!(Credentials::header("a:b", &"x".into()).is_none());
        let mut twice = HeaderMap::new();
        for name in ["bob:x", "eve:x"] {
            twice.append(AUTHORIZATION, format!("Basic {}", encode(name)).parse().unwrap());
        }
        assert!(header(&twice).is_none());
    }
}
