//! What a browser keeps beyond a session: what it is known by, and where its user wanted to go before signing in.

use super::token::{Key, TOKEN_LENGTH, Token};
use crate::jar::sole;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{self, HeaderValue};
use http::{HeaderMap, Response};
use postern_http::body::Body;
use postern_portal::Language;
use postern_wire::Secret;

/// The cookie that names a session; the prefix makes browsers refuse it from any other host, path or scheme.
pub(crate) const SESSION: &str = "__Host-postern";
/// What goes with it.
const COOKIE_RULES: &str = "Secure; HttpOnly; SameSite=Lax; Path=/";
/// What goes with one that scripts read.
const MIRROR_RULES: &str = "Secure; SameSite=Lax; Path=/";
/// How long a language is remembered, in seconds: a year.
const LANGUAGE_LIFE: u32 = 31_536_000;

/// The cookie that a browser is known by. A browser has none before a session was released to it.
const BROWSER: &str = "__Host-postern-browser";
/// How long it is kept, in seconds: 400 days, which is as long as browsers keep any (RFC 6265bis, section 5.5).
const BROWSER_LIFE: u32 = 400 * 24 * 3600;

/// The page that the user wanted to go to before signing in: nothing is kept here without a session. What it says is
/// judged by [`crate::destination`] before anybody is sent there.
const NEXT: &str = "__Host-postern-next";
/// How long it is kept, in seconds: as long as a sign-in may take.
const NEXT_LIFE: u64 = super::limits::PENDING_LIFE.as_secs();

/// The cookie that comes with a login page: a login form that is sent twice with the same is judged once.
const LOGIN: &str = "__Host-postern-login";

/// What this browser is known by; none where what it sends is no such token.
pub(crate) fn known(headers: &HeaderMap) -> Option<Secret> {
    sole(headers, BROWSER).filter(|token| is_random(token)).map(Secret::from)
}

/// What a browser shall be known by.
///
/// # Errors
/// When the system has no random bytes.
pub(crate) fn draw() -> Result<Secret, getrandom::Error> {
    Token::new().map(|token| Secret::from(token.reveal()))
}

/// The token that the daemon knows the browser by, or a new one. What a browser brings and the daemon does not know is
/// not used: an attacker who knows it may have planted it.
///
/// # Errors
/// When the system has no random bytes.
pub(crate) fn known_or_new(known: Option<Secret>) -> Result<Secret, getrandom::Error> {
    known.map_or_else(draw, Ok)
}

/// Has the browser keep what it is known by, from now on for its whole time again.
pub(crate) fn remember(response: &mut Response<Body>, token: &Secret) {
    add_cookie(response, &format!("{BROWSER}={}; Max-Age={BROWSER_LIFE}; {COOKIE_RULES}", token.reveal()));
}

/// Where the user wanted to go, as far as that is a text; it is not judged yet.
pub(crate) fn wanted(headers: &HeaderMap) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(sole(headers, NEXT)?).ok()?;
    String::from_utf8(bytes).ok()
}

/// Remembers where they want to go, until they have signed in.
pub(crate) fn remember_wanted(response: &mut Response<Body>, target: &str) {
    let target = URL_SAFE_NO_PAD.encode(target);
    add_cookie(response, &format!("{NEXT}={target}; Max-Age={NEXT_LIFE}; {COOKIE_RULES}"));
}

/// Forgets it.
pub(crate) fn forget_wanted(response: &mut Response<Body>) {
    add_cookie(response, &format!("{NEXT}=; Max-Age=0; {COOKIE_RULES}"));
}

/// What came with the login page that this browser was shown last.
pub(crate) fn login(headers: &HeaderMap) -> Option<&str> {
    sole(headers, LOGIN).filter(|random| is_random(random))
}

/// Gives a login page. Without random bytes it has no such cookie, and its form is judged as often as it comes.
pub(crate) fn give_login(response: &mut Response<Body>) {
    if let Ok(random) = Token::new() {
        add_cookie(response, &format!("{LOGIN}={}; {COOKIE_RULES}", random.reveal()));
    }
}

/// Whether this can be one of our random numbers.
pub(crate) fn is_random(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.len() == TOKEN_LENGTH && text.bytes().all(plain)
}

/// The language that a browser asks for: what was chosen here, else what it prefers.
pub(crate) fn language(headers: &HeaderMap) -> Language {
    sole(headers, Language::COOKIE).and_then(Language::from_tag).unwrap_or_else(|| {
        let mut preferred = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
        preferred.next().map_or(Language::default(), Language::from_accept_language)
    })
}

/// Gives the browser its session.
pub(crate) fn give_session(response: &mut Response<Body>, token: &Token) {
    add_cookie(response, &format!("{SESSION}={}; {COOKIE_RULES}", token.reveal()));
}

/// The session that an answer gives to the browser.
pub(crate) fn given_session(headers: &HeaderMap) -> Option<Key> {
    let pairs = headers.get_all(header::SET_COOKIE).iter().filter_map(|line| line.to_str().ok()?.split(';').next());
    let mut values = pairs.filter_map(|pair| pair.strip_prefix(SESSION)?.strip_prefix('='));
    values.next_back().and_then(Key::of)
}

/// Takes it away.
pub(crate) fn take_session(response: &mut Response<Body>) {
    add_cookie(response, &format!("{SESSION}=; Max-Age=0; {COOKIE_RULES}"));
}

/// Gives the browser a cookie of the webmail's that its scripts read.
pub(crate) fn mirror(response: &mut Response<Body>, name: &str, value: &str) {
    add_cookie(response, &format!("{name}={value}; {MIRROR_RULES}"));
}

/// Remembers a language.
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
