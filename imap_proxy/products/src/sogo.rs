//! SOGo 5, according to its source code and observed behaviour.

use crate::form::{Form, Format};
use crate::jar::{Cookie, Jar};
use crate::product::{
    BROWSER, Head, IdentityAnswer, Kind, Life, Login, Outcome, Product, Rebuilt, Reply, SignIn, typed_name,
};
use http::header::{ACCEPT, HeaderName, LOCATION, USER_AGENT};
use http::{HeaderMap, Method, StatusCode, Uri};
use jiff::Timestamp;
use postern_proxy_config::Endpoint;
use serde_json::Value;
use zeroize::Zeroizing;

/// The start page; a signed-in user is redirected from here to their own folder.
const HOME: &str = "/SOGo/";
/// The target to which the login page's script sends the form.
const SIGN_IN: &str = "/SOGo/connect";
/// A folder that exists for all users, and its logout address: the cookie determines whose session ends.
const SIGN_OUT: &str = "/SOGo/so/anonymous/logoff";

/// The top-level folders: the application, and its files.
const APPLICATION: &str = "SOGo";
const FILES: &[&str] = &["/SOGo.woa/WebServerResources/", "/SOGo/WebServerResources/"];
const STATIC_ENDINGS: &[&str] =
    &["css", "js", "map", "svg", "png", "gif", "jpg", "jpeg", "ico", "woff", "woff2", "ttf", "otf", "eot"];
/// The query that makes a browser reload them after an upgrade, and the maximum length of its number.
const STAMP: &str = "lm=";
const MAX_STAMP: usize = 20;

/// Names that the application handles itself, at any position in a path: the sign-in,
const CONNECT: &str = "connect";
/// the logout address,
const LOGOFF: &str = "logoff";
/// the pages without a session,
const LOGIN_PAGES: &[&str] = &["", "index", "view", "login"];
/// and those that external clients do not need: passwords can be changed and recovered with only the password or a
/// question, the API (since 5.12.2) also accepts passwords, and the last ones belong to sign-ins at other systems.
const CLOSED: &[&str] = &[
    "changePassword",
    "passwordRecovery",
    "passwordRecoveryEmail",
    "passwordRecoveryCheck",
    "passwordRecoveryEnabled",
    "SOGoAPI",
    "casProxy",
    "saml2-metadata",
    "saml2-signon-post",
    "saml2-sls",
    "connectName",
    "openid_redirect",
];
/// The pages that a link may lead to: other pages perform actions, even when requested by GET.
const PAGES: &[&str] = &["view", "popupview", "compose", "Preferences"];
/// The endpoints: the application's own names for them, and the well-known URLs of the first (RFC 6764). The second
/// also exists at the top level.
const DAV: &str = "dav";
const ACTIVE_SYNC: &str = "Microsoft-Server-ActiveSync";
const WELL_KNOWN: &[&str] = &["/.well-known/caldav", "/.well-known/carddav"];
/// The folder of a user's mail accounts; the first is the user's own mailbox, others were added with a password.
const MAIL: &str = "Mail";
const OWN_ACCOUNT: &str = "0";

/// Authenticates and identifies the session.
const SESSION: &str = "0xHIGHFLYxSOGo";
/// Its value after the session has ended.
const DISCARDED: &str = "discard";
/// Tokens that scripts send back with a request.
const MIRRORED: &[&str] = &["XSRF-TOKEN"];
/// It shows no page to a client that it does not recognise as a browser.
const OWN_HEADERS: &[(HeaderName, &str)] = &[(USER_AGENT, BROWSER)];

const BYPASS_RISK: &str = "SOGo lets people add other mailboxes by their passwords alone; set \
                           `SOGoMailAuxiliaryUserAccountsEnabled = NO;` in sogo.conf";
/// Present only if users may add accounts. With `SOGoCreateIdentitiesDisabled` it is hidden from them, but accounts
/// that a script sends are still stored; access to them is closed by [`is_other_account`].
const ADD_ACCOUNT: &str = "addMailAccount(";
/// The start of the list of a user's accounts, in their preferences.
const ACCOUNTS: &str = r#""AuxiliaryMailAccounts":"#;

/// Its error codes for failed logins (`SOGoConstants.h`).
const WRONG: &str = r#"{"LDAPPasswordPolicyError":65535}"#;
/// The response to a successful login, without a name in it.
const RIGHT: &str = r#"{"cn":"","expire":-1,"grace":-1}"#;
/// If its script receives a page instead of a response, it considers the session ended and reloads its own page.
const GONE: &str = "<!DOCTYPE html>\n<html><head><title>SOGo</title></head><body>The session is over.</body></html>\n";

/// See the module.
pub(crate) struct Sogo;

