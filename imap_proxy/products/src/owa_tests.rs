use super::*;
use crate::captured;
use crate::jar::set_cookies;
use http::header::SET_COOKIE;

const NOW: Timestamp = Timestamp::constant(1_795_305_946, 0);
const FIVE: [&str; 5] = [
    "cadata=esw2hf2tJL2L7Czb; path=/; secure; HttpOnly",
    "cadataTTL=lWhZTkknWXOawVEzMk2O5w==; path=/; secure; HttpOnly",
    "cadataKey=J2xUs5cK+VfEie4cIY6lUI2m; path=/; secure; HttpOnly",
    "cadataIV=LT7ecWINf5C9N2D4rIA8A1Hc; path=/; secure; HttpOnly",
    "cadataSig=DsGVR6t7ecPkNt+4QAIHg; path=/; secure; HttpOnly",
];

fn kind_of(method: &Method, target: &str, headers: &[(&'static str, &'static str)]) -> Kind {
    captured::kind_of(&Owa, method, target, headers)
}

fn get(target: &str) -> Kind {
    kind_of(&Method::GET, target, &[])
}

fn answer(lines: &[&str], location: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(SET_COOKIE, HeaderValue::from_str(line).unwrap());
    }
    if !location.is_empty() {
        headers.insert(LOCATION, HeaderValue::from_str(location).unwrap());
    }
    headers
}

fn judge(status: u16, lines: &[&str], location: &str) -> SignIn {
    let headers = answer(lines, location);
    Owa.judge(StatusCode::from_u16(status).unwrap(), &headers, &set_cookies(&headers, NOW))
}

#[test]
fn a_login_is_one_wherever_it_is_posted() {
    for target in [
        "/owa/auth.owa",
        "/OWA/AUTH.OWA",
        "/owa/auth/owaauth.dll",
        "/exchweb/bin/auth/OwaAuth.dll",
        "/ecp/auth.owa?x=1",
        "/EWS/auth.owa",
        "/any/where/auth.owa",
        "/owa/xauth.owa",
        "/owa/auth.owa/more",
        "/auth.ow%61",
    ] {
        assert_eq!(kind_of(&Method::POST, target, &[]), Kind::Login, "{target}");
        assert_eq!(get(target), Kind::Entrance(HOME), "{target}");
        assert_eq!(kind_of(&Method::PUT, target, &[]), Kind::Closed, "{target}");
    }
    assert_eq!(kind_of(&Method::POST, "/owa/auth.owa.x", &[]), Kind::Background);
}

#[test]
fn endpoints_are_known_in_every_case_and_what_is_not_known_is_closed() {
    for (target, endpoint) in [
        ("/EWS/Exchange.asmx", Endpoint::Ews),
        ("/ews", Endpoint::Ews),
        ("/e%57s/", Endpoint::Ews),
        ("/Microsoft-Server-ActiveSync?Cmd=Sync", Endpoint::ActiveSync),
        ("/MAPI/emsmdb", Endpoint::Mapi),
        ("/rpc/rpcproxy.dll?a:6001", Endpoint::Rpc),
        ("/RpcWithCert/rpcproxy.dll", Endpoint::Rpc),
        ("/OAB/1/oab.xml", Endpoint::Oab),
        ("/autodiscover/autodiscover.json", Endpoint::Autodiscover),
        ("/PowerShell", Endpoint::PowerShell),
        ("/api/v2.0/me", Endpoint::Api),
    ] {
        for method in [Method::GET, Method::POST, Method::OPTIONS, Method::from_bytes(b"RPC_IN_DATA").unwrap()] {
            assert_eq!(kind_of(&method, target, &[]), Kind::Endpoint(endpoint), "{method} {target}");
        }
    }
    for target in [
        "/EWS::$DATA/x",
        "/owa/auth.owa::$DATA",
        "/MICROS~1",
        "/exchange/",
        "/public",
        "/x/owa/",
        "/(S(x))/owa/",
        "/aspnet_client/x.aspx",
        EXPIRED,
    ] {
        assert_eq!(get(target), Kind::Closed, "{target}");
        assert_eq!(kind_of(&Method::POST, target, &[]), Kind::Closed, "{target}");
    }
    assert_eq!((get("/"), kind_of(&Method::POST, "/", &[])), (Kind::Entrance(HOME), Kind::Closed));
}

