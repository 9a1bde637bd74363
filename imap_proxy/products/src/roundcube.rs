//! Roundcube 1.6 (skin elastic), according to its observed behaviour.

use crate::form::{self, Form};
use crate::jar::{Cookie, Jar};
use crate::product::{Head, Kind, Life, Login, Product, Rebuilt, Reply, SignIn, between, local_target, unescape};
use http::header::LOCATION;
use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;
use postern_wire::auth::MAX_NAME;
use zeroize::Zeroizing;

/// The session's identifier.
const SESSION: &str = "roundcube_sessid";
/// Authenticates the session; if a login sets it twice, the last value applies. The value [`DELETED`] ends the session.
const PROOF: &str = "roundcube_sessauth";
const DELETED: &str = "-del-";

const ROOT: &str = "/";
const LOGIN: &str = "/?_task=login";
/// The login page with Roundcube's own message for a session that has ended.
const LOGIN_AFTER_END: &str = "/?_task=login&_err=session";
/// Queries of `/` that show the login page, and the target that is fetched for each.
const LOGIN_PAGES: &[(&str, &str)] =
    &[("", LOGIN), ("_task=login", LOGIN), ("_task=login&_err=session", LOGIN_AFTER_END)];
/// The query of the login form's target.
const LOGIN_QUERY: &str = "_task=login";

/// The folders of the login page's files.
const STATIC_FOLDERS: &[&str] = &["/skins/", "/plugins/", "/program/js/", "/program/resources/"];
/// Their file name extensions.
const STATIC_ENDINGS: &[&str] =
    &["css", "js", "map", "svg", "png", "gif", "jpg", "jpeg", "webp", "ico", "woff", "woff2", "ttf"];
/// The query that makes a browser reload them after an upgrade, and the maximum length of its number.
const STAMP: &str = "s=";
const MAX_STAMP: usize = 20;

/// Cookies that skins set in the browser.
const CLIENT_COOKIES: &[&str] = &["colorMode"];

/// The tasks to which a user may be redirected after signing in, and the parameters that name a folder or a message.
const TASKS: &[&str] = &["mail", "addressbook", "settings"];
const RETURN_PARAMETERS: &[&str] = &["_task", "_action", "_mbox", "_uid", "_search", "_page"];
const MAX_RETURN: usize = 512;
const MAX_ZONE: usize = 64;
/// The value in Roundcube's form if its script did not run.
const NO_ZONE: &str = "_default_";
/// Maximum number of characters of a request token, and of the words that a response to a script repeats.
const MAX_TOKEN: usize = 64;
const MAX_WORD: usize = 32;

/// See the module.
pub(crate) struct Roundcube;

impl Product for Roundcube {
    fn kind(&self, head: &Head<'_>) -> Kind {
        let reads = matches!(*head.method, Method::GET | Method::HEAD);
        if head.path.as_str() == ROOT {
            if *head.method == Method::POST && head.query == LOGIN_QUERY {
                return Kind::Login;
            }
            let page = LOGIN_PAGES.iter().find(|(query, _)| *query == head.query);
            if let Some((_, target)) = page.filter(|_| reads) {
                return Kind::LoginPage(target);
            }
        }
        if reads && is_static(head) {
            return Kind::Static;
        }
        if !reads || is_fetched(head) {
            return Kind::Background;
        }
        let query = query(head);
        match query.field("_task") {
            _ if is_remote(head, &query) || is_framed(head, &query) => Kind::Background,
            Some("logout") => Kind::Logout,
            _ => Kind::Navigation,
        }
    }

    fn is_destination(&self, head: &Head<'_>) -> bool {
        let query = query(head);
        head.path.as_str() == ROOT
            && self.kind(head) == Kind::Navigation
            && query.field("_task").is_some_and(|task| TASKS.contains(&task))
            && query.field("_action").is_none_or(is_word)
            // PHP interprets `.task` and `_task[` as other names, and uses the last of two parameters.
            && query.names().all(is_word)
            && ["_task", "_action"].iter().all(|name| query.names().filter(|it| it == name).count() <= 1)
    }

