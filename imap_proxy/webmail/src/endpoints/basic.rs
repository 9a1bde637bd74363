//! Basic authentication (RFC 7617).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use postern_front::credentials::Credentials;
use zeroize::Zeroizing;

const SCHEME: &str = "Basic";

/// Credentials as they are sent upstream. None if they would be parsed differently there: the name contains a colon, or
/// the password contains a character that would end a line.
pub fn write(name: &str, password: &[u8]) -> Option<HeaderValue> {
    let pair = Credentials::new(name.as_bytes(), password).filter(|pair| !pair.name().contains(':'))?;
    let text = Zeroizing::new([pair.name().as_bytes(), b":", pair.password()].concat());
    let line = Zeroizing::new(format!("{SCHEME} {}", *Zeroizing::new(STANDARD.encode(&*text))));
    let mut header = HeaderValue::from_str(&line).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// The `Authorization` header, if there is exactly one and it uses this scheme.
pub fn header(headers: &HeaderMap) -> Option<&HeaderValue> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (Some(only), None) = (all.next(), all.next()) else { return None };
    encoded(only).map(|_| only)
}

/// Whether a challenge uses this scheme.
pub fn is_offered(challenge: &HeaderValue) -> bool {
    let scheme = challenge.as_bytes().get(..SCHEME.len()).unwrap_or_default();
    scheme.eq_ignore_ascii_case(SCHEME.as_bytes())
}

fn encoded(header: &HeaderValue) -> Option<&str> {
    let (scheme, rest) = header.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case(SCHEME).then(|| rest.trim_matches(' '))
}

/// Parses the credentials; none if they are invalid.
pub fn read(header: &HeaderValue) -> Option<Credentials> {
    let decoded = Zeroizing::new(STANDARD.decode(encoded(header)?).ok()?);
    let (name, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Credentials::new(name.as_bytes(), password.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_wire::auth::MAX_FIELD;

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
        assert_eq!((pair.name(), pair.password()), ("EXAMPLE\\bob", "a:b é".as_bytes()));
        let written = write("bob@example.com", pair.password()).unwrap();
        assert!(written.is_sensitive());
        let again = read(&written).unwrap();
        assert_eq!((again.name(), again.password()), ("bob@example.com", "a:b é".as_bytes()));
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
        assert!(write("a:b", b"x").is_none());
        let mut twice = HeaderMap::new();
        for name in ["bob:x", "eve:x"] {
            twice.append(AUTHORIZATION, format!("Basic {}", encode(name)).parse().unwrap());
        }
        assert!(header(&twice).is_none());
    }
}