#[test]
fn without_a_session_there_are_constant_pages_and_their_files() {
    for target in ["/owa", "/owa/", "/OWA/?path=/mail/inbox", "/owa/auth/logon.aspx", "/owa/auth/logon.aspx?reason=9"] {
        assert_eq!(get(target), Kind::LoginPage(LOGIN), "{target}");
    }
    for (reason, page) in LOGIN_PAGES.iter().enumerate() {
        let target = format!("/owa/auth/Logon.aspx?url=https%3a%2f%2fx%2fowa&reason={reason}");
        assert_eq!(get(&target), Kind::LoginPage(page));
        assert_eq!(get(page), Kind::LoginPage(page));
    }
    assert_eq!(get("/owa/auth/logoff.aspx?Cmd=logoff&src=exch"), Kind::LoginPage(SIGNED_OUT));
    for target in ["/owa/auth/15.2.1544/themes/resources/segoeui-regular.ttf", "/owa/auth/15.1.1/scripts/premium/x.js"]
    {
        assert_eq!(get(target), Kind::Static, "{target}");
    }
    for target in [
        "/owa/15.2.1544/themes/x.css",
        "/owa/auth/x/themes/x.css",
        "/owa/auth//themes",
        "/owa/auth/15.2/themes/x.aspx",
        "/owa/auth/15.2/themes/x.aspx/x.css",
        "/owa/auth/15.2/themes/x.css?y",
        "/ecp/auth/15.2/themes/x.css",
        "/owa/auth/errorFE.aspx",
        "/ecp/",
    ] {
        let seen = std::panic::catch_unwind(|| get(target));
        assert!(!matches!(seen, Ok(Kind::Static | Kind::LoginPage(_))), "{target}");
    }
}

#[test]
fn scripts_are_told_apart_from_people() {
    for target in [
        "/owa/service.svc?action=FindItem",
        "/owa/service.svc/s/GetFileAttachment?id=1",
        "/owa/alice@example.com/service.svc",
        "/owa/ev.owa2?ns=PendingRequest&ev=PendingNotificationRequest",
        "/owa/sessiondata.ashx",
    ] {
        assert_eq!(get(target), Kind::Background, "{target}");
    }
    for header in [("x-requested-with", "XMLHttpRequest"), ("x-owa-canary", "x"), ("sec-fetch-mode", "cors")] {
        assert_eq!(kind_of(&Method::GET, "/ecp/x", &[header]), Kind::Background, "{header:?}");
    }
    assert_eq!(kind_of(&Method::POST, "/ecp/x", &[]), Kind::Background);
    assert_eq!(get("/ecp/?p=x"), Kind::Navigation);
    assert_eq!((get("/owa/logoff.owa"), get("/ECP/logoff.aspx?src=x")), (Kind::Logout, Kind::Logout));
}

#[test]
fn a_login_is_rebuilt_from_what_was_read() {
    let form = form::parse(
        b"destination=https%3A%2F%2Fevil.example%2F&flags=4&forcedownlevel=x&username=+EXAMPLE%5Cbob+&password=p%26+w&x=y",
    );
    let login = Owa.read_login(&form.unwrap()).unwrap();
    assert_eq!(login.name, "EXAMPLE\\bob");
    let page = r#"<input type="hidden" name="destination" value="https://mail.example.com/owa/">"#;
    let rebuilt = Owa.rebuild(page, &login).unwrap();
    assert_eq!(rebuilt.target, "/owa/auth.owa");
    assert_eq!(
        *rebuilt.body,
        "destination=https%3A%2F%2Fmail.example.com%2Fowa%2F&flags=4&forcedownlevel=0&username=EXAMPLE%5Cbob&\
         password=p%26+w&passwordText=&isUtf8=1"
    );
    assert!(Owa.rebuild("<html>", &login).is_none());
    for form in ["username=bob", "password=x", "username=+&password=x", "username=b%0Aob&password=x"] {
        assert!(Owa.read_login(&form::parse(form.as_bytes()).unwrap()).is_none(), "{form}");
    }
}