    fn login_page(&self) -> &'static str {
        LOGIN
    }

    fn read_login(&self, form: &Form) -> Option<Login> {
        if form.field("_task") != Some("login") || form.field("_action") != Some("login") {
            return None;
        }
        // Roundcube treats a name surrounded by a NUL, a tab or a newline as the name without it.
        let name = form.field("_user")?.trim_matches(' ');
        if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            return None;
        }
        let zone = form.field("_timezone").filter(|zone| is_zone(zone)).unwrap_or(NO_ZONE);
        let back = form.field("_url").filter(|back| is_return(back)).unwrap_or("");
        Some(Login {
            name: name.to_owned(),
            password: form.field("_pass")?.into(),
            extras: vec![("_timezone", zone.to_owned()), ("_url", back.to_owned())],
        })
    }

    fn rebuild(&self, page: &str, login: &Login) -> Option<Rebuilt> {
        let token = between(page, r#"name="_token" value=""#, "\"").filter(|token| is_token(token))?;
        let mut fields = vec![("_token", token), ("_task", "login"), ("_action", "login")];
        fields.extend(login.extras.iter().map(|(name, value)| (*name, value.as_str())));
        fields.extend([("_user", login.name.as_str()), ("_pass", login.password.reveal())]);
        Some(Rebuilt { target: LOGIN, body: Zeroizing::new(form::write(&fields)) })
    }

    fn judge(&self, status: StatusCode, headers: &HeaderMap, set: &[Cookie]) -> SignIn {
        let last = |name| set.iter().rfind(|cookie| cookie.name == name).map(|cookie| cookie.value.as_str());
        let proof = last(PROOF).filter(|value| !value.is_empty() && *value != DELETED);
        let session = last(SESSION).filter(|value| !value.is_empty());
        let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
        let (StatusCode::FOUND, Some(_), Some(_), Some(location)) = (status, proof, session, location) else {
            return SignIn::Refused;
        };
        let landing = local_target(location).unwrap_or_else(|| ROOT.to_owned());
        let query = landing.split_once('?').and_then(|(_, query)| form::parse(query.as_bytes()).ok());
        let token = query.as_ref().and_then(|query| query.field("_token")).filter(|token| is_token(token));
        SignIn::Accepted { logout: token.map(|token| format!("/?_task=logout&_token={token}")), landing }
    }

    fn identity_page(&self) -> &'static str {
        "/?_task=mail"
    }

    fn identity(&self, page: &str) -> Option<String> {
        // The heading of the folder list. If there are two, one of them is not from the skin.
        let mark = r#"<span class="header-title username">"#;
        let shown = between(page, mark, "</span>").filter(|_| page.matches(mark).count() == 1)?;
        unescape(shown.trim()).filter(|name| !name.is_empty() && !name.contains('<'))
    }

    fn life(&self, kind: Kind, jar: &Jar, set: &[Cookie], now: Timestamp) -> Life {
        let sets = |name| set.iter().filter(move |cookie| cookie.name == name);
        if sets(SESSION).any(|cookie| jar.value(SESSION) != Some(cookie.value.as_str())) {
            return Life::Over;
        }
        match sets(PROOF).any(|cookie| cookie.value == DELETED || cookie.is_gone(now)) {
            false => Life::On,
            true if kind == Kind::Logout => Life::SignedOut,
            true => Life::Over,
        }
    }

    fn gone(&self, head: &Head<'_>) -> Reply {
        let query = query(head);
        if is_remote(head, &query) {
            let word =
                |name, fallback: &'static str| query.field(name).filter(|word| is_word(word)).unwrap_or(fallback);
            let unlock = match word("_unlock", "") {
                "" => String::new(),
                unlock => format!(r#""unlock":"{unlock}","#),
            };
            let body = format!(
                r#"{{"action":"{}",{unlock}"exec":"this.session_error(\"{LOGIN_AFTER_END}\");\n"}}"#,
                word("_action", "refresh"),
            );
            return Reply { status: StatusCode::OK, content_type: "application/json; charset=UTF-8", body };
        }
        if is_framed(head, &query) {
            let body = format!(
                "<!DOCTYPE html>\n<html><head><script>if (window.parent && parent.rcmail) \
                 parent.rcmail.session_error(\"{LOGIN_AFTER_END}\");</script></head><body></body></html>\n"
            );
            return Reply { status: StatusCode::OK, content_type: "text/html; charset=UTF-8", body };
        }
        let body = "The session is over. Sign in again.\n".to_owned();
        Reply { status: StatusCode::UNAUTHORIZED, content_type: "text/plain; charset=UTF-8", body }
    }

    fn ended_page(&self) -> &'static str {
        LOGIN_AFTER_END
    }

    fn request_headers(&self) -> &'static [&'static str] {
        &["x-roundcube-request"]
    }

    fn client_cookies(&self) -> &'static [&'static str] {
        CLIENT_COOKIES
    }
}

fn is_static(head: &Head<'_>) -> bool {
    let path = head.path.as_str();
    let file = path.rsplit('/').next().unwrap_or_default();
    let folder = &path[..path.len() - file.len()];
    // `/plugins/x.php/y.css` would run x.php, and so does `x.php.css` on some servers.
    let is_script = folder.contains('.') || file.to_ascii_lowercase().contains(".ph");
    let ending = file.rsplit_once('.').map(|(_, ending)| ending);
    let stamp = head.query.strip_prefix(STAMP).unwrap_or(head.query);
    STATIC_FOLDERS.iter().any(|start| path.starts_with(start))
        && !is_script
        && ending.is_some_and(|ending| STATIC_ENDINGS.contains(&ending))
        && stamp.len() <= MAX_STAMP
        && stamp.bytes().all(|byte| byte.is_ascii_digit())
}

/// The parameters of the query; none if they could be interpreted in more than one way.
fn query(head: &Head<'_>) -> Form {
    form::parse(head.query.as_bytes()).unwrap_or_default()
}

fn header<'a>(head: &Head<'a>, name: &str) -> Option<&'a str> {
    head.headers.get(name)?.to_str().ok()
}

/// Whether it was sent by `rcmail.http_request`, which expects JSON.
fn is_remote(head: &Head<'_>, query: &Form) -> bool {
    header(head, "x-requested-with") == Some("XMLHttpRequest") || query.field("_remote") == Some("1")
}

fn is_framed(head: &Head<'_>, query: &Form) -> bool {
    matches!(header(head, "sec-fetch-dest"), Some("iframe" | "frame")) || query.field("_framed") == Some("1")
}

fn is_fetched(head: &Head<'_>) -> bool {
    header(head, "sec-fetch-mode").is_some_and(|mode| mode != "navigate")
}

fn is_word(text: &str) -> bool {
    (1..=MAX_WORD).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn is_token(text: &str) -> bool {
    (1..=MAX_TOKEN).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn is_zone(text: &str) -> bool {
    (1..=MAX_ZONE).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'-' | b'/'))
}

/// Whether `text` is a query that only names a location inside the webmail.
fn is_return(text: &str) -> bool {
    let Ok(query) = form::parse(text.as_bytes()) else { return false };
    text.len() <= MAX_RETURN
        && query.names().all(|name| RETURN_PARAMETERS.contains(&name))
        && query.field("_task").is_some_and(|task| TASKS.contains(&task))
        && query.field("_action").is_none_or(is_word)
}
