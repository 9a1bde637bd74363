//! Against answers captured from SOGo 5.8.0.

use crate::captured::{self, NOW, headers, set};
use crate::form::Format;
use crate::jar::Jar;
use crate::path;
use crate::product::{Head, IdentityAnswer, Kind, Life, Login, Outcome, Product, SignIn};
use crate::sogo::Sogo;
use http::header::LOCATION;
use http::{HeaderMap, Method, StatusCode};
use postern_proxy_config::Endpoint;

const SESSION: &str = "0xHIGHFLYxSOGo=basic%20RUlqWFpLaUpDVFlrRzhWTWtqOGtG; path=/SOGo/; HttpOnly";
const TOKEN: &str = "XSRF-TOKEN=a47b3cef491cbb73e282d9d11ec9dfdc7d045ebe; path=/SOGo/";
const DISCARDED: &str = "0xHIGHFLYxSOGo=discard; expires=Sat, 21-Nov-2026 06:29:39 UTC; path=/SOGo/";
const FORGOTTEN: &str = "SOGoLogin=; expires=Sat, 21-Nov-2026 06:21:03 UTC; path=/SOGo/";
const PREFERENCES: &str = r#"<script>
    {"SOGoTimeFormat":"%H:%M","AuxiliaryMailAccounts":[{"encryption":"none","port":143,"delegates":[],
    "name":"alice@example.com","serverName":"127.0.0.1","userName":"alice",
    "identities":[{"fullName":"Alice A","isDefault":1,"email":"sales@example.com"}]}],"SOGoMailComposeFontSize":0}"#;