#[test]
fn five_cookies_are_a_success_and_nothing_else_is() {
    let accepted = |landing: &str| SignIn::Accepted { landing: landing.to_owned(), logout: Some(SIGN_OUT.to_owned()) };
    for (location, landing) in [
        ("https://mail.example.com/owa/", "/owa/"),
        ("/owa/?path=/mail", "/owa/?path=/mail"),
        ("https://mail.example.com/ecp/", "/ecp/"),
        ("https://evil.example/", "/owa/"),
        ("https://evil.example//owa/", "/owa/"),
        ("/EWS/", "/owa/"),
    ] {
        assert_eq!(judge(302, &FIVE, location), accepted(landing), "{location}");
    }
    let logon = |reason: &str| format!("https://mail.example.com/owa/auth/logon.aspx?url=x&reason={reason}");
    for (reason, page) in [("1", 1), ("2", 2), ("3", 3), ("4", 4), ("0", 2), ("17", 2), ("x", 2)] {
        assert_eq!(judge(302, &FIVE, &logon(reason)), SignIn::RefusedAt(LOGIN_PAGES[page]), "{reason}");
    }
    assert_eq!(judge(302, &FIVE, "/owa/auth/expiredpassword.aspx?url=/owa/auth.owa"), SignIn::RefusedAt(WRONG));
    for missing in 0..FIVE.len() {
        let four: Vec<&str> = FIVE.iter().enumerate().filter(|(at, _)| *at != missing).map(|(_, line)| *line).collect();
        assert_eq!(judge(302, &four, "/owa/"), SignIn::RefusedAt(WRONG));
    }
    let taken = "cadata=; expires=Thu, 01-Jan-1970 00:00:00 GMT; path=/";
    assert_eq!(judge(302, &[&FIVE[..], &[taken]].concat(), "/owa/"), SignIn::RefusedAt(WRONG));
    for status in [200, 301, 303, 307, 401, 440, 500] {
        assert_eq!(judge(status, &FIVE, "/owa/"), SignIn::Refused, "{status}");
    }
}

#[test]
fn a_session_stays_that_of_one_login() {
    let mut jar = Jar::default();
    jar.absorb(&set_cookies(&answer(&FIVE, ""), NOW), NOW);
    let life = |kind, lines: &[&str]| Owa.life(kind, &jar, &set_cookies(&answer(lines, ""), NOW), NOW);
    for kind in [Kind::Navigation, Kind::Background, Kind::Static] {
        assert_eq!(life(kind, &[]), Life::On);
        assert_eq!(life(kind, &["cadataTTL=renewed==; path=/", "cadataSig=renewed; path=/", "UC=1"]), Life::On);
        assert_eq!(life(kind, &FIVE), Life::On);
        for name in ["cadata", "cadataKey", "cadataIV", "CADATA", "CaDataKey"] {
            assert_eq!(life(kind, &[&format!("{name}=another; path=/")]), Life::Over, "{name}");
        }
        for name in COOKIES {
            assert_eq!(life(kind, &[&format!("{name}=; path=/")]), Life::Over, "{name}");
        }
    }
    assert_eq!(life(Kind::Logout, &[]), Life::SignedOut);
    assert_eq!(life(Kind::Logout, &["cadata=; path=/"]), Life::SignedOut);
    assert_eq!(life(Kind::Logout, &["cadata=another; path=/"]), Life::Over);
}

