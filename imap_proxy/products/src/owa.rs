//! Outlook on the web of Exchange 2016, 2019 and SE with forms-based authentication, according to its documentation and
//! observed behaviour. `tests/src/exchange_web` documents the source of each part.

use crate::form::{self, Form};
use crate::jar::{Cookie, Jar};
use crate::product::{
    BROWSER, Head, IdentityAnswer, IdentityRequest, Kind, Life, Login, Product, Rebuilt, Reply, SignIn, between,
    local_target, unescape,
};
use http::header::{CONTENT_TYPE, HeaderName, LOCATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use jiff::Timestamp;
use postern_proxy_config::Endpoint;
use postern_wire::auth::MAX_NAME;
use zeroize::Zeroizing;

/// The start page.
const HOME: &str = "/owa/";
/// The folder of the pages that need no session: for the sign-in, and for errors.
const BESIDE: &str = "/owa/auth/";
/// The target of the login form.
const SIGN_IN: &str = "/owa/auth.owa";
/// Exchange treats every POST as a login if its path ends in one of these, in any folder.
const SIGN_IN_ENDINGS: [&str; 2] = ["auth.owa", "owaauth.dll"];
/// The login page, by the reason that it shows: none, signed out, wrong, timed out, password changed.
const LOGIN_PAGES: [&str; 5] = [
    "/owa/auth/logon.aspx?replaceCurrent=1&reason=0",
    "/owa/auth/logon.aspx?replaceCurrent=1&reason=1",
    WRONG,
    TIMED_OUT,
    "/owa/auth/logon.aspx?replaceCurrent=1&reason=4",
];
const LOGIN: &str = LOGIN_PAGES[0];
const WRONG: &str = "/owa/auth/logon.aspx?replaceCurrent=1&reason=2";
const TIMED_OUT: &str = "/owa/auth/logon.aspx?replaceCurrent=1&reason=3";
/// The page after signing out.
const SIGNED_OUT: &str = "/owa/auth/logoff.aspx?Cmd=logoff&src=exch";
/// The requests that end a session.
const SIGN_OUT: &str = "/owa/logoff.owa";
const ENDINGS_OF_SESSIONS: [&str; 2] = [SIGN_OUT, "/ecp/logoff.aspx"];
/// The page for changing an expired password, which requires only the password.
const EXPIRED: &str = "/owa/auth/expiredpassword.aspx";
/// The page for a mailbox that was never opened, and the target of its form.
const LANGUAGE: &str = "/owa/languageselection.aspx";
const LANGUAGE_CHOSEN: &str = "/owa/lang.owa";

/// The cookies of a session. A login sets all five; during the session only the last two are renewed.
const COOKIES: [&str; 5] = ["cadata", "cadataKey", "cadataIV", "cadataTTL", "cadataSig"];
const OF_ONE_LOGIN: &[&str] = &["cadata", "cadataKey", "cadataIV"];
/// Tokens that scripts send back with a request: those of the webmail and of the control panel.
const CANARY: &str = "X-OWA-CANARY";
const CANARY_HEADER: HeaderName = HeaderName::from_static("x-owa-canary");
const CANARIES: &[&str] = &[CANARY, "msExchEcpCanary"];
/// Set by the login page's script: without the first cookie no login is accepted.
const OWN_COOKIES: &[(&str, &str)] = &[("PBack", "0")];
/// Headers that its scripts send with their calls. The other headers with these prefixes select the user or the target
/// of a request (`X-OWA-ExplicitLogonUser`, `X-OWA-ProxyUri`, …), and are used only between Exchange servers.
const REQUEST_HEADERS: &[&str] = &[
    "action",
    "client-request-id",
    "msexchecpcanary",
    "x-owa-actionid",
    "x-owa-actionname",
    "x-owa-attempt",
    "x-owa-canary",
    "x-owa-clientbegin",
    "x-owa-clientbuildversion",
    "x-owa-correlationid",
    "x-owa-serviceunavailableontransienterror",
    "x-owa-urlpostdata",
];
const CLIENT_COOKIES: &[&str] = &["PBack", "PrivateComputer"];
/// A client that it does not recognise as a browser gets another, older webmail.
const OWN_HEADERS: &[(HeaderName, &str)] = &[(USER_AGENT, BROWSER)];

/// Paths that only scripts request.
const SCRIPTED: &[&str] = &["service.svc", "ev.owa", "ev.owa2", "ping.owa", "sessiondata.ashx"];
/// The files of the login page.
const STATIC_FOLDERS: &[&str] = &["themes", "scripts"];
const STATIC_ENDINGS: &[&str] = &["css", "js", "svg", "png", "gif", "jpg", "ico", "woff", "woff2", "ttf", "eot"];

/// The folders of the endpoints.
const ENDPOINTS: &[(&str, Endpoint)] = &[
    ("ews", Endpoint::Ews),
    ("microsoft-server-activesync", Endpoint::ActiveSync),
    ("mapi", Endpoint::Mapi),
    ("rpc", Endpoint::Rpc),
    ("rpcwithcert", Endpoint::Rpc),
    ("oab", Endpoint::Oab),
    ("autodiscover", Endpoint::Autodiscover),
    ("powershell", Endpoint::PowerShell),
    ("powershell-liveid", Endpoint::PowerShell),
    ("api", Endpoint::Api),
];

/// The status by which its scripts recognise the end of a session; it is not in any RFC.
const LOGIN_TIMEOUT: u16 = 440;
/// The body of that response.
const TIMEOUT_PAGE: &str = "<HTML><SCRIPT>if (parent.navbar != null) parent.location = self.location;else self.location \
                            = self.location;</SCRIPT><BODY>440 Login Timeout</BODY></HTML>";

/// See the module.
pub(crate) struct Owa;

impl Product for Owa {
    fn endpoints(&self) -> &'static [Endpoint] {
        &[
            Endpoint::Ews,
            Endpoint::ActiveSync,
            Endpoint::Mapi,
            Endpoint::Rpc,
            Endpoint::Oab,
            Endpoint::Autodiscover,
            Endpoint::PowerShell,
            Endpoint::Api,
        ]
    }

    fn is_exchange(&self) -> bool {
        true
    }

    fn kind(&self, head: &Head<'_>) -> Kind {
        let path = head.path.as_str().to_ascii_lowercase();
        let reads = matches!(*head.method, Method::GET | Method::HEAD);
        // NTFS interprets `auth.owa::$DATA` as auth.owa.
        if path.contains(':') {
            return Kind::Closed;
        }
        if path.split('/').any(|segment| SIGN_IN_ENDINGS.iter().any(|ending| segment.ends_with(ending))) {
            return match *head.method {
                Method::POST => Kind::Login,
                // A login page that is reloaded after its form was submitted.
                _ if reads => Kind::Entrance(HOME),
                _ => Kind::Closed,
            };
        }
        let folder = path[1..].split('/').next().unwrap_or_default();
        if let Some((_, endpoint)) = ENDPOINTS.iter().find(|(name, _)| *name == folder) {
            return Kind::Endpoint(*endpoint);
        }
        match folder {
            "" if reads => return Kind::Entrance(HOME),
            "owa" | "ecp" if path != EXPIRED => {}
            // A path that is not known to belong to it could be another endpoint.
            _ => return Kind::Closed,
        }
        if ENDINGS_OF_SESSIONS.contains(&path.as_str()) {
            return Kind::Logout;
        }
        match path.as_str() {
            _ if !reads => Kind::Background,
            "/owa" | HOME => Kind::LoginPage(LOGIN),
            "/owa/auth/logon.aspx" => Kind::LoginPage(login_page(head.query)),
            "/owa/auth/logoff.aspx" | "/owa/auth/signout.aspx" => Kind::LoginPage(SIGNED_OUT),
            _ if is_static(&path, head.query) => Kind::Static,
            _ if is_by_script(head, &path) => Kind::Background,
            _ => Kind::Navigation,
        }
    }

    /// All content is at one address; the query selects it.
    fn is_destination(&self, head: &Head<'_>) -> bool {
        let Ok(query) = form::parse(head.query.as_bytes()) else { return false };
        // With this parameter the older webmail signs out, among other actions.
        let does = query.names().any(|name| name.eq_ignore_ascii_case("cmd"));
        head.path.as_str().eq_ignore_ascii_case(HOME) && !head.query.is_empty() && !does
    }

    fn carried(&self, head: &Head<'_>) -> Option<String> {
        let path = head.path.as_str().to_ascii_lowercase();
        let is_login_page = path.ends_with("/logon.aspx") || SIGN_IN_ENDINGS.iter().any(|it| path.ends_with(it));
        let query = form::parse(head.query.as_bytes()).ok().filter(|_| is_login_page)?;
        query.field("url").map(str::to_owned)
    }

    fn login_page(&self) -> &'static str {
        LOGIN
    }

    fn read_login(&self, form: &Form) -> Option<Login> {
        let name = form.field("username")?.trim_matches(' ');
        if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            return None;
        }
        let number = |name: &str, fallback: &'static str| {
            let given = form.field(name).filter(|value| value.len() == 1 && value.bytes().all(|b| b.is_ascii_digit()));
            given.unwrap_or(fallback).to_owned()
        };
        Some(Login {
            name: name.to_owned(),
            password: form.field("password")?.into(),
            extras: vec![("flags", number("flags", "0")), ("forcedownlevel", number("forcedownlevel", "0"))],
        })
    }

    fn rebuild(&self, page: &str, login: &Login) -> Option<Rebuilt> {
        let destination = unescape(between(page, r#"name="destination" value=""#, "\"")?)?;
        let mut fields = vec![("destination", destination.as_str())];
        fields.extend(login.extras.iter().map(|(name, value)| (*name, value.as_str())));
        fields.extend([("username", login.name.as_str()), ("password", login.password.reveal())]);
        fields.extend([("passwordText", ""), ("isUtf8", "1")]);
        Some(Rebuilt { target: SIGN_IN, body: Zeroizing::new(form::write(&fields)) })
    }

    fn judge(&self, status: StatusCode, headers: &HeaderMap, set: &[Cookie]) -> SignIn {
        let Some(to) = sent_to(status, headers) else { return SignIn::Refused };
        let path = to.path().to_ascii_lowercase();
        if path.ends_with("/logon.aspx") {
            let page = login_page(to.query().unwrap_or_default());
            // Whatever reason it shows, the login was not accepted.
            return SignIn::RefusedAt(if page == LOGIN { WRONG } else { page });
        }
        if path == EXPIRED {
            tracing::warn!(
                "a password is right but has expired; the page that changes it by the password alone stays closed"
            );
            return SignIn::RefusedAt(WRONG);
        }
        let last = |name: &str| set.iter().rfind(|cookie| cookie.name.eq_ignore_ascii_case(name));
        match COOKIES.iter().all(|name| last(name).is_some_and(|cookie| !cookie.value.is_empty())) {
            true => SignIn::Accepted { landing: landing(&to), logout: Some(SIGN_OUT.to_owned()) },
            false => SignIn::RefusedAt(WRONG),
        }
    }

    fn identity_page(&self) -> &'static str {
        HOME
    }

    /// The primary address of the mailbox, from the settings with which its script starts.
    fn identity(&self, page: &str) -> Option<String> {
        let settings: serde_json::Value = serde_json::from_str(page).ok()?;
        let session =
            settings.get("SessionSettings").or_else(|| settings.get("owaUserConfig")?.get("SessionSettings"))?;
        let address = |key| session.get(key).and_then(serde_json::Value::as_str).filter(|text| !text.is_empty());
        address("LogonEmailAddress").or_else(|| address("UserEmailAddress")).map(str::to_owned)
    }

    fn identity_request(&self, heard: usize, jar: &Jar) -> Option<IdentityRequest> {
        let (method, target) = match heard {
            0 => return Some(IdentityRequest::page(HOME)),
            1 => (Method::POST, "/owa/service.svc?action=GetOwaUserConfiguration&AC=1"),
            // The same data among other data; depending on its version, the product's own script requests one or the
            // other.
            2 => (Method::POST, "/owa/sessiondata.ashx?appcacheclient=0"),
            _ => return None,
        };
        let canary = HeaderValue::from_str(jar.value(CANARY)?).ok()?;
        let constant = |name, value| (HeaderName::from_static(name), HeaderValue::from_static(value));
        let headers = vec![
            (CANARY_HEADER, canary),
            constant("action", "GetOwaUserConfiguration"),
            constant("x-requested-with", "XMLHttpRequest"),
            (CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8")),
        ];
        Some(IdentityRequest { method, target: target.into(), headers, body: Some("{}") })
    }

    fn identify(&self, heard: usize, status: StatusCode, headers: &HeaderMap, page: &str) -> IdentityAnswer {
        if heard == 0 {
            let to = sent_to(status, headers).map(|to| to.path().to_ascii_lowercase());
            return match to.as_deref() {
                Some(LANGUAGE) => IdentityAnswer::Unopened(LANGUAGE),
                Some(path) if path.starts_with(HOME) && !path.starts_with(BESIDE) => IdentityAnswer::More,
                None if status == StatusCode::OK => IdentityAnswer::More,
                _ => IdentityAnswer::Nothing,
            };
        }
        match self.identity(page).filter(|_| status == StatusCode::OK) {
            Some(name) => IdentityAnswer::Name(name),
            None if heard == 1 => IdentityAnswer::More,
            None => IdentityAnswer::Nothing,
        }
    }

    fn has_ended(&self, status: StatusCode, headers: &HeaderMap) -> bool {
        let to_login = |to: Uri| to.path().to_ascii_lowercase().ends_with("/auth/logon.aspx");
        status.as_u16() == LOGIN_TIMEOUT || sent_to(status, headers).is_some_and(to_login)
    }

    fn opens(&self, head: &Head<'_>) -> bool {
        let path = head.path.as_str().to_ascii_lowercase();
        match *head.method {
            Method::GET | Method::HEAD => path == LANGUAGE,
            Method::POST => path == LANGUAGE_CHOSEN,
            _ => false,
        }
    }

    fn life(&self, kind: Kind, jar: &Jar, set: &[Cookie], now: Timestamp) -> Life {
        let is = |cookie: &Cookie, name: &str| cookie.name.eq_ignore_ascii_case(name);
        let is_another = |cookie: &&Cookie| {
            let known = OF_ONE_LOGIN.iter().find(|name| is(cookie, name)).map(|name| jar.value(name));
            known.is_some_and(|known| !cookie.is_gone(now) && known != Some(&cookie.value))
        };
        let is_taken = |cookie: &&Cookie| cookie.is_gone(now) && COOKIES.iter().any(|name| is(cookie, name));
        if set.iter().any(|cookie| is_another(&cookie)) {
            return Life::Over;
        }
        match kind {
            // Whatever the response was.
            Kind::Logout => Life::SignedOut,
            _ if set.iter().any(|cookie| is_taken(&cookie)) => Life::Over,
            _ => Life::On,
        }
    }

    fn gone(&self, _head: &Head<'_>) -> Reply {
        let status = StatusCode::from_u16(LOGIN_TIMEOUT).unwrap_or(StatusCode::UNAUTHORIZED);
        Reply { status, content_type: "text/html; charset=utf-8", body: TIMEOUT_PAGE.to_owned() }
    }

    fn ended_page(&self) -> &'static str {
        TIMED_OUT
    }

    fn request_headers(&self) -> &'static [&'static str] {
        REQUEST_HEADERS
    }

    fn client_cookies(&self) -> &'static [&'static str] {
        CLIENT_COOKIES
    }

    fn mirrored_cookies(&self) -> &'static [&'static str] {
        CANARIES
    }

    fn own_cookies(&self) -> &'static [(&'static str, &'static str)] {
        OWN_COOKIES
    }

    fn own_headers(&self) -> &'static [(HeaderName, &'static str)] {
        OWN_HEADERS
    }
}

