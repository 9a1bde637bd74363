//! Against answers captured from Roundcube 1.6.5.

use crate::form;
use crate::jar::{Cookie, Jar, set_cookies};
use crate::path;
use crate::product::{Head, Kind, Life, Login, Product, SignIn};
use crate::roundcube::Roundcube;
use http::header::{HeaderName, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use jiff::Timestamp;

const NOW: Timestamp = Timestamp::constant(1_795_305_946, 0);
const DELETE: &str = "roundcube_sessauth=-del-; expires=Sun, 22 Nov 2026 00:04:46 GMT; Max-Age=0; path=/; HttpOnly";
const SESSION: &str = "roundcube_sessid=va3q4kkq0ntl0hnl01tgh5ifa7; path=/; HttpOnly";
const PROOF: &str = "roundcube_sessauth=4zBozsfx4kuEp3GsTkNwHrfIWW-1795305900; path=/; HttpOnly";
const LANDING: &str = "/?_task=mail&_token=ji4USlREi7WhwfevayZL7tXVQwfkJeWr";

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pairs =
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(name, value);
    }
    headers
}

fn cookies(lines: &[&str]) -> Vec<Cookie> {
    let lines: Vec<_> = lines.iter().map(|line| ("set-cookie", *line)).collect();
    set_cookies(&headers(&lines), NOW)
}