#[test]
fn a_session_that_exchange_has_ended_is_over() {
    let ended =
        |status: u16, location: &str| Owa.has_ended(StatusCode::from_u16(status).unwrap(), &answer(&[], location));
    assert!(ended(440, ""));
    assert!(ended(302, "https://mail.example.com/owa/auth/logon.aspx?url=x&reason=0"));
    assert!(!ended(302, "/owa/") && !ended(200, "") && !ended(401, "") && !ended(200, "/owa/auth/logon.aspx"));
}

#[test]
fn who_is_in_is_said_by_the_settings() {
    let mut jar = Jar::default();
    assert_eq!(Owa.identity_request(0, &jar).unwrap().target, "/owa/");
    assert!(Owa.identity_request(1, &jar).is_none(), "there is no canary");
    jar.absorb(&set_cookies(&answer(&["X-OWA-CANARY=Vq9_x-1.; path=/; secure"], ""), NOW), NOW);
    let identity_request = Owa.identity_request(1, &jar).unwrap();
    assert_eq!(identity_request.method, Method::POST);
    assert!(identity_request.headers.contains(&(CANARY_HEADER, HeaderValue::from_static("Vq9_x-1."))));
    assert_eq!(Owa.identity_request(2, &jar).unwrap().target, "/owa/sessiondata.ashx?appcacheclient=0");
    assert!(Owa.identity_request(3, &jar).is_none());

    let identify = |heard, status: u16, location: &str, page: &str| {
        Owa.identify(heard, StatusCode::from_u16(status).unwrap(), &answer(&[], location), page)
    };
    assert_eq!(identify(0, 302, "https://mail.example.com/owa/?bO=1", ""), IdentityAnswer::More);
    assert_eq!(identify(0, 200, "", "<html>"), IdentityAnswer::More);
    assert_eq!(
        identify(0, 302, "/owa/languageselection.aspx?url=%2fowa%2f", ""),
        IdentityAnswer::Unopened("/owa/languageselection.aspx")
    );
    for (status, location) in [(302, "/owa/auth/errorFE.aspx"), (302, "/owa/auth/logon.aspx"), (500, ""), (440, "")] {
        assert_eq!(identify(0, status, location, ""), IdentityAnswer::Nothing, "{status} {location}");
    }
    let settings =
        |session: &str| format!(r#"{{"UserOptions":{{"LogonEmailAddress":"eve@x"}},"SessionSettings":{session}}}"#);
    let of = |session: &str| identify(1, 200, "", &settings(session));
    let name = |name: &str| IdentityAnswer::Name(name.to_owned());
    assert_eq!(of(r#"{"UserEmailAddress":"info@x","LogonEmailAddress":"bob@x"}"#), name("bob@x"));
    assert_eq!(of(r#"{"UserEmailAddress":"bob@x"}"#), name("bob@x"));
    for session in ["{}", "null", r#"{"LogonEmailAddress":""}"#, r#"{"LogonEmailAddress":7}"#, "\"bob@x\""] {
        assert_eq!(of(session), IdentityAnswer::More, "{session}");
    }
    assert_eq!(identify(1, 500, "", &settings(r#"{"LogonEmailAddress":"bob@x"}"#)), IdentityAnswer::More);
    assert_eq!(identify(1, 200, "", "<html>"), IdentityAnswer::More);
    let session = r#"{"findConversation":{},"owaUserConfig":{"SessionSettings":{"LogonEmailAddress":"bob@x"}}}"#;
    assert_eq!(identify(2, 200, "", session), name("bob@x"));
    for (status, page) in [(500, session), (200, "<html>"), (200, "{}")] {
        assert_eq!(identify(2, status, "", page), IdentityAnswer::Nothing, "{status} {page}");
    }
}

#[test]
fn a_script_is_told_in_its_own_way() {
    let path = crate::path::parse(b"/owa/service.svc").unwrap();
    let headers = HeaderMap::new();
    let gone = Owa.gone(&Head { method: &Method::POST, path: &path, query: "", headers: &headers });
    assert_eq!(gone.status.as_u16(), 440);
    assert!(gone.body.contains("440 Login Timeout"));
}
