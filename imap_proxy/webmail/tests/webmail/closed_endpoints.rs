//! What has been tried on fronts like this one.

use crate::browser::{Browser, ORIGIN, SESSION, form, login};
use crate::front::*;
use http::Method;

/// Addresses of a recorded session: pages, message source, attachments, an export, what scripts ask.
const RECORDED: &[&str] = &[
    "/?_task=mail",
    "/?_task=mail&_mbox=INBOX",
    "/?_task=mail&_action=show&_uid=1&_mbox=INBOX",
    "/?_task=mail&_action=viewsource&_uid=1&_mbox=INBOX",
    "/?_task=mail&_action=get&_uid=1&_part=2&_download=1",
    "/?_task=mail&_action=list&_mbox=INBOX&_remote=1&_unlock=loading1",
    "/?_task=mail&_action=refresh&_remote=1",
    "/?_task=mail&_action=export&_uid=1",
    "/?_task=addressbook&_action=export&_source=0",
    "/?_task=settings&_action=identities",
    "/?_task=login&_action=login&_user=alice&_pass=right",
    "/?_task=login&_action=oauth",
    "/?_task=utils&_action=modcss",
    "/?_task=logout&_token=secret",
    "/index.php?_task=mail",
    "/index.php/mail",
    "/program/resources/../../config/config.inc.php",
    "/plugins/x.php/y.css",
    "/SQL/mysql.initial.sql",
    "/installer/",
    "/EWS/Exchange.asmx",
    "/Microsoft-Server-ActiveSync",
    "/autodiscover/autodiscover.xml",
    "/favicon.ico",
    "/foo",
];

#[tokio::test]
async fn nothing_of_a_session_goes_upstream_before_release() {
    let world = World::start().await;
    let stages =
        [world.browser(), stale(&world), world.enrolling().await, world.challenged().await, world.saving().await];
    world.webmail.forget();
    for (number, mut browser) in stages.into_iter().enumerate() {
        for path in RECORDED {
            for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
                // With the webmail's own cookies, as if they had been stolen.
                for name in ["roundcube_sessid=live0", "roundcube_sessauth=proof-1"] {
                    let (name, value) = name.split_once('=').unwrap();
                    browser.cookies.insert(name.into(), value.into());
                }
                let headers = [("authorization", "Basic YWxpY2U6cmlnaHQ="), ("x-forwarded-user", "alice")];
                let answer = browser.send(method.clone(), path, &headers, String::new()).await;
                assert!(!answer.text.contains("mailbox\n"), "{number} {method} {path}");
                let cookie = browser.cookies.get(SESSION).cloned();
                assert_eq!(world.webmail.lines(), [""; 0], "{number} {method} {path} {cookie:?}");
            }
        }
    }
}

fn stale(world: &World) -> Browser {
    let mut browser = world.browser();
    browser.cookies.insert(SESSION.into(), "x".repeat(43));
    browser
}

