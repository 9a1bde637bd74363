//! What the front must know about a webmail. Each product is one file of data and small pure rules, without I/O,
//! waiting or state.
//!
//! **To add a product:** implement [`Product`] in a file of its own, add a line to the [registry](crate::PRODUCTS), and
//! add captured responses of the real product as tests.

use crate::form::{Form, Format};
use crate::jar::{Cookie, Jar};
use crate::path::Path;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use postern_proxy_config::Endpoint;
use postern_wire::Secret;
use postern_wire::auth::MAX_NAME;
use std::borrow::Cow;
use zeroize::Zeroizing;

/// A User-Agent that every webmail accepts, for those that do not show their pages to unknown browsers.
pub const BROWSER: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";

/// The part of a request that determines its kind.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path, parsed by [`crate::path::parse`].
    pub path: &'a Path,
    /// The query without its question mark; empty if there is none.
    pub query: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
}

/// The kind of a request to the webmail. It describes what a request looks like, and grants no rights: before release
/// only the first three kinds reach the webmail, rebuilt; after release [`Product::life`] decides according to the
/// webmail's response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The login page, fetched with this target whatever the client sent.
    LoginPage(&'static str),
    /// A file of the login page.
    Static,
    /// The login form.
    Login,
    /// A call of the webmail's script: all calls have the same address, so without a session it can only be the login.
    Call,
    /// A logout request.
    Logout,
    /// A request by a script or a frame, which is answered in its own format if the session has ended.
    Background,
    /// The request that [`Product::tell`] made the login page's script send. It is answered by [`Product::gone`] in
    /// every stage, so that the script loads the user's current page.
    Onward,
    /// The user navigates to a page.
    Navigation,
    /// Not a page of the webmail; its start page is at this path.
    Entrance(&'static str),
    /// An endpoint beside the webmail, which requires only the password.
    Endpoint(Endpoint),
    /// A path that is not needed by external clients, and is therefore closed.
    Closed,
}

/// A parsed login form; nothing else of the request is kept.
#[derive(Debug)]
pub struct Login {
    /// The name, without surrounding spaces and without control characters.
    pub name: String,
    /// The password.
    pub password: Secret,
    /// Other fields of the form that the webmail may receive: pairs from the product's own allow-list.
    pub extras: Vec<(&'static str, String)>,
}

/// The only login request that is sent upstream, rebuilt from a [`Login`] and a fresh login page.
pub struct Rebuilt {
    /// Path and query.
    pub target: &'static str,
    /// The form, encoded as [`Product::format`] specifies.
    pub body: Zeroizing<String>,
}

/// The meaning of the webmail's response to a login. A response that matches no rule is [`Self::Refused`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignIn {
    /// The password was accepted.
    Accepted {
        /// Where the webmail redirects the browser: a path of this host.
        landing: String,
        /// The request that ends the upstream session, if known.
        logout: Option<String>,
    },
    /// The password was refused, and the response itself says so.
    Refused,
    /// The password was refused, and this login page says so: an address of [`Kind::LoginPage`].
    RefusedAt(&'static str),
}

/// A request that this front makes itself, to learn who is signed in.
#[derive(Debug)]
pub struct IdentityRequest {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: Cow<'static, str>,
    /// Headers in addition to those of every request that this front makes itself.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body, if there is one.
    pub body: Option<&'static str>,
}

impl IdentityRequest {
    /// A GET request for a page.
    pub fn page(target: impl Into<Cow<'static, str>>) -> Self {
        Self { method: Method::GET, target: target.into(), headers: Vec::new(), body: None }
    }
}

/// The meaning of the response to an identity request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityAnswer {
    /// Unknown; the next request may tell.
    More,
    /// Unknown; this page tells.
    At(String),
    /// The user who is signed in.
    Name(String),
    /// The user who is signed in, by two names of the same user.
    Names {
        /// The name that the user knows.
        shown: String,
        /// Another name, which must belong to the same mailbox.
        also: String,
    },
    /// The webmail returns no user before this mailbox has been opened for the first time, on this page. So the name
    /// that was typed is used, only for that purpose.
    Unopened(&'static str),
    /// A signed-in user can open other mailboxes with only their passwords, for the given reason: so no sign-in is
    /// accepted.
    BypassRisk(&'static str),
    /// No name.
    Nothing,
}

/// The meaning of a response to a released session, for the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// The session continues.
    On,
    /// The user has signed out; the response may be shown.
    SignedOut,
    /// The session has ended, or now belongs to another user: the response must not be shown.
    Over,
}

/// A response to a script or a frame, in the webmail's own format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The content type.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

/// The outcome of a login, for the script that has sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The password was accepted; the user continues at the address of [`Kind::LoginPage`], whichever page is there
    /// now.
    Onward,
    /// The webmail has refused the password.
    Wrong,
    /// The request was not a login.
    NotALogin,
    /// The user is not allowed to sign in.
    Refused,
    /// Temporarily unavailable.
    Unavailable,
}

/// A webmail product.
pub trait Product: Send + Sync {
    /// Whether it is part of Exchange, which knows each mailbox by several names.
    fn is_exchange(&self) -> bool {
        false
    }

    /// The endpoints beside its pages, which [`Kind::Endpoint`] names.
    fn endpoints(&self) -> &'static [Endpoint] {
        &[]
    }

    /// The kind of this request.
    fn kind(&self, head: &Head<'_>) -> Kind;

    /// Whether a user who was not signed in may be redirected here after signing in: to a page that only displays
    /// something. The head is that of a GET without headers.
    fn is_destination(&self, head: &Head<'_>) -> bool;

    /// The address to open after signing in, as given in a request for the login page; none if it gives none.
    fn carried(&self, _head: &Head<'_>) -> Option<String> {
        None
    }

    /// Path and query of the login page that is used for a login.
    fn login_page(&self) -> &'static str;

    /// The encoding of the login form, here and upstream.
    fn format(&self) -> Format {
        Format::Form
    }

    /// Parses a login form; none if it is not one.
    fn read_login(&self, form: &Form) -> Option<Login>;

    /// The request that sends `login` upstream, for the login page `page`; none if `page` is not a login page.
    fn rebuild(&self, page: &str, login: &Login) -> Option<Rebuilt>;

    /// The meaning of the response; `set` are the cookies that it sets.
    fn judge(&self, status: StatusCode, headers: &HeaderMap, set: &[Cookie]) -> SignIn;

    /// Path and query of a page that shows who is signed in.
    fn identity_page(&self) -> &'static str;

    /// The user who is signed in according to that page.
    fn identity(&self, page: &str) -> Option<String>;

    /// The next request after `heard` responses, with the cookies that the webmail has set so far; none if there is no
    /// further request.
    fn identity_request(&self, heard: usize, _jar: &Jar) -> Option<IdentityRequest> {
        let page = self.identity_page();
        (heard == 0).then(|| IdentityRequest::page(page))
    }

    /// The meaning of the response to the request after `_heard` others.
    fn identify(&self, _heard: usize, status: StatusCode, _headers: &HeaderMap, page: &str) -> IdentityAnswer {
        let name = self.identity(page).filter(|_| status == StatusCode::OK);
        name.map_or(IdentityAnswer::Nothing, IdentityAnswer::Name)
    }

    /// Whether a response to a released session means that the webmail's own session has ended.
    fn has_ended(&self, _status: StatusCode, _headers: &HeaderMap) -> bool {
        false
    }

    /// Whether this request is part of opening a mailbox for the first time; see [`IdentityAnswer::Unopened`].
    fn opens(&self, _head: &Head<'_>) -> bool {
        false
    }

    /// The meaning of a response that sets the cookies `set`, for the released session whose cookies are `jar`.
    fn life(&self, kind: Kind, jar: &Jar, set: &[Cookie], now: Timestamp) -> Life;

    /// The response to a [`Kind::Background`] request if its session has ended.
    fn gone(&self, head: &Head<'_>) -> Reply;

    /// The response with the outcome of a login for the login page's script; none if a plain form sends the login and
    /// the user gets a page.
    fn tell(&self, _outcome: Outcome) -> Option<Reply> {
        None
    }

    /// Where a user is redirected if the webmail itself has ended the session: an address of [`Kind::LoginPage`].
    fn ended_page(&self) -> &'static str;

    /// Names of request headers that the webmail's own scripts send, in lower case, in addition to those that all may
    /// send (see `headers.rs` of the webmail front). No other header of a browser is forwarded.
    fn request_headers(&self) -> &'static [&'static str];

    /// Names of cookies that a browser's own scripts set and the webmail reads. No other cookie of a browser is
    /// forwarded.
    fn client_cookies(&self) -> &'static [&'static str];

    /// Names of the webmail's cookies that its scripts read. A released session's browser receives them too, but the
    /// values that it sends back are not forwarded: those of the jar are.
    fn mirrored_cookies(&self) -> &'static [&'static str] {
        &[]
    }

    /// Cookies for the requests that this front makes itself, as the login page's script would have set them.
    fn own_cookies(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Headers for the requests that this front makes itself.
    fn own_headers(&self) -> &'static [(HeaderName, &'static str)] {
        &[]
    }
}