/// The login page with the reason that a query specifies.
fn login_page(query: &str) -> &'static str {
    let query = form::parse(query.as_bytes()).unwrap_or_default();
    let reason = query.field("reason").and_then(|reason| reason.parse::<usize>().ok());
    reason.and_then(|reason| LOGIN_PAGES.get(reason)).copied().unwrap_or(LOGIN)
}

/// `/owa/auth/15.2.1544/themes/resources/segoeui-regular.ttf`
fn is_static(path: &str, query: &str) -> bool {
    let mut segments = path.split('/').skip(1);
    let in_order = [segments.next(), segments.next()] == [Some("owa"), Some("auth")];
    let version = segments.next().unwrap_or_default();
    let folder = segments.next().unwrap_or_default();
    let (rest, ending) = path.rsplit_once('.').unwrap_or_default();
    in_order
        && !version.is_empty()
        && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && STATIC_FOLDERS.contains(&folder)
        && STATIC_ENDINGS.contains(&ending)
        // `/themes/x.aspx/y.css` would run x.aspx.
        && !rest.split('/').skip(4).any(|segment| segment.contains('.'))
        && query.is_empty()
}

fn is_by_script(head: &Head<'_>, path: &str) -> bool {
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    path.split('/').any(|segment| SCRIPTED.contains(&segment))
        || head.headers.contains_key(CANARY_HEADER)
        || text("x-requested-with") == Some("XMLHttpRequest")
        || text("sec-fetch-mode").is_some_and(|mode| mode != "navigate")
}

/// The URL to which a response redirects the browser; none if there is no redirect.
fn sent_to(status: StatusCode, headers: &HeaderMap) -> Option<Uri> {
    headers.get(LOCATION).filter(|_| status == StatusCode::FOUND)?.to_str().ok()?.parse().ok()
}

/// The path of that URL on this host, if it is inside the webmail: the product uses the host name of the request in its
/// URLs.
fn landing(to: &Uri) -> String {
    let target = to.path_and_query().and_then(|target| local_target(target.as_str()));
    let inside = |target: &String| {
        let target = target.to_ascii_lowercase();
        ["/owa/", "/ecp/"].iter().any(|folder| target.starts_with(folder))
    };
    target.filter(inside).unwrap_or_else(|| HOME.to_owned())
}

#[cfg(test)]
#[path = "owa_tests.rs"]
mod tests;