#[tokio::test]
async fn scripts_without_a_session_are_told_in_the_webmails_way() {
    let world = World::start().await;
    for mut browser in [world.browser(), stale(&world), world.challenged().await] {
        let told = browser.get("/?_task=mail&_action=list&_remote=1&_unlock=loading1").await;
        told.shows(200, r#"{"action":"list","unlock":"loading1","exec":"this.session_error("#);
        assert_eq!(told.header("content-type"), "application/json; charset=UTF-8");
    }
}

#[tokio::test]
async fn a_login_that_is_not_plainly_one_is_refused() {
    let world = World::start().await;
    world.daemon.on("Ask", FREE);
    let urlencoded = "application/x-www-form-urlencoded";
    let good = form(&login(ALICE, "right"));
    let cases: &[(&str, &str, String)] = &[
        ("/?_task=login", "multipart/form-data; boundary=x", good.clone()),
        ("/?_task=login", "text/plain", good.clone()),
        ("/?_task=login", urlencoded, format!("{good}&_user=eve%40example.com")),
        ("/?_task=login", urlencoded, format!("{good}&%5fuser=eve%40example.com")),
        ("/?_task=login", urlencoded, form(&login("alice@example.com\0", "right"))),
        ("/?_task=login", urlencoded, form(&login("alice@example.com\t", "right"))),
        ("/?_task=login", urlencoded, good.replace("_action=login", "_action=lo<b>gin")),
        ("/?_task=login", urlencoded, format!("{good}&x={}", "x".repeat(32 * 1024))),
        ("/?_task=login", urlencoded, good.replace("_task=login", "+_task=login")),
        ("/?_task=login&_action=login", urlencoded, good.clone()),
        ("/?_task=mail", urlencoded, good.clone()),
        ("/", urlencoded, good.clone()),
        ("/index.php", urlencoded, good.clone()),
        ("/owa/auth.owa", urlencoded, good.clone()),
    ];
    for (path, kind, body) in cases {
        let headers = [("content-type", *kind), ("origin", ORIGIN)];
        let mut browser = world.browser();
        let answer = browser.send(Method::POST, path, &headers, body.clone()).await;
        assert!(answer.status == 400 || answer.status == 401, "{path} {body} {}", answer.status);
        assert!(browser.cookies.is_empty());
    }
    assert_eq!(world.webmail.lines(), [""; 0]);
    assert!(world.daemon.calls("Ask").is_empty());
}

#[tokio::test]
async fn the_login_is_rebuilt() {
    let world = World::start().await;
    world.daemon.on("Ask", FREE);
    let mut browser = world.browser();
    for (name, value) in [("_task", "logout"), ("_action", "evil"), ("roundcube_sessid", "fixed")] {
        browser.cookies.insert(name.into(), value.into());
    }
    let body = format!("{}&_host=evil.example&x=1", form(&login(ALICE, "right")));
    let headers = [
        ("content-type", "application/x-www-form-urlencoded; charset=UTF-8"),
        ("origin", ORIGIN),
        ("authorization", "Basic eDp5"),
        ("x-evil", "1"),
    ];
    let answer = browser.send(Method::POST, "/?_task=login", &headers, body).await;
    answer.leads_to("/?_task=mail&_token=secret");
    let [page, login, identity] = <[_; 3]>::try_from(world.webmail.seen()).unwrap();
    assert_eq!((page.line.as_str(), page.header("cookie")), ("GET /?_task=login", None));
    assert_eq!(login.line, "POST /?_task=login");
    assert_eq!(login.header("cookie"), Some("roundcube_sessid=anonymous1"));
    assert_eq!((login.header("authorization"), login.header("x-evil")), (None, None));
    assert_eq!(
        login.body,
        "_token=token&_task=login&_action=login&_timezone=Europe%2FParis&_url=&_user=alice%40example.com&_pass=right"
    );
    assert_eq!(identity.line, "GET /?_task=mail");
}

#[tokio::test]
async fn forms_come_from_our_own_pages() {
    let world = World::start().await;
    let mut browser = world.challenged().await;
    world.daemon.on("Answer", ACCEPTED);
    let code = || form(&[("code", "123456")]);
    let kind = ("content-type", "application/x-www-form-urlencoded");
    for foreign in [
        ("origin", "null"),
        ("origin", "https://evil.example"),
        ("origin", "http://webmail.example.com"),
        ("origin", "https://webmail.example.com.evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let answer = browser.send(Method::POST, "/postern/code", &[kind, foreign], code()).await;
        assert_eq!(answer.status, 403, "{foreign:?}");
        let login = form(&login(ALICE, "right"));
        let answer = world.browser().send(Method::POST, "/?_task=login", &[kind, foreign], login).await;
        assert_eq!(answer.status, 403, "{foreign:?}");
    }
    assert!(world.daemon.calls("Answer").is_empty());
    // What is no browser sends neither.
    browser.send(Method::POST, "/postern/code", &[kind], code()).await.leads_to("/?_task=mail&_token=secret");
}

#[tokio::test]
async fn a_released_session_speaks_for_itself_only() {
    let world = World::start().await;
    let mut browser = world.released().await;
    for (name, value) in [
        ("_task", "login"),
        ("_action", "login"),
        ("roundcube_sessid", "fixed"),
        ("roundcube_sessauth", "fixed"),
        ("colorMode", "dark"),
    ] {
        browser.cookies.insert(name.into(), value.into());
    }
    world.webmail.forget();
    let sent = [
        ("authorization", "Basic eDp5"),
        ("connection", "cookie, host, x-forwarded-for, x-mine"),
        ("x-mine", "1"),
        ("x-forwarded-for", "10.0.0.1"),
        ("x-forwarded-proto", "http"),
        ("forwarded", "for=10.0.0.1"),
        ("x-real-ip", "10.0.0.1"),
        ("remote-user", "eve"),
        ("remote_user", "eve"),
        ("remote.user", "eve"),
        ("x-roundcube_request", "eve"),
        ("x-roundcube.request", "eve"),
        ("x-beresource", "eve@exchange.example:444/"),
        ("x-anonresource-backend", "exchange.example"),
        ("x-anchormailbox", "eve@example.com"),
        ("x-clientproxyauth", "eve"),
        ("x-owa-canary", "canary"),
        ("x-sm-token", "token"),
        ("expect", "100-continue"),
        ("x-rewrite-url", "/?_task=logout"),
        ("x-original-url", "/?_task=logout"),
        ("x-http-method-override", "DELETE"),
        ("x-roundcube-request", "token"),
    ];
    browser.get_with("/?_task=mail&_action=list&_remote=1", &sent).await.shows(200, "mailbox");
    let seen = world.webmail.seen().pop().unwrap();
    assert_eq!(seen.line, "GET /?_task=mail&_action=list&_remote=1");
    let jar = "roundcube_sessid=live0; roundcube_sessauth=proof-1; extra=1; colorMode=dark";
    assert_eq!(seen.header("cookie"), Some(jar));
    let mut names: Vec<&str> = seen.headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    let known = ["cookie", "host", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-roundcube-request"];
    assert_eq!(names, known);
    assert_eq!((seen.header("x-forwarded-for"), seen.header("x-forwarded-proto")), (Some("127.0.0.1"), Some("https")));
}

#[tokio::test]
async fn a_script_of_the_webmail_cannot_put_a_worker_before_our_pages() {
    let world = World::start().await;
    for mut browser in [world.browser(), world.challenged().await, world.released().await] {
        world.webmail.forget();
        for path in ["/", "/?_task=mail&_action=get&_uid=1&_part=2", "/skins/elastic/ui.js", "/postern/page.js"] {
            let answer = browser.get_with(path, &[("service-worker", "script")]).await;
            assert_eq!(answer.status, 400, "{path}");
        }
        assert_eq!(world.webmail.lines(), [""; 0]);
    }
}

#[tokio::test]
async fn a_path_with_two_meanings_is_refused_even_after_release() {
    let world = World::start().await;
    let mut browser = world.released().await;
    world.webmail.forget();
    for path in [
        "/a/../postern/code",
        "/%2e%2e/x",
        "/a%2fb",
        "/a%5cb",
        "/a%252fb",
        "/a;b/c",
        "/a%3bb",
        "//evil.example/",
        "/a%00",
        "/a%0d%0ab",
        "/%",
        "/index.php%20",
    ] {
        assert_eq!(browser.get(path).await.status, 400, "{path}");
    }
    assert_eq!(browser.send(Method::TRACE, "/", &[], String::new()).await.status, 400);
    assert_eq!(world.webmail.lines(), [""; 0]);
}

#[tokio::test]
async fn a_doubled_session_cookie_is_none() {
    let world = World::start().await;
    let mut browser = world.released().await;
    let session = browser.cookies.remove(SESSION).unwrap();
    let doubled = format!("{SESSION}={session}; {SESSION}={session}");
    world.webmail.forget();
    browser.get_with("/?_task=mail", &[("cookie", &doubled)]).await.leads_to("/");
    assert_eq!(world.webmail.lines(), [""; 0]);
}