fn kind(method: &Method, target: &str, sent: &[(&'static str, &str)]) -> Kind {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = path::parse(path.as_bytes()).unwrap();
    Roundcube.kind(&Head { method, path: &path, query, headers: &headers(sent) })
}

fn get(target: &str) -> Kind {
    kind(&Method::GET, target, &[])
}

#[test]
fn the_login_page_is_fetched_with_a_target_of_ours() {
    assert_eq!(get("/"), Kind::LoginPage("/?_task=login"));
    assert_eq!(get("/?_task=login"), Kind::LoginPage("/?_task=login"));
    assert_eq!(get("/?_task=login&_err=session"), Kind::LoginPage("/?_task=login&_err=session"));
    for other in ["/?_task=mail", "/?_task=login&_action=login", "/?_task=login&x=1", "/index.php", "/?_TASK=login"] {
        assert_eq!(get(other), Kind::Navigation, "{other}");
    }
}

#[test]
fn only_one_spelling_is_a_login() {
    assert_eq!(kind(&Method::POST, "/?_task=login", &[]), Kind::Login);
    for target in [
        "/",
        "/?_task=login&_action=login",
        "/?_action=login&_task=login",
        "/?_task=login&",
        "/?_task=lo<b>gin",
        "/?%5ftask=login",
        "/?_task=mail&_task=login",
        "/index.php?_task=login",
        "/index.php/login",
        "/x?_task=login",
    ] {
        assert_eq!(kind(&Method::POST, target, &[]), Kind::Background, "{target}");
    }
    assert_eq!(kind(&Method::PUT, "/?_task=login", &[]), Kind::Background);
}

#[test]
fn files_of_the_login_page_are_open_and_nothing_else() {
    for file in [
        "/skins/elastic/styles/styles.min.css?s=1794859272",
        "/skins/elastic/images/favicon.ico?s=1699116754",
        "/skins/elastic/fonts/roboto-v29-regular.woff2",
        "/plugins/jqueryui/js/jquery-ui.min.js?s=1658988307",
        "/program/js/app.min.js?s=1794859272",
        "/program/resources/blank.gif",
    ] {
        assert_eq!(get(file), Kind::Static, "{file}");
        assert_eq!(kind(&Method::HEAD, file, &[]), Kind::Static, "{file}");
        assert_ne!(kind(&Method::POST, file, &[]), Kind::Static, "{file}");
    }
    for other in [
        "/plugins/managesieve/managesieve.php",
        "/plugins/x.php/y.css",
        "/plugins/x/index.php.css",
        "/plugins/x/a.pHtml.js",
        "/plugins/x/",
        "/plugins/x/config.inc",
        "/skins/elastic/styles/styles.min.css?_task=mail",
        "/skins/elastic/styles/styles.min.css?s=1&_task=mail",
        "/skins/elastic/styles/styles.min.css?s=123456789012345678901",
        "/program/include/rcmail.php",
        "/program/lib/x.js",
        "/SKINS/elastic/styles/styles.min.css",
        "/config/config.inc.php",
        "/logs/errors.css",
    ] {
        assert_ne!(get(other), Kind::Static, "{other}");
    }
}

#[test]
fn scripts_and_frames_are_told_apart_from_persons() {
    for (target, sent) in [
        ("/?_task=mail&_action=refresh&_remote=1", &[][..]),
        ("/?_task=mail&_action=list", &[("x-requested-with", "XMLHttpRequest")]),
        ("/?_task=mail&_action=show&_framed=1", &[]),
        ("/?_task=mail&_action=show", &[("sec-fetch-dest", "iframe")]),
        ("/?_task=mail&_action=get", &[("sec-fetch-mode", "no-cors")]),
        ("/?_task=logout&_remote=1", &[]),
    ] {
        assert_eq!(kind(&Method::GET, target, sent), Kind::Background, "{target}");
    }
    let navigation = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    assert_eq!(kind(&Method::GET, "/?_task=mail&_action=show&_uid=1", &navigation), Kind::Navigation);
    assert_eq!(kind(&Method::GET, "/?_task=logout&_token=x", &navigation), Kind::Logout);
    assert_eq!(get("/?_task=mail&_task=logout"), Kind::Navigation);
}

fn login(body: &str) -> Option<Login> {
    Roundcube.read_login(&form::parse(body.as_bytes()).unwrap())
}

#[test]
fn a_login_is_read_from_its_own_fields_only() {
    let body = "_token=x&_task=login&_action=login&_timezone=Europe%2FParis&_url=_task%3Dmail%26_uid%3D1\
                &_user=+alice%40example.com+&_pass=p%26w&_host=evil.example";
    let read = login(body).unwrap();
    assert_eq!((read.name.as_str(), read.password.reveal()), ("alice@example.com", "p&w"));
    let page = r#"<input type="hidden" name="_token" value="H21zvr9ykLP8bjun">"#;
    let rebuilt = Roundcube.rebuild(page, &read).unwrap();
    assert_eq!(rebuilt.target, "/?_task=login");
    assert_eq!(
        *rebuilt.body,
        "_token=H21zvr9ykLP8bjun&_task=login&_action=login&_timezone=Europe%2FParis\
         &_url=_task%3Dmail%26_uid%3D1&_user=alice%40example.com&_pass=p%26w"
    );
    assert!(Roundcube.rebuild("<html>no form</html>", &read).is_none());
    assert!(Roundcube.rebuild(r#"name="_token" value="a&b""#, &read).is_none());
}

#[test]
fn what_is_not_plainly_a_login_is_none() {
    for body in [
        "_task=mail&_action=login&_user=a&_pass=b",
        "_task=login&_user=a&_pass=b",
        "_task=login&_action=login&_pass=b",
        "_task=login&_action=login&_user=a",
        "_task=login&_action=login&_user=&_pass=b",
        "_task=login&_action=login&_user=+&_pass=b",
        "_task=login&_action=login&_user=a%00&_pass=b",
        "_task=login&_action=login&_user=%0aa&_pass=b",
        "_task=login&_action=login&_user=a%09&_pass=b",
        "_task=login&_action=login&_user=a%C2%85&_pass=b",
        "+_task=login&_action=login&_user=a&_pass=b",
        ".task=login&_action=login&_user=a&_pass=b",
        "_task=lo%3Cb%3Egin&_action=login&_user=a&_pass=b",
    ] {
        assert!(login(body).is_none(), "{body}");
    }
    assert!(login(&format!("_task=login&_action=login&_pass=b&_user={}", "a".repeat(321))).is_none());
}

#[test]
fn extras_come_from_an_allow_list() {
    let extras = |more: &str| login(&format!("_task=login&_action=login&_user=a&_pass=b&{more}")).unwrap().extras;
    let none = vec![("_timezone", "_default_".to_owned()), ("_url", String::new())];
    for odd in [
        "_timezone=%3Cscript%3E",
        "_url=https%3A%2F%2Fevil.example",
        "_url=_task%3Dlogin",
        "_url=_task%3Dlogout",
        "_url=_task%3Dmail%26_task%3Dlogout",
        "_url=_task%3Dmail%26evil%3D1",
        "_url=_action%3Dshow",
    ] {
        assert_eq!(extras(odd), none, "{odd}");
    }
}

#[test]
fn a_sign_in_is_a_redirect_with_a_session_and_its_proof() {
    let judge = |status, lines: &[&str], location: Option<&str>| {
        let mut headers = HeaderMap::new();
        if let Some(location) = location {
            headers.insert(LOCATION, HeaderValue::from_str(location).unwrap());
        }
        Roundcube.judge(status, &headers, &cookies(lines))
    };
    let found = StatusCode::FOUND;
    let logout = Some("/?_task=logout&_token=ji4USlREi7WhwfevayZL7tXVQwfkJeWr".to_owned());
    let accepted = SignIn::Accepted { landing: LANDING.to_owned(), logout };
    assert_eq!(judge(found, &[DELETE, SESSION, PROOF], Some(LANDING)), accepted);
    for (status, lines, location) in [
        (StatusCode::UNAUTHORIZED, &[DELETE, DELETE][..], None),
        (StatusCode::OK, &[DELETE, SESSION, PROOF], Some(LANDING)),
        (found, &[SESSION, PROOF, DELETE], Some(LANDING)),
        (found, &[SESSION, DELETE], Some(LANDING)),
        (found, &[SESSION], Some(LANDING)),
        (found, &[PROOF], Some(LANDING)),
        (found, &[], Some(LANDING)),
        (found, &[DELETE, SESSION, PROOF], None),
        (found, &["Roundcube_sessid=x", "ROUNDCUBE_SESSAUTH=y"], Some(LANDING)),
    ] {
        assert_eq!(judge(status, lines, location), SignIn::Refused, "{status} {lines:?}");
    }
    let elsewhere = judge(found, &[DELETE, SESSION, PROOF], Some("https://evil.example/"));
    assert_eq!(elsewhere, SignIn::Accepted { landing: "/".to_owned(), logout: None });
}

#[test]
fn a_released_session_lives_by_what_the_webmail_sets() {
    let mut jar = Jar::default();
    jar.absorb(&cookies(&[SESSION, PROOF]), NOW);
    let life = |kind, lines: &[&str]| Roundcube.life(kind, &jar, &cookies(lines), NOW);
    let other = "roundcube_sessid=another; path=/; HttpOnly";
    for kind in [Kind::Navigation, Kind::Background, Kind::Static, Kind::Logout, Kind::LoginPage("/")] {
        assert_eq!(life(kind, &[]), Life::On);
        assert_eq!(life(kind, &["roundcube_sessauth=renewed-1795306200; path=/; HttpOnly"]), Life::On);
        assert_eq!(life(kind, &[SESSION]), Life::On);
        assert_eq!(life(kind, &["language=fr"]), Life::On);
        assert_eq!(life(kind, &[other]), Life::Over);
        // A disguised login: the old proof is deleted, another session begins.
        assert_eq!(life(kind, &[DELETE, other, PROOF]), Life::Over);
        assert_eq!(life(kind, &["roundcube_sessid=deleted; Max-Age=0"]), Life::Over);
        let ended = if kind == Kind::Logout { Life::SignedOut } else { Life::Over };
        assert_eq!(life(kind, &[DELETE]), ended);
        assert_eq!(life(kind, &["roundcube_sessauth=-del-"]), ended);
        assert_eq!(life(kind, &["roundcube_sessauth="]), ended);
    }
}

#[test]
fn the_mail_page_says_who_is_signed_in() {
    let page = |name: &str| {
        let html = format!("<div class=\"header\">\n<span class=\"header-title username\">{name}</span>\n</div>");
        Roundcube.identity(&html)
    };
    assert_eq!(page("alice@example.com").as_deref(), Some("alice@example.com"));
    assert_eq!(page("o&#039;neil@example.com").as_deref(), Some("o'neil@example.com"));
    assert_eq!(page(""), None);
    assert_eq!(page("<b>x</b>"), None);
    assert_eq!(page("a</span><span class=\"header-title username\">b"), None);
    assert_eq!(Roundcube.identity("<body class=\"task-login\">"), None);
}

fn gone(target: &str, sent: &[(&'static str, &str)]) -> crate::product::Reply {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = path::parse(path.as_bytes()).unwrap();
    Roundcube.gone(&Head { method: &Method::GET, path: &path, query, headers: &headers(sent) })
}

#[test]
fn a_script_is_told_as_roundcube_tells_it() {
    let told = gone("/?_task=mail&_action=list&_remote=1&_unlock=loading1", &[]);
    let expected =
        r#"{"action":"list","unlock":"loading1","exec":"this.session_error(\"/?_task=login&_err=session\");\n"}"#;
    assert_eq!((told.status, told.body.as_str()), (StatusCode::OK, expected));
    let told = gone("/?_task=mail", &[("x-requested-with", "XMLHttpRequest")]);
    let expected = r#"{"action":"refresh","exec":"this.session_error(\"/?_task=login&_err=session\");\n"}"#;
    assert_eq!((told.content_type, told.body.as_str()), ("application/json; charset=UTF-8", expected));
    // Nothing of the request gets into the answer but words.
    assert_eq!(gone("/?_action=%22%2Calert(1)&_unlock=%3C&_remote=1", &[]).body, expected);
    assert!(gone("/?_task=mail&_framed=1", &[]).body.contains("parent.rcmail.session_error"));
    assert_eq!(gone("/?_task=mail&_action=get&_part=1", &[]).status, StatusCode::UNAUTHORIZED);
}
