//! SnappyMail 2.38, according to its source code and observed behaviour.
//!
//! It has one page and one script: everything except files is at `/`, and the query determines the kind. Paths and
//! queries that are not known to belong to the webmail are closed, whatever their name: the administration panel (whose
//! name is configurable), sign-ins that other programs delegate (`Sso`), and anything that plugins add.

use crate::form::{Form, Format};
use crate::jar::{Cookie, Jar};
use crate::product::{
    Head, IdentityAnswer, IdentityRequest, Kind, Life, Login, Outcome, Product, Rebuilt, Reply, SignIn, typed_name,
};
use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use zeroize::Zeroizing;

const ROOT: &str = "/";
/// The first request of the page's script: returns the token that every call sends back, and the signed-in user.
const APP_DATA: &str = "/?/AppData/0/0/";
/// The target of calls. The body determines which call it is.
const CALL: &str = "/?/Json/&q[]=/0/";
/// The target of the call that needs no token.
const SIGN_OUT: &str = "/?/Json/0/Logout/";
/// The language that [`SnappyMail::tell`] returns, and the script that is then loaded.
const ONWARD: &str = "onward";
const ONWARD_SCRIPT: &str = "/Lang/0/App/onward/onward/";
/// The content of that script.
const RELOAD: &str = "location.reload();\n";

/// Contains the mailbox and its password, for a browser that has the other cookies. Only a login sets a new value.
const ACCOUNT: &str = "smaccount";
/// The same for another mailbox that the user has added; the webmail then shows that mailbox.
const ADDITIONAL: &str = "smadditional";
/// The value with which a response deletes a cookie.
const DELETED: &str = "deleted";

/// The parts of the login page other than files: languages, themes, the scripts of plugins.
const PARTS: &[&str] = &["Lang", "Css", "Plugins"];
/// Calls whose body is a file or a report.
const UPLOADS: &[&str] = &["Upload", "UploadContacts", "UploadBackground", "CspReport"];
/// Resources that are fetched in a session: messages and attachments, images of other servers, addresses to write to.
const FETCHED: &[&str] = &["Raw", "ProxyExternal", "Mailto", "mailto"];
/// The target of links from other sites: a mail to be written. The other pages are in the URL's fragment.
const TO_WRITE: &[&str] = &["Mailto", "mailto"];
/// Maximum number of characters of the address of a part.
const MAX_PART: usize = 160;

/// The folders of files, below `/snappymail/v/2.38.2/`.
const STATIC_FOLDERS: &[&str] = &["static", "themes"];
const STATIC_ENDINGS: &[&str] =
    &["css", "js", "json", "svg", "png", "gif", "jpg", "jpeg", "webp", "ico", "mp3", "woff", "woff2", "ttf"];

/// Its error codes for failed calls (`Notifications.php`).
const INVALID_TOKEN: u16 = 101;
const AUTH_ERROR: u16 = 102;
const CONNECTION_ERROR: u16 = 104;
const ACCOUNT_NOT_ALLOWED: u16 = 110;

const BYPASS_RISK: &str = "SnappyMail lets people add other mailboxes by their passwords alone; set \
                           `allow_additional_accounts = Off` in [webmail] of its application.ini";

/// See the module.
pub(crate) struct SnappyMail;

impl Product for SnappyMail {
    fn kind(&self, head: &Head<'_>) -> Kind {
        let reads = matches!(*head.method, Method::GET | Method::HEAD);
        if head.path.as_str() != ROOT {
            return if is_static(head) { Kind::Static } else { Kind::Closed };
        }
        let service = service(head.query);
        match service {
            "" if reads && head.query.trim_start_matches('/').is_empty() => Kind::LoginPage(ROOT),
            "Json" if *head.method == Method::POST => Kind::Call,
            "Json" if reads => Kind::Background,
            "AppData" if reads => Kind::LoginPage(APP_DATA),
            _ if PARTS.contains(&service) && reads => part(head.query),
            _ if UPLOADS.contains(&service) && *head.method == Method::POST => Kind::Background,
            _ if FETCHED.contains(&service) && reads => match is_navigation(head) {
                true => Kind::Navigation,
                false => Kind::Background,
            },
            _ => Kind::Closed,
        }
    }

