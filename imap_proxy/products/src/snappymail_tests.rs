//! Against answers captured from SnappyMail 2.38.2.

use crate::captured::{self, NOW, set};
use crate::form::Format;
use crate::jar::Jar;
use crate::path;
use crate::product::{Head, IdentityAnswer, Kind, Life, Outcome, Product, SignIn};
use crate::snappymail::SnappyMail;
use http::{HeaderMap, Method, StatusCode};

const SESSION: &str = "smsession=2024ffbf37244ac7902630a32429c28ff2095ba0; path=/; HttpOnly; SameSite=Strict";
const KEY: &str = "smctoken=Zj9OBtHDctF%2FAnu%2FrdYGHQ%3D%3D; path=/; SameSite=Strict";
const ACCOUNT: &str = "smaccount=WyJjMjlrYVhWdCIsInNSS2dcL1Q3Q3U1; path=/; HttpOnly; SameSite=Strict";
const DELETED: &str =
    "smaccount=deleted; expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; path=/; HttpOnly; SameSite=Strict";
const ADDITIONAL: &str = "smadditional=WyJjMjlrYVhWdCIsIkV0Zk1; path=/; HttpOnly; SameSite=Strict";
const STRANGER: &str = r#"{"Auth":false,"title":"SnappyMail Webmail","Plugins":[],"System":{"version":"2.38.2",
    "token":"0-047accfb4b91b858be743822f8e3a71ffd49897e","webPath":"\/"},"language":"en"}"#;
const SIGNED_IN: &str = r#"{"Auth":true,"System":{"version":"2.38.2","token":"1-c85d71027ab6ca0f3cfe6a928070707875cf54c9"},
    "Email":"alice@example.com","mainEmail":"alice@example.com","Capa":{"AdditionalAccounts":false,"Identities":true}}"#;