/// Parses a `Location` as a path of this host, which cannot lead to another host.
pub fn local_target(location: &str) -> Option<String> {
    let target = match location.strip_prefix("./") {
        Some(rest) => format!("/{rest}"),
        None => location.to_owned(),
    };
    let is_plain = target.bytes().all(|byte| matches!(byte, 0x21..=0x7e) && byte != b'\\');
    (target.starts_with('/') && !target.starts_with("//") && is_plain).then_some(target)
}

/// Decodes the five entities of HTML escaping; none if there is any other entity.
pub fn unescape(html: &str) -> Option<String> {
    let mut pieces = html.split('&');
    let mut text = pieces.next()?.to_owned();
    for piece in pieces {
        let (entity, rest) = piece.split_once(';')?;
        text.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "#039" | "#39" | "apos" => '\'',
            _ => return None,
        });
        text.push_str(rest);
    }
    Some(text)
}

/// A typed name if it is valid: without surrounding spaces, and without control characters, which some webmails remove.
pub fn typed_name(name: &str) -> Option<&str> {
    let name = name.trim_matches(' ');
    let is_name = !name.is_empty() && name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control);
    is_name.then_some(name)
}

/// The text between the first `before` and the next `after`.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    Some(text.split_once(before)?.1.split_once(after)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_landing_stays_on_this_host() {
        assert_eq!(local_target("/?_task=mail&_token=x").as_deref(), Some("/?_task=mail&_token=x"));
        assert_eq!(local_target("./?_task=mail").as_deref(), Some("/?_task=mail"));
        for elsewhere in [
            "https://evil.example/",
            "//evil.example",
            ".//evil.example",
            "/\\evil.example",
            "\\",
            "",
            "/a\r\nb",
            "mail",
        ] {
            assert_eq!(local_target(elsewhere), None, "{elsewhere:?}");
        }
    }

    #[test]
    fn entities_are_undone_or_refused() {
        assert_eq!(unescape("o&#039;neil&amp;co@x").as_deref(), Some("o'neil&co@x"));
        assert_eq!(unescape("plain").as_deref(), Some("plain"));
        assert_eq!(unescape("a&nbsp;b"), None);
        assert_eq!(unescape("a&b"), None);
    }
}