    fn is_destination(&self, head: &Head<'_>) -> bool {
        head.path.as_str() == ROOT && TO_WRITE.contains(&service(head.query))
    }

    fn login_page(&self) -> &'static str {
        APP_DATA
    }

    fn format(&self) -> Format {
        Format::Json
    }

    fn read_login(&self, form: &Form) -> Option<Login> {
        if form.field("Action") != Some("Login") {
            return None;
        }
        let name = typed_name(form.field("Email")?)?;
        let language = form.field("language").filter(|language| is_language(language)).unwrap_or_default();
        Some(Login {
            name: name.to_owned(),
            password: form.field("Password")?.into(),
            extras: vec![("language", language.to_owned())],
        })
    }

    fn rebuild(&self, page: &str, login: &Login) -> Option<Rebuilt> {
        let page: Value = serde_json::from_str(page).ok()?;
        let token = page.get("System")?.get("token")?.as_str()?;
        let mut fields = vec![("Action", "Login"), ("XToken", token), ("signMe", "0")];
        fields.extend(login.extras.iter().map(|(name, value)| (*name, value.as_str())));
        fields.extend([("Email", login.name.as_str()), ("Password", login.password.reveal())]);
        Some(Rebuilt { target: CALL, body: Zeroizing::new(Format::Json.write(&fields)) })
    }

    fn judge(&self, status: StatusCode, _headers: &HeaderMap, set: &[Cookie]) -> SignIn {
        let account = set.iter().rfind(|cookie| cookie.name == ACCOUNT);
        let is_in = account.is_some_and(|cookie| !cookie.value.is_empty() && cookie.value != DELETED);
        match status == StatusCode::OK && is_in {
            true => SignIn::Accepted { landing: ROOT.to_owned(), logout: Some(SIGN_OUT.to_owned()) },
            false => SignIn::Refused,
        }
    }

    fn identity_page(&self) -> &'static str {
        APP_DATA
    }

    fn identity(&self, page: &str) -> Option<String> {
        let page: Value = serde_json::from_str(page).ok()?;
        let text = |key| page.get(key)?.as_str().filter(|text| !text.is_empty());
        let (main, shown) = (text("mainEmail")?, text("Email")?);
        (page.get("Auth")? == &Value::Bool(true) && main == shown).then(|| main.to_owned())
    }

    fn identity_request(&self, heard: usize, _jar: &Jar) -> Option<IdentityRequest> {
        (heard == 0).then(|| IdentityRequest::page(APP_DATA))
    }

    fn identify(&self, _heard: usize, status: StatusCode, _headers: &HeaderMap, page: &str) -> IdentityAnswer {
        let Some(name) = self.identity(page).filter(|_| status == StatusCode::OK) else {
            return IdentityAnswer::Nothing;
        };
        let data: Value = serde_json::from_str(page).unwrap_or_default();
        match data.pointer("/Capa/AdditionalAccounts") {
            Some(Value::Bool(false)) => IdentityAnswer::Name(name),
            _ => IdentityAnswer::BypassRisk(BYPASS_RISK),
        }
    }

    fn life(&self, _kind: Kind, jar: &Jar, set: &[Cookie], now: Timestamp) -> Life {
        let is_gone = |cookie: &Cookie| cookie.is_gone(now) || cookie.value == DELETED;
        let is_part = |cookie: &Cookie, name: &str| cookie.name.split('~').next() == Some(name);
        let is_another = |cookie: &&Cookie| {
            !is_gone(cookie)
                && (is_part(cookie, ADDITIONAL)
                    || (is_part(cookie, ACCOUNT) && jar.value(&cookie.name) != Some(cookie.value.as_str())))
        };
        if set.iter().any(|cookie| is_another(&cookie)) {
            return Life::Over;
        }
        // It is deleted when the user signs out, and when the session has ended: the response then contains nothing to
        // protect.
        match set.iter().any(|cookie| cookie.name == ACCOUNT && is_gone(cookie)) {
            true => Life::SignedOut,
            false => Life::On,
        }
    }

    fn gone(&self, head: &Head<'_>) -> Reply {
        if head.query == ONWARD_SCRIPT {
            let content_type = "application/javascript; charset=utf-8";
            return Reply { status: StatusCode::OK, content_type, body: RELOAD.to_owned() };
        }
        // The script waits five seconds, then reloads the page.
        failed(INVALID_TOKEN)
    }

    /// After signing in, a script continues with the user's data in the response, on the same page. The response cannot
    /// name another page, but the script loads the language that the response names, and that script reloads the page.
    fn tell(&self, outcome: Outcome) -> Option<Reply> {
        let code = match outcome {
            Outcome::Onward => {
                let data = json!({ "Auth": false, "language": ONWARD, "System": { "version": ONWARD } });
                return Some(call(&json!({ "Action": "Login", "Result": data })));
            }
            Outcome::Wrong => AUTH_ERROR,
            Outcome::NotALogin => INVALID_TOKEN,
            Outcome::Refused => ACCOUNT_NOT_ALLOWED,
            Outcome::Unavailable => CONNECTION_ERROR,
        };
        Some(failed(code))
    }

    fn ended_page(&self) -> &'static str {
        ROOT
    }

    fn request_headers(&self) -> &'static [&'static str] {
        &["x-sm-token"]
    }

    fn client_cookies(&self) -> &'static [&'static str] {
        &[]
    }
}