fn kind_of(method: &Method, target: &str, sent: &[(&'static str, &str)]) -> Kind {
    captured::kind_of(&SnappyMail, method, target, sent)
}

fn get(target: &str) -> Kind {
    kind_of(&Method::GET, target, &[])
}

#[test]
fn what_belongs_to_the_webmail_is_a_short_list() {
    for (target, kind) in [
        ("/", Kind::LoginPage("/")),
        ("/?/", Kind::LoginPage("/")),
        ("/?/AppData/0/5121866443434/", Kind::LoginPage("/?/AppData/0/0/")),
        ("/?/Lang/0/App/pt-BR/2.38.2/", Kind::Static),
        ("/?/Css/0/User/-/NextcloudV25@custom/-/1795305946/Hash/-/Json/", Kind::Static),
        ("/?/Plugins/0/User/9a3ddbbd4aa6de5a8f1e7ecb5a7a1b4a/", Kind::Static),
        ("/?/Lang/0/App/onward/onward/", Kind::Onward),
        ("/snappymail/v/2.38.2/static/js/min/app.min.js", Kind::Static),
        ("/snappymail/v/2.38.2/themes/Default/images/background.jpg", Kind::Static),
        ("/?/Json/&q[]=/0/MessageList/&q[]=/aW5ib3g", Kind::Background),
        ("/?/Raw/&q[]=/0/Download/&q[]=/x", Kind::Navigation),
        ("/?Mailto&to=mailto:bob@example.com", Kind::Navigation),
    ] {
        assert_eq!(get(target), kind, "{target}");
    }
    let fetched = [("sec-fetch-mode", "no-cors")];
    assert_eq!(kind_of(&Method::GET, "/?/ProxyExternal/aHR0cA", &fetched), Kind::Background);
    assert_eq!(kind_of(&Method::POST, "/?/Json/&q[]=/0/", &[]), Kind::Call);
    assert_eq!(kind_of(&Method::POST, "/?/Upload/&q[]=/0/", &[]), Kind::Background);
    for target in [
        "/?admin",
        "/?/admin/",
        "/?admin/Json/&q[]=/0/",
        "/?Admin",
        "/?ad%6din",
        "/?/AdminAppData/0/1/",
        "/?/Lang/0/Admin/en/2.38.2/",
        "/?/Css/0/admin/-/Default/",
        "/?/Plugins/0/User/x/&q[]=/admin",
        "/?/Lang/0/App/%2e%2e/x/",
        "/?sso&hash=x",
        "/?/Sso/",
        "/?ExternalLogin",
        "/?ExternalSso",
        "/?LoginOAuth2",
        "/?/json/&q[]=/0/",
        "/?q[]=/Json",
        "/?&q[]=/Json",
        "/?/&q[]=/admin",
        "/?x=1",
        "/?/Ping/",
        "/index.php",
        "/index.php?admin",
        "/admin/",
        "/data/_data_/_default_/configs/application.ini",
        "/snappymail/v/2.38.2/app/libraries/RainLoop/Api.php",
        "/snappymail/v/2.38.2/static/x.php/y.css",
        "/snappymail/v/2.38.2/static/x.css?y",
        "/snappymail/v/x/static/x.css",
    ] {
        assert_eq!(get(target), Kind::Closed, "{target}");
        assert_eq!(kind_of(&Method::POST, target, &[]), Kind::Closed, "{target}");
    }
    assert_eq!(kind_of(&Method::POST, "/", &[]), Kind::Closed);
    assert_eq!(kind_of(&Method::PUT, "/?/Json/&q[]=/0/", &[]), Kind::Closed);
}

#[test]
fn a_login_is_rebuilt_from_its_fields() {
    let read = |body: &str| SnappyMail.read_login(&Format::Json.read(body.as_bytes()).unwrap());
    let login = read(
        r#"{"Email":" alice@example.com","Password":"p\"w","signMe":1,"language":"fr","Action":"Login","XToken":"stale"}"#,
    );
    let login = login.unwrap();
    let rebuilt = SnappyMail.rebuild(STRANGER, &login).unwrap();
    assert_eq!(rebuilt.target, "/?/Json/&q[]=/0/");
    let body = r#"{"Action":"Login","XToken":"0-047accfb4b91b858be743822f8e3a71ffd49897e","signMe":"0","language":"fr","Email":"alice@example.com","Password":"p\"w"}"#;
    assert_eq!(*rebuilt.body, body);
    assert!(SnappyMail.rebuild("<html>", &login).is_none());
    for other in [
        r#"{"Action":"AdminLogin","Email":"a","Password":"x"}"#,
        r#"{"Action":"AccountSetup","Email":"a","Password":"x"}"#,
        r#"{"Email":"a","Password":"x"}"#,
        r#"{"Action":"Login","Email":"a\nb","Password":"x"}"#,
        r#"{"Action":"Login","Email":"a"}"#,
    ] {
        assert!(read(other).is_none(), "{other}");
    }
}

#[test]
fn only_a_new_account_cookie_is_a_success() {
    let judge = |status, lines: &[&str]| {
        SnappyMail.judge(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), &set(lines))
    };
    let accepted = SignIn::Accepted { landing: "/".to_owned(), logout: Some("/?/Json/0/Logout/".to_owned()) };
    assert_eq!(judge(200, &[SESSION, KEY, ACCOUNT]), accepted);
    for (status, lines) in [(200, &[][..]), (200, &[SESSION, KEY]), (200, &[ACCOUNT, DELETED]), (500, &[ACCOUNT])] {
        assert_eq!(judge(status, lines), SignIn::Refused, "{status} {lines:?}");
    }
}

#[test]
fn nobody_is_let_in_where_other_mailboxes_can_be_added() {
    let identify = |page: &str| SnappyMail.identify(0, StatusCode::OK, &HeaderMap::new(), page);
    assert_eq!(identify(SIGNED_IN), IdentityAnswer::Name("alice@example.com".to_owned()));
    for open in [SIGNED_IN.replace("Accounts\":false", "Accounts\":true"), SIGNED_IN.replace("AdditionalAccounts", "x")]
    {
        assert!(
            matches!(identify(&open), IdentityAnswer::BypassRisk(why) if why.contains("allow_additional_accounts = Off")),
            "{open}"
        );
    }
    let another = SIGNED_IN.replace("\"Email\":\"alice", "\"Email\":\"eve");
    for page in [STRANGER, "", "<html>", &another, &SIGNED_IN.replace("true", "false")] {
        assert_eq!(identify(page), IdentityAnswer::Nothing, "{page}");
    }
    assert_eq!(SnappyMail.identify(0, StatusCode::BAD_GATEWAY, &HeaderMap::new(), SIGNED_IN), IdentityAnswer::Nothing);
}

#[test]
fn another_account_ends_the_session() {
    let mut jar = Jar::default();
    let long = ACCOUNT.replace("smaccount", "smaccount~1");
    jar.absorb(&set(&[SESSION, KEY, ACCOUNT, &long]), NOW);
    let life = |lines: &[&str]| SnappyMail.life(Kind::Call, &jar, &set(lines), NOW);
    assert_eq!((life(&[]), life(&[ACCOUNT, &long, KEY])), (Life::On, Life::On));
    for line in
        [&ACCOUNT.replace("WyJj", "XyJj"), &long.replace("WyJj", "XyJj"), ADDITIONAL, &ADDITIONAL.replace('=', "~1=")]
    {
        assert_eq!(life(&[line]), Life::Over, "{line}");
        assert_eq!(life(&[DELETED, line]), Life::Over, "{line}");
    }
    assert_eq!(life(&[DELETED]), Life::SignedOut);
    assert_eq!(life(&[&DELETED.replace("smaccount", "smadditional")]), Life::On);
}

#[test]
fn a_script_hears_in_its_own_words() {
    let path = path::parse(b"/").unwrap();
    let gone = |query| SnappyMail.gone(&Head { method: &Method::POST, path: &path, query, headers: &HeaderMap::new() });
    assert_eq!(gone("/Lang/0/App/onward/onward/").body, "location.reload();\n");
    assert!(gone("/Json/&q[]=/0/").body.contains(r#""code":101"#));
    let tell = |outcome| SnappyMail.tell(outcome).unwrap().body;
    let onward = tell(Outcome::Onward);
    assert!(onward.contains(r#""language":"onward""#) && onward.contains(r#""version":"onward""#), "{onward}");
    for (outcome, code) in
        [(Outcome::Wrong, 102), (Outcome::NotALogin, 101), (Outcome::Refused, 110), (Outcome::Unavailable, 104)]
    {
        assert!(tell(outcome).contains(&format!(r#""code":{code}"#)), "{outcome:?}");
    }
}
