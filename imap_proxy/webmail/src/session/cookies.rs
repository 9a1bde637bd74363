//! Cookies that a browser keeps beyond a session: the token by which it is recognised, and the page that the user
//! wanted.

use super::token::{Key, TOKEN_LENGTH, Token};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{self, HeaderValue};
use http::{HeaderMap, Response};
use postern_http::body::Body;
use postern_portal::Language;
use postern_products::jar::sole;
use postern_wire::Secret;

/// The session cookie; with this prefix, browsers accept it only for this host, the path `/` and `Secure`.
pub(crate) const SESSION: &str = "__Host-postern";
/// The attributes of the cookie.
const COOKIE_RULES: &str = "Secure; HttpOnly; SameSite=Lax; Path=/";
/// The attributes of a cookie that scripts read.
const MIRROR_RULES: &str = "Secure; SameSite=Lax; Path=/";
/// How long the language is stored, in seconds: a year.
const LANGUAGE_LIFE: u32 = 31_536_000;

/// The cookie by which a browser is recognised. A browser gets it only when a session is released to it.
const BROWSER: &str = "__Host-postern-browser";
/// Its lifetime in seconds: 400 days, the maximum in browsers (RFC 6265bis, section 5.5).
const BROWSER_LIFE: u32 = 400 * 24 * 3600;

/// The page that the user wanted to open before signing in, since nothing is stored here without a session. The value
/// is checked by [`crate::destination`] before a redirect.
const NEXT: &str = "__Host-postern-next";
/// Its lifetime in seconds.
const NEXT_LIFE: u64 = 15 * 60;

/// The cookie that is set with a login page: a login form that is submitted twice with the same value is processed
/// once.
const LOGIN: &str = "__Host-postern-login";

/// The token by which this browser is recognised; none if the cookie is not a valid token.
pub(crate) fn known(headers: &HeaderMap) -> Option<Secret> {
    sole(headers, BROWSER).filter(|token| is_random(token)).map(Secret::from)
}

/// A new token by which a browser is recognised.
///
/// # Errors
/// When the system provides no random bytes.
pub(crate) fn draw() -> Result<Secret, getrandom::Error> {
    Token::new().map(|token| Secret::from(token.reveal()))
}

/// The token by which the daemon knows the browser, or a new one. A token that the daemon does not know is not used: an
/// attacker who knows it may have planted it.
///
/// # Errors
/// When the system provides no random bytes.
pub(crate) fn known_or_new(known: Option<Secret>) -> Result<Secret, getrandom::Error> {
    known.map_or_else(draw, Ok)
}

/// Sets the cookie by which the browser is recognised, with its full lifetime.
pub(crate) fn remember(response: &mut Response<Body>, token: &Secret) {
    add_cookie(response, &format!("{BROWSER}={}; Max-Age={BROWSER_LIFE}; {COOKIE_RULES}", token.reveal()));
}

/// The wanted page, if the cookie is text; it is not checked yet.
pub(crate) fn wanted(headers: &HeaderMap) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(sole(headers, NEXT)?).ok()?;
    String::from_utf8(bytes).ok()
}

/// Stores the wanted page until the user has signed in.
pub(crate) fn remember_wanted(response: &mut Response<Body>, target: &str) {
    let target = URL_SAFE_NO_PAD.encode(target);
    add_cookie(response, &format!("{NEXT}={target}; Max-Age={NEXT_LIFE}; {COOKIE_RULES}"));
}

/// Deletes the cookie with the wanted page.
pub(crate) fn forget_wanted(response: &mut Response<Body>) {
    add_cookie(response, &format!("{NEXT}=; Max-Age=0; {COOKIE_RULES}"));
}

/// The value that was set with the last login page of this browser.
pub(crate) fn login(headers: &HeaderMap) -> Option<&str> {
    sole(headers, LOGIN).filter(|random| is_random(random))
}

/// Adds the cookie to a login page. Without random bytes there is no cookie, and the form is processed each time it is
/// submitted.
pub(crate) fn give_login(response: &mut Response<Body>) {
    if let Ok(random) = Token::new() {
        add_cookie(response, &format!("{LOGIN}={}; {COOKIE_RULES}", random.reveal()));
    }
}

/// Whether this has the form of one of our random numbers.
pub(crate) fn is_random(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.len() == TOKEN_LENGTH && text.bytes().all(plain)
}