impl Product for Sogo {
    fn endpoints(&self) -> &'static [Endpoint] {
        &[Endpoint::ActiveSync, Endpoint::Dav]
    }

    fn kind(&self, head: &Head<'_>) -> Kind {
        let reads = matches!(*head.method, Method::GET | Method::HEAD);
        let segments: Vec<&str> = head.path.segments().collect();
        let has = |name: &str| segments.iter().any(|segment| segment.eq_ignore_ascii_case(name));
        let first = segments[0];
        // Checked before the endpoints, since DAV leads to them as well.
        if is_other_account(&segments) {
            return Kind::Closed;
        }
        if has(ACTIVE_SYNC) {
            return Kind::Endpoint(Endpoint::ActiveSync);
        }
        let is_dav = first == APPLICATION && segments.get(1).is_some_and(|name| name.eq_ignore_ascii_case(DAV));
        if is_dav || WELL_KNOWN.contains(&head.path.as_str().trim_end_matches('/')) {
            return Kind::Endpoint(Endpoint::Dav);
        }
        if first.is_empty() && reads {
            return Kind::Entrance(HOME);
        }
        if is_static(head) {
            return Kind::Static;
        }
        if first != APPLICATION || CLOSED.iter().any(|name| has(name)) {
            return Kind::Closed;
        }
        if has(CONNECT) {
            return if *head.method == Method::POST { Kind::Login } else { Kind::Closed };
        }
        // Both `/SOGo/x` and `/SOGo/so/x` reach x.
        let rest = if segments.get(1) == Some(&"so") { &segments[2..] } else { &segments[1..] };
        let is_login_page = rest.len() <= 1 && LOGIN_PAGES.contains(rest.first().unwrap_or(&""));
        match rest.last() {
            Some(&LOGOFF) if *head.method == Method::GET => Kind::Logout,
            _ if reads && is_login_page => Kind::LoginPage(HOME),
            _ if reads && !is_by_script(head) => Kind::Navigation,
            _ => Kind::Background,
        }
    }

    fn is_destination(&self, head: &Head<'_>) -> bool {
        let last = head.path.segments().next_back().unwrap_or_default();
        self.kind(head) == Kind::Navigation && PAGES.contains(&last)
    }

    fn login_page(&self) -> &'static str {
        HOME
    }

    fn format(&self) -> Format {
        Format::Json
    }

    fn read_login(&self, form: &Form) -> Option<Login> {
        let name = typed_name(form.field("userName")?)?;
        // The domain was chosen beside the name: together they are one name.
        let name = match form.field("domain").filter(|domain| !domain.is_empty() && !name.contains('@')) {
            Some(domain) => format!("{name}@{domain}"),
            None => name.to_owned(),
        };
        let language = form.field("language").filter(|language| is_word(language)).unwrap_or_default();
        Some(Login {
            name: typed_name(&name)?.to_owned(),
            password: form.field("password")?.into(),
            extras: vec![("language", language.to_owned())],
        })
    }

    fn rebuild(&self, page: &str, login: &Login) -> Option<Rebuilt> {
        if !page.contains(r#"ng-app="SOGo.MainUI""#) {
            return None;
        }
        let mut fields = vec![("userName", login.name.as_str()), ("password", login.password.reveal())];
        fields.extend(login.extras.iter().map(|(name, value)| (*name, value.as_str())).filter(|(_, v)| !v.is_empty()));
        Some(Rebuilt { target: SIGN_IN, body: Zeroizing::new(Format::Json.write(&fields)) })
    }

    fn judge(&self, status: StatusCode, _headers: &HeaderMap, set: &[Cookie]) -> SignIn {
        let session = set.iter().rfind(|cookie| cookie.name == SESSION);
        // 202: SOGo's own second factor is enabled and requires its own code; it must be switched off behind this
        // front.
        match status == StatusCode::OK && session.is_some_and(|cookie| !is_discarded(cookie)) {
            true => SignIn::Accepted { landing: HOME.to_owned(), logout: Some(SIGN_OUT.to_owned()) },
            false => SignIn::Refused,
        }
    }

    fn identity_page(&self) -> &'static str {
        HOME
    }

    /// The primary address of the mailbox; see [`own_account`].
    fn identity(&self, page: &str) -> Option<String> {
        word(&own_account(page)?, "name")
    }

    fn identify(&self, heard: usize, status: StatusCode, headers: &HeaderMap, page: &str) -> IdentityAnswer {
        if heard == 0 {
            // The start page redirects users to their folder.
            return own_folder(status, headers).map_or(IdentityAnswer::Nothing, |folder| {
                IdentityAnswer::At(format!("/{APPLICATION}/so/{folder}/Preferences"))
            });
        }
        if page.contains(ADD_ACCOUNT) {
            return IdentityAnswer::BypassRisk(BYPASS_RISK);
        }
        let account = own_account(page).filter(|_| status == StatusCode::OK);
        // The address may change in the directory; the name that the mail server uses does not.
        let names = account.and_then(|own| Some([word(&own, "name")?, word(&own, "userName")?]));
        names.map_or(IdentityAnswer::Nothing, |[address, login]| IdentityAnswer::Names { shown: address, also: login })
    }

    fn life(&self, kind: Kind, jar: &Jar, set: &[Cookie], now: Timestamp) -> Life {
        let sessions = || set.iter().filter(|cookie| cookie.name == SESSION);
        let is_over = |cookie: &Cookie| is_discarded(cookie) || cookie.is_gone(now);
        if sessions().any(|cookie| !is_over(cookie) && jar.value(SESSION) != Some(cookie.value.as_str())) {
            return Life::Over;
        }
        match sessions().any(is_over) {
            false => Life::On,
            true if kind == Kind::Logout => Life::SignedOut,
            true => Life::Over,
        }
    }

    fn gone(&self, _head: &Head<'_>) -> Reply {
        Reply { status: StatusCode::OK, content_type: "text/html; charset=utf-8", body: GONE.to_owned() }
    }

    /// When the login is successful, the script opens the user's folder, from where every user is redirected to the
    /// right page.
    fn tell(&self, outcome: Outcome) -> Option<Reply> {
        let (status, body) = match outcome {
            Outcome::Onward => (StatusCode::OK, RIGHT),
            Outcome::Wrong | Outcome::Refused => (StatusCode::FORBIDDEN, WRONG),
            Outcome::NotALogin => (StatusCode::BAD_REQUEST, "{}"),
            Outcome::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "{}"),
        };
        Some(Reply { status, content_type: "application/json", body: body.to_owned() })
    }

    fn ended_page(&self) -> &'static str {
        HOME
    }

    fn request_headers(&self) -> &'static [&'static str] {
        &["x-xsrf-token"]
    }

    fn client_cookies(&self) -> &'static [&'static str] {
        &[]
    }

    fn mirrored_cookies(&self) -> &'static [&'static str] {
        MIRRORED
    }

    fn own_headers(&self) -> &'static [(HeaderName, &'static str)] {
        OWN_HEADERS
    }
}

