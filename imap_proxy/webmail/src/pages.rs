//! Our own answers: pages for sessions and verdicts, and the headers that go with them.

use super::context::RequestContext;
use super::routes::PortalRoute;
use super::session::cookies;
use super::session::handle::SessionHandle;
use super::session::token::Token;
use super::verdict::Denial;
use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use jiff::Timestamp;
use postern_http::body::{self, Body};
use postern_portal::{self as portal, Context, Ended, Language, Page, Purpose, assets, paths};
use std::sync::Arc;

/// The headers of everything that this front answers by itself.
static ALWAYS: [(HeaderName, &str); 8] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // With no-referrer, Chromium sends `Origin: null` with a page's own form.
    (header::REFERRER_POLICY, "same-origin"),
    (header::STRICT_TRANSPORT_SECURITY, super::headers::HSTS),
    (header::CONTENT_SECURITY_POLICY, portal::CONTENT_SECURITY_POLICY),
    // A script of the webmail that opens a page of ours in a window reads nothing of it (HTML, 7.1.3; Fetch, 3.7).
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];
/// Our style and scripts may be cached for ever: their addresses have their version in them.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// Makes the pages of one front.
#[derive(Clone)]
pub(crate) struct Pages {
    brand: Arc<str>,
}

impl Pages {
    /// `brand` is what the pages call this place.
    pub(crate) fn new(brand: &str) -> Self {
        Self { brand: brand.into() }
    }

    /// For the user who has sent this request.
    pub(crate) fn reader(&self, cx: &RequestContext) -> Reader<'_> {
        let signed_in = cx.is_released();
        Reader { language: cx.language, brand: &self.brand, now: cx.now.wall, signed_in, purpose: None }
    }

    /// The page for a request that makes no sense.
    pub(crate) fn bad_request(&self, cx: &RequestContext) -> Response<Body> {
        self.reader(cx).page(StatusCode::BAD_REQUEST, &Page::BadRequest, None)
    }

    /// The page for a sign-in that ends or pauses.
    pub(crate) fn denied(&self, cx: &RequestContext, denial: &Denial) -> Response<Body> {
        self.reader(cx).denied(denial)
    }

    /// The page for a user whose account has no second factor.
    pub(crate) fn security_off(&self, cx: &RequestContext, session: &SessionHandle) -> Response<Body> {
        match session.mailbox() {
            Some(mailbox) => self.reader(cx).page(StatusCode::OK, &Page::SecurityOff, Some(&mailbox)),
            None => self.ended(cx),
        }
    }

    /// The answer where the session has no such page, or not any more.
    pub(crate) fn not_there(&self, cx: &RequestContext) -> Response<Body> {
        if cx.is_released() { see_other(paths::HOME) } else { self.ended(cx) }
    }

    /// The page for the request's session, which is over.
    pub(crate) fn ended(&self, cx: &RequestContext) -> Response<Body> {
        let why = cx.session.as_ref().map_or(Ended::Unknown, SessionHandle::why_ended);
        let mut response = self.reader(cx).ended(why);
        // The browser may have the next session by now; this answer must not take its cookie away.
        if !matches!(why, Ended::GoneOn | Ended::Replaced) {
            cookies::take_session(&mut response);
        }
        response
    }
}

/// Who reads a page.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    /// The language that the page is in.
    pub language: Language,
    /// What this place is called.
    pub brand: &'a str,
    /// The time.
    pub now: Timestamp,
    /// Whether the user is signed in, and manages the account.
    pub signed_in: bool,
    /// What a code is asked for then.
    pub purpose: Option<Purpose>,
}

