//! What a front has to know of a webmail. Each product is one file of data and small pure rules; nothing in it sends,
//! waits or remembers.
//!
//! **To add a product:** implement [`Product`] in a file of its own, give it a line in the [registry](super), and bring
//! captured answers of the real thing as tests.

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

/// A browser that every webmail knows, for those that show their pages to no other.
pub const BROWSER: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";

/// The part of a request that decides what it is.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path, read by [`crate::path::parse`].
    pub path: &'a Path,
    /// The query without its question mark; empty when there is none.
    pub query: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
}

/// What a request to the webmail is. It says what a request looks like, so no right is drawn from it: before release
/// only the first three reach the webmail, rebuilt; after release [`Product::life`] judges by what the webmail did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The login page, fetched with this target whatever the visitor sent.
    LoginPage(&'static str),
    /// A file that the login page is made of.
    Static,
    /// The login form.
    Login,
    /// A call of the webmail's script: one address for all of them, so without a session it can only be the login.
    Call,
    /// The user signs out.
    Logout,
    /// A script or a frame asks; it is answered in its own form that the session is over.
    Background,
    /// What [`Product::tell`] made the login page's script ask for. It is answered by [`Product::gone`] in every
    /// stage, so that it looks where the user is now.
    Onward,
    /// The user goes to a page.
    Navigation,
    /// Nothing of the webmail's own, and where it begins.
    Entrance(&'static str),
    /// An endpoint beside the webmail, which takes the password alone.
    Endpoint(Endpoint),
    /// What is of no use from outside.
    Closed,
}

/// A login form as read; nothing else of the request is kept.
#[derive(Debug)]
pub struct Login {
    /// The name, without blanks around it and without control characters.
    pub name: String,
    /// The password.
    pub password: Secret,
    /// What else the form says and the webmail may know: pairs from the product's own allow-list.
    pub extras: Vec<(&'static str, String)>,
}

/// The one login request that goes upstream, rebuilt from nothing but a [`Login`] and a fresh login page.
pub struct Rebuilt {
    /// Path and query.
    pub target: &'static str,
    /// The form, as [`Product::format`] says.
    pub body: Zeroizing<String>,
}

/// What the webmail's answer to a login means. What no rule recognises is [`Self::Refused`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignIn {
    /// The password was accepted.
    Accepted {
        /// Where the webmail sends the browser: a path of this host.
        landing: String,
        /// What to request to end the session upstream, if that is known.
        logout: Option<String>,
    },
    /// It was not, and the answer says so.
    Refused,
    /// It was not, and this login page says so: an address of [`Kind::LoginPage`].
    RefusedAt(&'static str),
}

/// A request that this front makes of its own, to learn who is signed in.
#[derive(Debug)]
pub struct IdentityRequest {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: Cow<'static, str>,
    /// Headers beside those that go with every request of this front's own.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body; none for one without.
    pub body: Option<&'static str>,
}

impl IdentityRequest {
    /// Asks for a page.
    pub fn page(target: impl Into<Cow<'static, str>>) -> Self {
        Self { method: Method::GET, target: target.into(), headers: Vec::new(), body: None }
    }
}

/// What the answer to a [`Question`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityAnswer {
    /// Nothing yet; the next question may tell.
    More,
    /// Nothing yet; this page tells.
    At(String),
    /// Who is signed in.
    Name(String),
    /// Who is signed in, by two names of the same user.
    Names {
        /// The one that the user knows.
        shown: String,
        /// Another, which has to be of the same mailbox.
        also: String,
    },
    /// The webmail names no user before this mailbox has been opened for the first time, on this page. So the name that was
    /// typed has to do, for that and nothing else.
    Unopened(&'static str),
    /// A user who has signed in can open other mailboxes by their passwords alone, for the reason given: so no sign-in is
    /// accepted.
    BypassRisk(&'static str),
    /// No name.
    Nothing,
}

/// What an answer to a released session means for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It goes on.
    On,
    /// The user has signed out; the answer may be shown.
    SignedOut,
    /// It is over, or has become another user's: the answer must not be shown.
    Over,
}

/// How a script or a frame is told something, in the webmail's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The content type.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

/// What has become of a login, for the script that has sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The password was accepted; the user goes on at [`Kind::LoginPage`]'s address, whatever page that is now.
    Onward,
    /// The webmail has refused it.
    Wrong,
    /// It was no login.
    NotALogin,
    /// The user may not sign in.
    Refused,
    /// Temporarily unavailable.
    Unavailable,
}

/// A webmail.
pub trait Product: Send + Sync {
    /// Whether Exchange is behind it, which knows each mailbox by several names.
    fn is_exchange(&self) -> bool {
        false
    }

    /// The endpoints that it has beside its pages, which [`Kind::Endpoint`] names.
    fn endpoints(&self) -> &'static [Endpoint] {
        &[]
    }

    /// What this request is.
    fn kind(&self, head: &Head<'_>) -> Kind;

    /// Whether a user who was not signed in may be sent here afterwards: to a page that shows something and does nothing
    /// else. The head is that of a GET without headers.
    fn is_destination(&self, head: &Head<'_>) -> bool;

    /// The address that a login page names as the one to go to afterwards; none where it names none.
    fn carried(&self, _head: &Head<'_>) -> Option<String> {
        None
    }

    /// Path and query of the login page that a login is made with.
    fn login_page(&self) -> &'static str;

    /// How the login form is written, here and upstream.
    fn format(&self) -> Format {
        Format::Form
    }

    /// Reads a login form; none when it is not one.
    fn read_login(&self, form: &Form) -> Option<Login>;

    /// The request that brings `login` upstream, for the login page that `page` holds; none when that is not one.
    fn rebuild(&self, page: &str, login: &Login) -> Option<Rebuilt>;

    /// What the answer to it means; `set` are the cookies it sets.
    fn judge(&self, status: StatusCode, headers: &HeaderMap, set: &[Cookie]) -> SignIn;

    /// Path and query of a page that says who is signed in.
    fn identity_page(&self) -> &'static str;

    /// Who that page says is signed in.
    fn identity(&self, page: &str) -> Option<String>;

    /// What is asked after `heard` answers, with what the webmail has set so far; none when there is no more to ask.
    fn identity_request(&self, heard: usize, _jar: &Jar) -> Option<IdentityRequest> {
        let page = self.identity_page();
        (heard == 0).then(|| IdentityRequest::page(page))
    }

    /// What the answer to the question after `_heard` others says.
    fn identify(&self, _heard: usize, status: StatusCode, _headers: &HeaderMap, page: &str) -> IdentityAnswer {
        let name = self.identity(page).filter(|_| status == StatusCode::OK);
        name.map_or(IdentityAnswer::Nothing, IdentityAnswer::Name)
    }

    /// Whether an answer to a released session says that the webmail's own session is over.
    fn has_ended(&self, _status: StatusCode, _headers: &HeaderMap) -> bool {
        false
    }

    /// Whether this request belongs to opening a mailbox for the first time; see [`Heard::Unopened`].
    fn opens(&self, _head: &Head<'_>) -> bool {
        false
    }

    /// What an answer that sets the cookies `set` means for the released session whose cookies are `jar`.
    fn life(&self, kind: Kind, jar: &Jar, set: &[Cookie], now: Timestamp) -> Life;

    /// How the sender of a [`Kind::Background`] request is told that its session is over.
    fn gone(&self, head: &Head<'_>) -> Reply;

    /// How a login page's script is told what has become of the login that it sent; none where a plain form sends it,
    /// and the user gets a page.
    fn tell(&self, _outcome: Outcome) -> Option<Reply> {
        None
    }

    /// Where a user is sent whose session the webmail itself has ended: an address of [`Kind::LoginPage`].
    fn ended_page(&self) -> &'static str;

    /// Names of request headers that the webmail's own scripts send, in lower case, beside those that all may send (see
    /// [`super::headers`]). Every other header of a browser stays here.
    fn request_headers(&self) -> &'static [&'static str];

    /// Names of cookies that a browser's own scripts set and the webmail reads. Everything else that a browser sends
    /// stays here.
    fn client_cookies(&self) -> &'static [&'static str];

    /// Names of the webmail's cookies that its scripts read. A released session's browser gets them too, but what it
    /// sends back stays here: the jar's own goes upstream.
    fn mirrored_cookies(&self) -> &'static [&'static str] {
        &[]
    }

    /// Cookies that go with the requests of this front's own, as the login page's script would have set them.
    fn own_cookies(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Headers that go with them.
    fn own_headers(&self) -> &'static [(HeaderName, &'static str)] {
        &[]
    }
}

/// A `Location` as a path of this host: nothing that could lead elsewhere.
pub fn local_target(location: &str) -> Option<String> {
    let target = match location.strip_prefix("./") {
        Some(rest) => format!("/{rest}"),
        None => location.to_owned(),
    };
    let is_plain = target.bytes().all(|byte| matches!(byte, 0x21..=0x7e) && byte != b'\\');
    (target.starts_with('/') && !target.starts_with("//") && is_plain).then_some(target)
}

/// Undoes the five entities that HTML escaping makes; none when there is another one.
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

/// A name as it was typed, if it can be one: without blanks around it, and without control characters, which some webmails
/// drop.
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
