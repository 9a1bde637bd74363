//! What a browser keeps beyond a session: what it is known by, and where its person wanted to go before signing in.

use super::jar::sole;
use super::pages::{COOKIE_RULES, add_cookie};
use super::store::Token;
use crate::body::Body;
use http::{HeaderMap, Response};
use postern_wire::Secret;
use postern_wire::auth::BROWSER_TOKEN;

/// The cookie that a browser is known by. Nobody has one before a session was released to them.
const BROWSER: &str = "__Host-postern-browser";
/// How long it is kept, in seconds: 400 days, which is as long as browsers keep any (RFC 6265bis, section 5.5).
const BROWSER_LIFE: u32 = 400 * 24 * 3600;

/// The cookie of who asked for the Security page without a session. It names no other place, so nobody can be sent
/// elsewhere by it, and nothing is kept here for strangers.
const WAY: &str = "__Host-postern-next";
/// Its one value.
const TO_SECURITY: &str = "security";
/// How long it is kept, in seconds: as long as a sign-in may take.
const WAY_LIFE: u64 = super::store::PENDING_LIFE.as_secs();

/// What this browser is known by; none where what it sends is no such token.
pub(super) fn known(headers: &HeaderMap) -> Option<Secret> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let token = sole(headers, BROWSER)?;
    (token.len() == BROWSER_TOKEN && token.bytes().all(plain)).then(|| Secret::from(token))
}

/// What a browser shall be known by.
///
/// # Errors
/// When the system has no random bytes.
pub(super) fn draw() -> Result<Secret, getrandom::Error> {
    Token::new().map(|token| Secret::from(token.reveal()))
}

/// The token that the daemon knows the browser by, or a new one. What a browser brings and the daemon does not know is
/// not taken up: somebody who knows it may have planted it.
///
/// # Errors
/// When the system has no random bytes.
pub(super) fn known_or_new(known: Option<Secret>) -> Result<Secret, getrandom::Error> {
    known.map_or_else(draw, Ok)
}

/// Has the browser keep what it is known by, from now on for its whole time again.
pub(super) fn remember(response: &mut Response<Body>, token: &Secret) {
    add_cookie(response, &format!("{BROWSER}={}; Max-Age={BROWSER_LIFE}; {COOKIE_RULES}", token.reveal()));
}

/// Whether the person wanted to go to the Security page.
pub(super) fn is_on_the_way(headers: &HeaderMap) -> bool {
    sole(headers, WAY) == Some(TO_SECURITY)
}

/// Remembers that they do, until they have signed in.
pub(super) fn remember_way(response: &mut Response<Body>) {
    add_cookie(response, &format!("{WAY}={TO_SECURITY}; Max-Age={WAY_LIFE}; {COOKIE_RULES}"));
}

/// Forgets it.
pub(super) fn forget_way(response: &mut Response<Body>) {
    add_cookie(response, &format!("{WAY}=; Max-Age=0; {COOKIE_RULES}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::{COOKIE, HeaderValue, SET_COOKIE};

    fn sent(cookies: &str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(cookies).unwrap())])
    }

    #[test]
    fn a_browser_is_known_by_what_was_drawn_for_it() {
        let token = draw().unwrap();
        let mut response = crate::webmail::pages::see_other("/");
        remember(&mut response, &token);
        let cookie = response.headers()[SET_COOKIE].to_str().unwrap().to_owned();
        let (pair, rules) = cookie.split_once("; ").unwrap();
        assert_eq!(rules, "Max-Age=34560000; Secure; HttpOnly; SameSite=Lax; Path=/");
        assert_eq!(known(&sent(pair)), Some(token.clone()));
        assert_ne!(draw().unwrap(), token);
        for strange in ["", "a", &"a".repeat(BROWSER_TOKEN + 1), &format!("{}'", "a".repeat(BROWSER_TOKEN - 1))] {
            assert_eq!(known(&sent(&format!("{BROWSER}={strange}"))), None, "{strange:?}");
        }
        assert_eq!(known(&sent(&format!("{pair}; {pair}"))), None, "two are none");
    }

    #[test]
    fn the_way_leads_to_one_place() {
        assert!(is_on_the_way(&sent("a=b; __Host-postern-next=security")));
        for elsewhere in ["//evil.example", "/postern/security", "", "security/x"] {
            assert!(!is_on_the_way(&sent(&format!("{WAY}={elsewhere}"))), "{elsewhere}");
        }
    }
}