fn is_discarded(cookie: &Cookie) -> bool {
    cookie.value.is_empty() || cookie.value == DISCARDED
}

/// Matches `/SOGo/so/alice/Mail/1/…`, and any other name with a digit that may be interpreted as a number there, such
/// as `_1` (SOGo's `fromCSSIdentifier`). Names that are not accounts contain no digit.
fn is_other_account(segments: &[&str]) -> bool {
    let is_other = |name: &str| name != OWN_ACCOUNT && name.contains(char::is_numeric);
    segments.windows(2).any(|pair| pair[0].eq_ignore_ascii_case(MAIL) && is_other(pair[1]))
}

/// The account of the mailbox itself, from the signed-in user's preferences: SOGo lists it before those that were
/// added. The user may change names and sender addresses in it; `name` and `userName` come from the directory.
fn own_account(page: &str) -> Option<Value> {
    let (_, list) = page.split_once(ACCOUNTS)?;
    // Elsewhere in their preferences users choose keys of their own (a calendar category, for example), which could be
    // this one.
    if list.contains(ACCOUNTS) {
        return None;
    }
    let mut list = serde_json::Deserializer::from_str(list).into_iter::<Vec<Value>>().next()?.ok()?.into_iter();
    list.next()
}

/// The string value of a key of an object.
fn word(object: &Value, key: &str) -> Option<String> {
    object.get(key)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The signed-in user's folder as it appears in a path: `alice` of `/SOGo/alice` or `/SOGo/so/alice`.
fn own_folder(status: StatusCode, headers: &HeaderMap) -> Option<String> {
    let to: Uri = headers.get(LOCATION).filter(|_| status == StatusCode::FOUND)?.to_str().ok()?.parse().ok()?;
    let folder = to.path().trim_end_matches('/').strip_prefix(HOME)?;
    let folder = folder.strip_prefix("so/").unwrap_or(folder);
    (!folder.is_empty() && !folder.contains('/') && folder != "so").then(|| folder.to_owned())
}

fn is_static(head: &Head<'_>) -> bool {
    let path = head.path.as_str();
    let stamp = head.query.strip_prefix(STAMP).unwrap_or(head.query);
    matches!(*head.method, Method::GET | Method::HEAD)
        && FILES.iter().any(|folder| path.starts_with(folder))
        && path.rsplit_once('.').is_some_and(|(_, ending)| STATIC_ENDINGS.contains(&ending))
        && stamp.len() <= MAX_STAMP
        && stamp.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_by_script(head: &Head<'_>) -> bool {
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    text(ACCEPT.as_str()).is_some_and(|accept| accept.starts_with("application/json"))
        || head.headers.contains_key("x-xsrf-token")
        || text("sec-fetch-mode").is_some_and(|mode| mode != "navigate")
}

/// `BrazilianPortuguese`, as in its list of languages.
fn is_word(text: &str) -> bool {
    text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}