fn kind_of(method: &Method, target: &str, sent: &[(&'static str, &str)]) -> Kind {
    captured::kind_of(&Sogo, method, target, sent)
}

fn get(target: &str) -> Kind {
    kind_of(&Method::GET, target, &[])
}

#[test]
fn a_login_is_one_wherever_it_is_posted() {
    for target in [
        "/SOGo/connect",
        "/SOGo/so/connect",
        "/SOGo/CONNECT",
        "/SOGo/so/bob/connect",
        "/SOGo/connect/x",
        "/SOGo/c%6fnnect",
    ] {
        assert_eq!(kind_of(&Method::POST, target, &[]), Kind::Login, "{target}");
        assert_eq!(get(target), Kind::Closed, "{target}");
        assert_eq!(kind_of(&Method::PUT, target, &[]), Kind::Closed, "{target}");
    }
    assert_eq!(kind_of(&Method::POST, "/connect", &[]), Kind::Closed);
}

#[test]
fn endpoints_are_known_and_what_is_not_known_is_closed() {
    for (target, endpoint) in [
        ("/SOGo/dav", Endpoint::Dav),
        ("/SOGo/dav/alice/Calendar/personal/", Endpoint::Dav),
        ("/SOGo/DAV/x", Endpoint::Dav),
        ("/SOGo/d%61v/x", Endpoint::Dav),
        ("/.well-known/caldav", Endpoint::Dav),
        ("/.well-known/carddav/", Endpoint::Dav),
        ("/Microsoft-Server-ActiveSync?Cmd=Sync", Endpoint::ActiveSync),
        ("/microsoft-server-activesync/", Endpoint::ActiveSync),
        ("/SOGo/Microsoft-Server-ActiveSync", Endpoint::ActiveSync),
        ("/SOGo/so/Microsoft-Server-ActiveSync", Endpoint::ActiveSync),
        ("/SOGo/so/bob/microsoft-server-ActiveSync", Endpoint::ActiveSync),
    ] {
        for method in [Method::GET, Method::POST, Method::OPTIONS, Method::from_bytes(b"PROPFIND").unwrap()] {
            assert_eq!(kind_of(&method, target, &[]), Kind::Endpoint(endpoint), "{method} {target}");
        }
    }
    for target in [
        "/SOGo/changePassword",
        "/SOGo/so/CHANGEPASSWORD",
        "/SOGo/so/bob/passwordRecovery",
        "/SOGo/so/passwordRecoveryEmail?token=x",
        "/SOGo/casProxy",
        "/SOGo/saml2-signon-post",
        "/SOGo/so/bob/Mail/1",
        "/SOGo/so/bob/Mail/12/folderINBOX/view",
        "/SOGo/bob/Mail/00/x",
        "/SOGo/so/bob/Mail/_1/folderINBOX/view",
        "/SOGo/so/bob/Mail/_0/view",
        "/SOGo/so/bob/mail/1",
        "/SOGo/dav/eve/Mail/1/",
        "/SOGo/dav/eve/Mail/_1/folderINBOX/",
        "/SOGo/so/eve/Mail/1/Microsoft-Server-ActiveSync",
        "/SOGo/SOGoAPI/users",
        "/SOGo/so/sogoapi",
        "/SOGo/connectName?userName=bob",
        "/SOGo/so/openid_redirect",
        "/SOGo.woa/so/bob",
        "/sogo/so/bob",
        "/.well-known/x",
        "/principals/",
        "/iredadmin/",
    ] {
        assert_eq!(get(target), Kind::Closed, "{target}");
        assert_eq!(kind_of(&Method::POST, target, &[]), Kind::Closed, "{target}");
    }
    assert_eq!((get("/"), kind_of(&Method::POST, "/", &[])), (Kind::Entrance("/SOGo/"), Kind::Closed));
    // What is no number below a person's mail is none of the accounts.
    for name in ["view", "mailAccounts", "unseenCount", "UIxMailEditor", "0", "0/folderINBOX/7/view", ""] {
        let target = format!("/SOGo/so/bob/Mail/{name}");
        assert_eq!(kind_of(&Method::POST, &target, &[]), Kind::Background, "{target}");
    }
    assert_eq!(get("/SOGo/dav/bob/Mail/0/folderINBOX/"), Kind::Endpoint(Endpoint::Dav));
    // A person may be called so.
    assert_eq!(get("/SOGo/so/dav/Mail/0/view"), Kind::Navigation);
}

#[test]
fn without_a_session_there_is_one_page_and_its_files() {
    for target in ["/SOGo", "/SOGo/", "/SOGo/index", "/SOGo/so", "/SOGo/so/", "/SOGo/so/login?language=French"] {
        assert_eq!(get(target), Kind::LoginPage("/SOGo/"), "{target}");
    }
    for target in [
        "/SOGo.woa/WebServerResources/js/Main.js?lm=1794777420",
        "/SOGo.woa/WebServerResources/css/theme-default.css?lm=1",
        "/SOGo/WebServerResources/img/sogo.ico",
    ] {
        assert_eq!(get(target), Kind::Static, "{target}");
    }
    for target in ["/SOGo.woa/WebServerResources/", "/SOGo.woa/WebServerResources/x.php", "/SOGo.woa/js/Main.js"] {
        assert_eq!(get(target), Kind::Closed, "{target}");
    }
    assert_eq!(get("/SOGo.woa/WebServerResources/js/Main.js?x=1"), Kind::Closed);
    assert_eq!(get("/SOGo/so/alice/Mail/view"), Kind::Navigation);
    assert_eq!(get("/SOGo/so/alice/logoff"), Kind::Logout);
    let by_script = [("accept", "application/json, text/plain, */*")];
    assert_eq!(kind_of(&Method::GET, "/SOGo/so/alice/Mail/0/view", &by_script), Kind::Background);
    assert_eq!(kind_of(&Method::POST, "/SOGo/so/alice/Mail/0/view", &[]), Kind::Background);
}

#[test]
fn a_login_is_rebuilt_from_its_fields() {
    let read = |body: &str| Sogo.read_login(&Format::Json.read(body.as_bytes()).unwrap());
    let login =
        read(r#"{"userName":" alice ","password":"p\"w","domain":null,"language":"French","rememberLogin":1,"x":"y"}"#);
    let login: Login = login.unwrap();
    let page = r#"<body class="main" ng-app="SOGo.MainUI">"#;
    let rebuilt = Sogo.rebuild(page, &login).unwrap();
    assert_eq!(rebuilt.target, "/SOGo/connect");
    assert_eq!(*rebuilt.body, r#"{"userName":"alice","password":"p\"w","language":"French"}"#);
    assert!(Sogo.rebuild("<title>It works!</title>", &login).is_none());
    let name = |body| read(body).map(|login| login.name);
    assert_eq!(name(r#"{"userName":"alice","domain":"example.com","password":"x"}"#).unwrap(), "alice@example.com");
    assert_eq!(name(r#"{"userName":"alice@a","domain":"b","password":"x"}"#).unwrap(), "alice@a");
    for wrong in
        [r#"{"userName":"a\u0000b","password":"x"}"#, r#"{"userName":"","password":"x"}"#, r#"{"userName":"a"}"#]
    {
        assert!(name(wrong).is_none(), "{wrong}");
    }
}

#[test]
fn only_a_session_is_a_success() {
    let judge =
        |status, lines: &[&str]| Sogo.judge(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), &set(lines));
    assert!(
        matches!(judge(200, &[SESSION, TOKEN, FORGOTTEN]), SignIn::Accepted { landing, .. } if landing == "/SOGo/")
    );
    for (status, lines) in [
        (403, &[FORGOTTEN][..]),
        (200, &[TOKEN]),
        (200, &[DISCARDED, TOKEN]),
        // SOGo's own second factor.
        (202, &[FORGOTTEN]),
        (202, &[SESSION]),
        (403, &[SESSION]),
        (502, &[]),
    ] {
        assert_eq!(judge(status, lines), SignIn::Refused, "{status} {lines:?}");
    }
}

#[test]
fn the_mailbox_is_named_by_its_own_address() {
    let identify = |heard, status: u16, location: &str, page: &str| {
        let headers = if location.is_empty() { HeaderMap::new() } else { headers(&[(LOCATION, location)]) };
        Sogo.identify(heard, StatusCode::from_u16(status).unwrap(), &headers, page)
    };
    let folder = IdentityAnswer::At("/SOGo/so/alice/Preferences".to_owned());
    for location in ["/SOGo/alice", "/SOGo/so/alice", "/SOGo/so/alice/", "https://mail.example.com/SOGo/so/alice"] {
        assert_eq!(identify(0, 302, location, ""), folder, "{location}");
    }
    for (status, location) in [
        (200, ""),
        (302, ""),
        (302, "/SOGo/"),
        (302, "/SOGo/so/"),
        (302, "/SOGo/so/a/b"),
        (302, "/x"),
        (301, "/SOGo/alice"),
    ] {
        assert_eq!(identify(0, status, location, PREFERENCES), IdentityAnswer::Nothing, "{status} {location}");
    }
    let alice = IdentityAnswer::Names { shown: "alice@example.com".to_owned(), also: "alice".to_owned() };
    assert_eq!(identify(1, 200, "", PREFERENCES), alice);
    assert_eq!(identify(1, 403, "", PREFERENCES), IdentityAnswer::Nothing);
    assert_eq!(
        identify(1, 200, "", &PREFERENCES.replace(r#""userName":"alice""#, r#""userName":"""#)),
        IdentityAnswer::Nothing
    );
    // Who once had another account is still who they are; their own comes first.
    let account = r#"{"name":"eve@example.com","userName":"eve"}"#;
    let two = PREFERENCES.replace("}],\"SOGoMail", &format!("}},{account}],\"SOGoMail"));
    assert_ne!(two, PREFERENCES);
    assert_eq!(identify(1, 200, "", &two), alice);
    // A category of the person's own, named to be taken for the list.
    let category = format!(r#"{{"SOGoCalendarCategoriesColors":{{"AuxiliaryMailAccounts":[{account}]}},"#);
    for spoof in [PREFERENCES.replacen('{', &category, 1), format!("{PREFERENCES}{category}")] {
        assert_eq!(identify(1, 200, "", &spoof), IdentityAnswer::Nothing);
    }
    let button = format!(r#"<md-button ng-click="app.addMailAccount($event, preferencesForm)">{PREFERENCES}"#);
    assert!(
        matches!(identify(1, 200, "", &button), IdentityAnswer::BypassRisk(why) if why.contains("AuxiliaryUserAccounts"))
    );
    for page in [
        "",
        r#""AuxiliaryMailAccounts":[]"#,
        r#""AuxiliaryMailAccounts":[{"name":"","userName":"alice"}]"#,
        r#""AuxiliaryMailAccounts":[{"name":"alice@example.com"}]"#,
        r#""AuxiliaryMailAccounts":"#,
    ] {
        assert_eq!(identify(1, 200, "", page), IdentityAnswer::Nothing, "{page}");
    }
}

#[test]
fn another_login_or_a_discarded_one_ends_the_session() {
    let mut jar = Jar::default();
    jar.absorb(&set(&[SESSION, TOKEN]), NOW);
    let life = |kind, lines: &[&str]| Sogo.life(kind, &jar, &set(lines), NOW);
    assert_eq!(life(Kind::Navigation, &[]), Life::On);
    assert_eq!(life(Kind::Background, &[SESSION, FORGOTTEN]), Life::On);
    let another = SESSION.replace("RUlq", "MXZK");
    for kind in [Kind::Navigation, Kind::Background, Kind::Logout] {
        assert_eq!(life(kind, &[&another]), Life::Over, "{kind:?}");
    }
    assert_eq!(life(Kind::Background, &[DISCARDED]), Life::Over);
    assert_eq!(life(Kind::Logout, &[DISCARDED]), Life::SignedOut);
}

#[test]
fn a_script_hears_in_its_own_words() {
    let path = path::parse(b"/SOGo/so/alice/Mail/0/view").unwrap();
    let gone = Sogo.gone(&Head { method: &Method::POST, path: &path, query: "", headers: &HeaderMap::new() });
    assert!(gone.status == StatusCode::OK && gone.body.starts_with("<!DOCTYPE html"));
    let tell = |outcome| Sogo.tell(outcome).map(|reply| (reply.status.as_u16(), reply.body)).unwrap();
    assert_eq!(tell(Outcome::Onward), (200, r#"{"cn":"","expire":-1,"grace":-1}"#.to_owned()));
    assert_eq!(tell(Outcome::Wrong), (403, r#"{"LDAPPasswordPolicyError":65535}"#.to_owned()));
    assert_eq!(tell(Outcome::Refused), tell(Outcome::Wrong));
    assert_eq!(tell(Outcome::Unavailable).0, 503);
}