/// The service that a query requests: the first word of `/?/Lang/0/App/fr/`.
fn service(query: &str) -> &str {
    query.trim_start_matches('/').split(['/', '&']).next().unwrap_or_default()
}

fn failed(code: u16) -> Reply {
    call(&json!({ "Action": "Unknown", "Result": false, "code": code, "message": "", "messageAdditional": "" }))
}

fn call(answer: &Value) -> Reply {
    Reply { status: StatusCode::OK, content_type: "application/json; charset=utf-8", body: answer.to_string() }
}

/// `/?/Lang/0/App/fr/2.38.2/`: only plain words, and none of the administration panel.
fn part(query: &str) -> Kind {
    if query == ONWARD_SCRIPT {
        return Kind::Onward;
    }
    let is_plain = query.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.' | b'@'));
    match is_plain && query.len() <= MAX_PART && !query.split('/').any(|word| word.eq_ignore_ascii_case("admin")) {
        true => Kind::Static,
        false => Kind::Closed,
    }
}

/// `/snappymail/v/2.38.2/static/js/min/app.min.js`
fn is_static(head: &Head<'_>) -> bool {
    let path = head.path.as_str();
    let mut segments = head.path.segments();
    let in_order = [segments.next(), segments.next()] == [Some("snappymail"), Some("v")];
    let version = segments.next().unwrap_or_default();
    let folder = segments.next().unwrap_or_default();
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    matches!(*head.method, Method::GET | Method::HEAD)
        && in_order
        && version.starts_with(|first: char| first.is_ascii_digit())
        && STATIC_FOLDERS.contains(&folder)
        && STATIC_ENDINGS.contains(&ending)
        // `/x.php/y.css` would run x.php.
        && !path.to_ascii_lowercase().contains(".ph")
        && head.query.is_empty()
}

fn is_navigation(head: &Head<'_>) -> bool {
    head.headers.get("sec-fetch-mode").is_none_or(|mode| mode == "navigate")
}

/// `pt-BR`, as in its list of languages.
fn is_language(text: &str) -> bool {
    text.len() <= 16 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}
