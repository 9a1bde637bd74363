//! The webmail's cookies, kept here so that the browser never holds one (RFC 6265, as far as a single host needs it).

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use std::fmt;
use std::time::Duration;
use zeroize::Zeroize;

/// Maximum number of cookies in a jar; if a webmail sets more, the oldest are dropped.
pub const MAX_COOKIES: usize = 48;
/// Maximum size of the name and the value of a cookie, in bytes; longer ones are ignored.
pub const MAX_COOKIE: usize = 4096;

/// A cookie as set by `Set-Cookie`.
#[derive(Clone, PartialEq, Eq)]
pub struct Cookie {
    /// The name; case-sensitive.
    pub name: String,
    /// The value.
    pub value: String,
    path: String,
    expires: Option<Timestamp>,
}

impl Drop for Cookie {
    fn drop(&mut self) {
        self.value.zeroize();
    }
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=[redacted]", self.name)
    }
}

impl Cookie {
    /// Whether the cookie deletes an earlier one: it is expired at `now`, or has no value.
    pub fn is_gone(&self, now: Timestamp) -> bool {
        self.value.is_empty() || self.expires.is_some_and(|at| at <= now)
    }

    /// Path matching (RFC 6265, section 5.1.4).
    fn covers(&self, path: &str) -> bool {
        path.strip_prefix(self.path.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || self.path.ends_with('/'))
    }
}

/// The cookies of one webmail session.
#[derive(Debug, Clone, Default)]
pub struct Jar(Vec<Cookie>);

impl Jar {
    /// Stores the cookies of a response, in order: the last one of a name and path wins, and a cookie that is expired
    /// at `now` deletes the earlier one.
    pub fn absorb(&mut self, set: &[Cookie], now: Timestamp) {
        for cookie in set {
            self.0.retain(|known| (&known.name, &known.path) != (&cookie.name, &cookie.path));
            if !cookie.is_gone(now) {
                self.0.push(cookie.clone());
            }
        }
        let excess = self.0.len().saturating_sub(MAX_COOKIES);
        self.0.drain(..excess);
    }

    /// The value of the cookie `name`.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|cookie| cookie.name == name).map(|cookie| cookie.value.as_str())
    }

    /// The `Cookie` header for a request to `path` at `now`, followed by `more` (name, value); none if there is nothing
    /// to send.
    pub fn header(&self, path: &str, now: Timestamp, more: &[(&str, &str)]) -> Option<HeaderValue> {
        let own = self.0.iter().filter(|cookie| cookie.covers(path) && !cookie.is_gone(now));
        let own = own.map(|cookie| (cookie.name.as_str(), cookie.value.as_str()));
        let mut line = String::new();
        for (name, value) in own.chain(more.iter().copied()) {
            let before = if line.is_empty() { "" } else { "; " };
            line.extend([before, name, "=", value]);
        }
        let mut header = HeaderValue::try_from(line).ok().filter(|line| !line.is_empty())?;
        header.set_sensitive(true);
        Some(header)
    }
}

/// The cookies that a response sets, in order. Malformed cookies are ignored, as in browsers.
pub fn set_cookies(headers: &HeaderMap, now: Timestamp) -> Vec<Cookie> {
    headers.get_all(SET_COOKIE).iter().filter_map(|line| parse(line.to_str().ok()?, now)).collect()
}

fn parse(line: &str, now: Timestamp) -> Option<Cookie> {
    let mut parts = line.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    if name.is_empty() || name.len() + value.len() > MAX_COOKIE {
        return None;
    }
    let mut cookie = Cookie { name: name.to_owned(), value: value.to_owned(), path: "/".to_owned(), expires: None };
    let mut max_age = None;
    for attribute in parts {
        let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "path" if value.starts_with('/') => cookie.path = value.to_owned(),
            "max-age" => max_age = value.parse::<i64>().ok().or(max_age),
            "expires" => cookie.expires = http_date(value).or(cookie.expires),
            _ => {}
        }
    }
    // Max-Age takes precedence (RFC 6265, section 5.3).
    match max_age {
        Some(seconds @ 1..) => {
            let age = Duration::from_secs(seconds.unsigned_abs());
            cookie.expires = Some(now.checked_add(age).unwrap_or(Timestamp::MAX));
        }
        Some(_) => cookie.expires = Some(Timestamp::MIN),
        None => {}
    }
    Some(cookie)
}

/// Parses `Sun, 22 Nov 2026 00:04:46 GMT`, and the form with hyphens that older PHP versions write.
fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(&text.replace('-', " ")).ok().map(|at| at.timestamp())
}

