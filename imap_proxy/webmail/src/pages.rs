//! Our own responses: pages for sessions and verdicts, and their headers.

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
use postern_wire::Secret;
use std::sync::Arc;

/// The headers of all responses that this front generates itself.
static ALWAYS: [(HeaderName, &str); 8] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // With `no-referrer`, Chromium sends `Origin: null` with a page's own form.
    (header::REFERRER_POLICY, "same-origin"),
    (header::STRICT_TRANSPORT_SECURITY, super::headers::HSTS),
    (header::CONTENT_SECURITY_POLICY, portal::CONTENT_SECURITY_POLICY),
    // A script of the webmail that opens our page in a window cannot read it (HTML, 7.1.3; Fetch, 3.7).
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];
/// Our style sheet and scripts may be cached indefinitely: their URLs contain their version.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// Renders the pages of one front.
#[derive(Clone)]
pub(crate) struct Pages {
    brand: Arc<str>,
}

impl Pages {
    /// `brand` is the name of this host on the pages.
    pub(crate) fn new(brand: &str) -> Self {
        Self { brand: brand.into() }
    }

    /// The pages for the user who sent this request.
    pub(crate) fn reader(&self, cx: &RequestContext) -> Reader<'_> {
        let signed_in = cx.is_released();
        Reader { language: cx.language, brand: &self.brand, now: cx.now.wall, signed_in, purpose: None }
    }

    /// The page for an invalid request.
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

    /// The response if the session has no such page, or no longer has it.
    pub(crate) fn not_there(&self, cx: &RequestContext) -> Response<Body> {
        if cx.is_released() { see_other(paths::HOME) } else { self.ended(cx) }
    }

    /// The page for a request whose session has ended.
    pub(crate) fn ended(&self, cx: &RequestContext) -> Response<Body> {
        let why = cx.session.as_ref().map_or(Ended::Unknown, SessionHandle::why_ended);
        let mut response = self.reader(cx).ended(why);
        // The browser may have the next session already; this response must not delete its cookie.
        if !matches!(why, Ended::GoneOn | Ended::Replaced) {
            cookies::take_session(&mut response);
        }
        response
    }
}

/// The reader of a page.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    /// The language of the page.
    pub language: Language,
    /// The name of this host.
    pub brand: &'a str,
    /// The current time.
    pub now: Timestamp,
    /// Whether the user is signed in and manages the account.
    pub signed_in: bool,
    /// What a code is asked for in that case.
    pub purpose: Option<Purpose>,
}

impl Reader<'_> {
    fn context<'a>(&'a self, mailbox: Option<&'a str>) -> Context<'a> {
        let purpose = self.purpose.as_ref();
        Context { brand: self.brand, mailbox, now: self.now, signed_in: self.signed_in, purpose }
    }

    /// Renders a page; `mailbox` is set once its password was accepted.
    pub fn page(&self, status: StatusCode, page: &Page, mailbox: Option<&str>) -> Response<Body> {
        let context = self.context(mailbox);
        let document = portal::render(page, self.language, &context);
        // Without random bytes the page is still shown; its form is then processed each time it is submitted.
        let document = match Token::new() {
            Ok(key) => portal::with_idempotency_key(&document, key.reveal()),
            Err(_) => document,
        };
        answer(status, "text/html; charset=utf-8", document)
    }

    /// The page for a session that has ended.
    pub fn ended(&self, why: Ended) -> Response<Body> {
        self.page(StatusCode::UNAUTHORIZED, &Page::SessionEnded(why), None)
    }

    /// The page for a sign-in that ends or pauses. It shows no mailbox: it is the same for all accounts.
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

    /// The page for a request of a session that the webmail does not answer.
    pub fn no_answer(&self, status: StatusCode) -> Response<Body> {
        self.page(status, &Page::NoAnswer, None)
    }

    /// The backup codes as a file.
    pub fn codes_file(&self, codes: &[Secret], mailbox: &str) -> Response<Body> {
        let context = self.context(Some(mailbox));
        let file = portal::render_codes_file(codes, self.language, &context);
        let mut response = answer(StatusCode::OK, "text/plain; charset=utf-8", file);
        let disposition = format!("attachment; filename=\"{}\"", portal::CODES_FILE_NAME);
        set(&mut response, header::CONTENT_DISPOSITION, &disposition);
        response
    }
}

/// Serves the style sheet or a script of the pages.
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

/// Redirects the browser to a path of this host, by GET.
pub fn see_other(path: &str) -> Response<Body> {
    let mut response = answer(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", String::new());
    set(&mut response, header::LOCATION, path);
    response
}

/// A response of our own.
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