impl Reader<'_> {
    fn context<'a>(&'a self, mailbox: Option<&'a str>) -> Context<'a> {
        let purpose = self.purpose.as_ref();
        Context { brand: self.brand, mailbox, now: self.now, signed_in: self.signed_in, purpose }
    }

    /// A page; `mailbox` once its password was accepted.
    pub fn page(&self, status: StatusCode, page: &Page, mailbox: Option<&str>) -> Response<Body> {
        let context = self.context(mailbox);
        let document = portal::render(page, self.language, &context);
        // Without random bytes the page is shown all the same: what it sends is then taken as often as it comes.
        let document = match Token::new() {
            Ok(key) => portal::with_idempotency_key(&document, key.reveal()),
            Err(_) => document,
        };
        answer(status, "text/html; charset=utf-8", document)
    }

    /// The page for a session that is over.
    pub fn ended(&self, why: Ended) -> Response<Body> {
        self.page(StatusCode::UNAUTHORIZED, &Page::SessionEnded(why), None)
    }

    /// The page for a sign-in that ends or pauses. It names no mailbox: it is the same for all accounts.
    pub fn denied(&self, denial: &Denial) -> Response<Body> {
        let (status, page) = match denial {
            Denial::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, Page::Unavailable),
            Denial::Refused => (StatusCode::FORBIDDEN, Page::Refused),
            Denial::Unusual => (StatusCode::FORBIDDEN, Page::Unusual),
            Denial::Locked { until } => {
                (StatusCode::FORBIDDEN, Page::Locked(portal::Locked { until: *until, may_request: false }))
            }
            Denial::Ended => return self.ended(Ended::AccountChanged),
            Denial::BadRequest => (StatusCode::BAD_REQUEST, Page::BadRequest),
        };
        self.page(status, &page, None)
    }

    /// The page for a request of a session to which the webmail gives no answer.
    pub fn no_answer(&self, status: StatusCode) -> Response<Body> {
        self.page(status, &Page::NoAnswer, None)
    }

    /// The backup codes as a file.
    pub fn codes_file(&self, codes: &[portal::Secret], mailbox: &str) -> Response<Body> {
        let context = self.context(Some(mailbox));
        let file = portal::render_codes_file(codes, self.language, &context);
        let mut response = answer(StatusCode::OK, "text/plain; charset=utf-8", file);
        let disposition = format!("attachment; filename=\"{}\"", portal::CODES_FILE_NAME);
        set(&mut response, header::CONTENT_DISPOSITION, &disposition);
        response
    }
}

/// The style or a script of the pages.
pub fn asset(own: PortalRoute) -> Response<Body> {
    let (content_type, text) = match own {
        PortalRoute::Style => ("text/css; charset=utf-8", assets::STYLE),
        PortalRoute::KeyScript => ("text/javascript; charset=utf-8", assets::KEY_SCRIPT),
        _ => ("text/javascript; charset=utf-8", assets::SCRIPT),
    };
    let mut response = answer(StatusCode::OK, content_type, text.to_owned());
    set(&mut response, header::CACHE_CONTROL, FOREVER);
    response
}

/// Sends the browser to a path of this host, by GET.
pub fn see_other(path: &str) -> Response<Body> {
    let mut response = answer(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", String::new());
    set(&mut response, header::LOCATION, path);
    response
}

/// An answer of our own.
pub fn answer(status: StatusCode, content_type: &str, content: String) -> Response<Body> {
    let mut response = Response::new(body::full(content));
    *response.status_mut() = status;
    for (name, value) in &ALWAYS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    set(&mut response, header::CONTENT_TYPE, content_type);
    response
}

fn set(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_of_ours_is_guarded() {
        let (language, now) = (Language::English, Timestamp::UNIX_EPOCH);
        let reader = Reader { language, brand: "x", now, signed_in: false, purpose: None };
        for response in [reader.denied(&Denial::Unavailable), see_other("/"), asset(PortalRoute::Style)] {
            for (name, _) in &ALWAYS {
                assert!(response.headers().contains_key(name), "{name}");
            }
        }
        assert_eq!(reader.denied(&Denial::Refused).headers()[header::CACHE_CONTROL], "no-store");
    }
}