/// The browser's language: the one chosen here, otherwise the one that it prefers.
pub(crate) fn language(headers: &HeaderMap) -> Language {
    sole(headers, Language::COOKIE).and_then(Language::from_tag).unwrap_or_else(|| {
        let mut preferred = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
        preferred.next().map_or(Language::default(), Language::from_accept_language)
    })
}

/// Sets the session cookie.
pub(crate) fn give_session(response: &mut Response<Body>, token: &Token) {
    add_cookie(response, &format!("{SESSION}={}; {COOKIE_RULES}", token.reveal()));
}

/// The session whose cookie a response sets.
pub(crate) fn given_session(headers: &HeaderMap) -> Option<Key> {
    let pairs = headers.get_all(header::SET_COOKIE).iter().filter_map(|line| line.to_str().ok()?.split(';').next());
    let mut values = pairs.filter_map(|pair| pair.strip_prefix(SESSION)?.strip_prefix('='));
    values.next_back().and_then(Key::of)
}

/// Deletes the session cookie.
pub(crate) fn take_session(response: &mut Response<Body>) {
    add_cookie(response, &format!("{SESSION}=; Max-Age=0; {COOKIE_RULES}"));
}

/// Sets a cookie of the webmail that its scripts read.
pub(crate) fn mirror(response: &mut Response<Body>, name: &str, value: &str) {
    add_cookie(response, &format!("{name}={value}; {MIRROR_RULES}"));
}

/// Stores the language.
pub(crate) fn give_language(response: &mut Response<Body>, language: Language) {
    let cookie = format!("{}={}; Max-Age={LANGUAGE_LIFE}; {COOKIE_RULES}", Language::COOKIE, language.tag());
    add_cookie(response, &cookie);
}

fn add_cookie(response: &mut Response<Body>, cookie: &str) {
    if let Ok(mut value) = HeaderValue::from_str(cookie) {
        value.set_sensitive(true);
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::see_other;
    use http::header::{COOKIE, SET_COOKIE};

    fn sent(cookies: &str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(cookies).unwrap())])
    }

    #[test]
    fn a_browser_is_known_by_what_was_drawn_for_it() {
        let token = draw().unwrap();
        let mut response = crate::pages::see_other("/");
        remember(&mut response, &token);
        let cookie = response.headers()[SET_COOKIE].to_str().unwrap().to_owned();
        let (pair, rules) = cookie.split_once("; ").unwrap();
        assert_eq!(rules, "Max-Age=34560000; Secure; HttpOnly; SameSite=Lax; Path=/");
        assert_eq!(known(&sent(pair)), Some(token.clone()));
        assert_ne!(draw().unwrap(), token);
        for strange in ["", "a", &"a".repeat(TOKEN_LENGTH + 1), &format!("{}'", "a".repeat(TOKEN_LENGTH - 1))] {
            assert_eq!(known(&sent(&format!("{BROWSER}={strange}"))), None, "{strange:?}");
        }
        assert_eq!(known(&sent(&format!("{pair}; {pair}"))), None, "two are none");
    }

    #[test]
    fn what_was_wanted_is_read_as_it_was_remembered() {
        for target in ["/postern/security", "/?_task=mail&_to=\"bob;,\"", "/"] {
            let mut response = crate::pages::see_other("/");
            remember_wanted(&mut response, target);
            let cookie = response.headers()[SET_COOKIE].to_str().unwrap().to_owned();
            let (pair, rules) = cookie.split_once("; ").unwrap();
            assert_eq!(rules, "Max-Age=900; Secure; HttpOnly; SameSite=Lax; Path=/");
            assert_eq!(wanted(&sent(&format!("a=b; {pair}"))).as_deref(), Some(target));
        }
        for strange in ["", "security", "//evil.example", "gA"] {
            let read = wanted(&sent(&format!("{NEXT}={strange}")));
            assert!(read.is_none_or(|read| !read.starts_with('/')), "{strange}");
        }
    }

    #[test]
    fn the_session_cookie_is_bound_to_host_and_scheme() {
        let mut response = see_other("/");
        take_session(&mut response);
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
        assert_eq!(cookie, "__Host-postern=; Max-Age=0; Secure; HttpOnly; SameSite=Lax; Path=/");
        assert_eq!(response.headers()[header::LOCATION], "/");
    }

    #[test]
    fn the_chosen_language_is_before_the_preferred_one() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static("fr"));
        assert_eq!(language(&headers), Language::French);
        headers.append(header::COOKIE, HeaderValue::from_static("a=b"));
        headers.append(header::COOKIE, HeaderValue::from_static("postern_language=en"));
        assert_eq!(language(&headers), Language::English);
    }
}