/// The value of the cookie `name` in the request's `Cookie` headers; none if it is missing or occurs twice, since
/// another party may then have set one of them. The other cookies are ignored.
pub fn sole<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(http::header::COOKIE).iter();
    // As bytes: another cookie of the header may not be valid text.
    let pairs = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';')).map(<[u8]>::trim_ascii);
    let value_of = |pair: &'a [u8]| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=");
    let mut values = pairs.filter_map(value_of);
    let first = values.next()?;
    let is_sole = values.next().is_none();
    str::from_utf8(first).ok().filter(|text| is_sole && text.bytes().all(|byte| matches!(byte, b' '..=b'~')))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_795_305_946, 0);

    fn answer(lines: &[&str]) -> Vec<Cookie> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(SET_COOKIE, HeaderValue::from_str(line).unwrap());
        }
        set_cookies(&headers, NOW)
    }

    fn jar(lines: &[&str]) -> Jar {
        let mut jar = Jar::default();
        jar.absorb(&answer(lines), NOW);
        jar
    }

    fn sent(jar: &Jar, path: &str) -> String {
        jar.header(path, NOW, &[]).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    #[test]
    fn the_last_cookie_of_a_name_wins() {
        let jar = jar(&[
            "roundcube_sessauth=-del-; expires=Sun, 22 Nov 2026 00:04:46 GMT; Max-Age=0; path=/; HttpOnly",
            "roundcube_sessid=va3q; path=/; HttpOnly",
            "roundcube_sessauth=4zBo-1795305900; path=/; HttpOnly",
        ]);
        assert_eq!(sent(&jar, "/"), "roundcube_sessid=va3q; roundcube_sessauth=4zBo-1795305900");
        assert_eq!(jar.value("roundcube_sessauth"), Some("4zBo-1795305900"));
    }

    #[test]
    fn a_cookie_goes_when_it_is_deleted_or_expires() {
        for line in ["a=x; Max-Age=0", "a=x; expires=Sun, 22-Nov-2026 00:04:46 GMT", "a=", "a=x; max-age=-1"] {
            let mut jar = jar(&["a=1", "b=2"]);
            jar.absorb(&answer(&[line]), NOW);
            assert_eq!(sent(&jar, "/"), "b=2", "{line}");
        }
        let jar = jar(&["a=1; Max-Age=60; expires=Sun, 22 Nov 2020 00:04:46 GMT"]);
        assert_eq!(sent(&jar, "/"), "a=1");
        let later = NOW.checked_add(Duration::from_secs(61)).unwrap();
        assert!(jar.header("/", later, &[]).is_none());
    }

    #[test]
    fn paths_are_kept_apart() {
        let jar = jar(&["a=1; path=/owa", "a=2; path=/", "b=3; path=nonsense"]);
        assert_eq!(sent(&jar, "/owa/x"), "a=1; a=2; b=3");
        assert_eq!(sent(&jar, "/owaX"), "a=2; b=3");
        assert_eq!(sent(&jar, "/"), "a=2; b=3");
    }

    #[test]
    fn caps_hold_and_nonsense_is_ignored() {
        let lines: Vec<String> = (0..MAX_COOKIES + 5).map(|n| format!("c{n}=x")).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let full = jar(&lines);
        assert_eq!(full.0.len(), MAX_COOKIES);
        assert_eq!((full.value("c4"), full.value("c5")), (None, Some("x")));
        assert!(jar(&[&format!("a={}", "x".repeat(MAX_COOKIE)), "novalue", "=x", ""]).0.is_empty());
    }

    #[test]
    fn a_doubled_cookie_is_none() {
        let mut headers = HeaderMap::new();
        headers.append(http::header::COOKIE, HeaderValue::from_static("x=1; y=2;z=3"));
        assert_eq!(sole(&headers, "y"), Some("2"));
        assert_eq!(sole(&headers, "z"), Some("3"));
        headers.append(http::header::COOKIE, HeaderValue::from_static("y=2"));
        assert_eq!(sole(&headers, "y"), None);
        assert_eq!(sole(&headers, "Y"), None);
    }

    #[test]
    fn what_cannot_be_read_hides_no_other_cookie() {
        for line in [
            b"name=\xe9t\xe9; y=2; other=\xff".as_slice(),
            b"y=2;\xc3\xa9=1",
            b"=; ;; y=2; novalue",
            b"\x80; y=2",
            b"a=\t; y=2 ; b=\"x;y\"",
        ] {
            let headers = HeaderMap::from_iter([(http::header::COOKIE, HeaderValue::from_bytes(line).unwrap())]);
            assert_eq!(sole(&headers, "y"), Some("2"), "{}", line.escape_ascii());
        }
        for line in [&b"y=\xe9"[..], b"y=2; y=\xe9", b"y", b"x"] {
            let headers = HeaderMap::from_iter([(http::header::COOKIE, HeaderValue::from_bytes(line).unwrap())]);
            assert_eq!(sole(&headers, "y"), None, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn debug_shows_no_value() {
        assert!(!format!("{:?}", jar(&["a=planted"])).contains("planted"));
    }
}
