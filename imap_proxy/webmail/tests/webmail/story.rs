//! What a person sees, from the login page to the mailbox.

use crate::front::*;
use std::io::Write;
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn without_a_session_the_login_page_is_fetched_by_a_request_of_ours() {
    let world = World::start().await;
    let mut browser = world.browser();
    browser.cookies.insert("roundcube_sessid".into(), "fixed".into());
    let sent = [("accept-language", "fr"), ("authorization", "Basic eDp5"), ("x-forwarded-for", "10.0.0.1")];
    let page = browser.get_with("/", &sent).await;
    page.shows(200, "task-login");
    assert!(!page.headers.contains_key("server"));
    // A random number, of which nothing is kept here.
    assert!(page.header("set-cookie").starts_with("__Host-postern-login=") && browser.session().is_none());
    let seen = world.webmail.seen().pop().unwrap();
    assert_eq!(seen.line, "GET /?_task=login");
    assert_eq!(seen.header("accept-language"), Some("fr"));
    assert_eq!(seen.header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!((seen.header("cookie"), seen.header("authorization")), (None, None));
    let file = browser.get("/skins/elastic/styles/styles.min.css?s=1").await;
    file.shows(200, "body");
    assert!(!file.headers.contains_key("set-cookie"));
    assert!(world.daemon.calls("Ask").is_empty());
}

#[tokio::test]
async fn pages_with_a_login_form_let_the_browser_say_where_it_comes_from() {
    let world = World::start().await;
    let pages = [
        world.browser().get("/").await,
        world.browser().sign_in(ALICE, "wrong").await,
        world.released().await.get("/?_task=logout&_token=secret").await,
    ];
    for (page, status) in pages.into_iter().zip([200, 401, 200]) {
        page.shows(status, "task-login");
        let told: Vec<_> =
            ["referrer-policy", "cache-control"].iter().flat_map(|name| page.headers.get_all(*name)).collect();
        assert_eq!(told, ["same-origin", "no-store"]);
    }
}

#[derive(Clone, Default)]
struct Journal(Arc<Mutex<Vec<u8>>>);

impl Write for Journal {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_journal_says_from_where_a_wrong_password_came_and_nothing_that_was_typed() {
    let journal = Journal::default();
    let to = journal.clone();
    let log = tracing_subscriber::fmt().with_writer(move || to.clone()).with_ansi(false).with_target(false);
    // All of this test runs on its thread.
    let _guard = tracing::subscriber::set_default(log.finish());
    let world = World::start().await;
    world.browser().sign_in("typed-the-password-here", "wrong").await.shows(401, "Login failed");
    let lines = String::from_utf8(journal.0.lock().unwrap().clone()).unwrap();
    assert_eq!(lines.matches("INFO the webmail refused a password address=127.0.0.1\n").count(), 1, "{lines}");
    assert!(!lines.contains("typed-the-password-here") && !lines.contains("wrong"), "{lines}");
}

#[tokio::test]
async fn the_first_sign_in_sets_up_a_method() {
    let world = World::start().await;
    let mut browser = world.enrolling().await;
    let first = browser.session().unwrap().clone();
    let page = browser.get("/postern/set-up").await;
    page.shows(200, "JBSW Y3DP EHPK 3PXP");
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    // Shown again, for the ticket of the enrolment that was begun.
    browser.get("/postern/set-up").await.shows(200, "JBSW Y3DP EHPK 3PXP");
    let calls = world.daemon.calls("Enrol");
    assert!(!calls[0].contains("ticket") && calls[2].contains(r#""ticket":"ticket-1""#), "{calls:?}");

    let wrong = r#"{"verdict":"refused","reason":"wrong","failures":1}"#;
    world.daemon.on("Confirm", wrong);
    let fields = [("code", "111111"), ("description", "Alice's phone")];
    let page = browser.post("/postern/set-up", &fields).await;
    page.shows(403, "That code is not right");
    page.shows(403, "value=\"Alice's phone\"");
    assert!(!page.text.contains("sets its date and time"));
    world.daemon.on("Confirm", wrong.replace('1', "2").as_str());
    browser.post("/postern/set-up", &fields).await.shows(403, "sets its date and time");
    // A slip is no miss: the daemon hears nothing of it.
    browser.post("/postern/set-up", &[("code", "12 34")]).await.shows(400, "Type the digits");
    assert_eq!(world.daemon.calls("Confirm").len(), 2);

    world.daemon.on("Confirm", CONFIRMED);
    let fields = [("code", "123 456"), ("description", "Alice's phone")];
    browser.post("/postern/set-up", &fields).await.leads_to("/postern/backup-codes");
    let call = world.daemon.calls("Confirm").pop().unwrap();
    assert!(call.contains(r#""code":"123456","description":"Alice's phone""#), "{call}");
    let second = browser.session().unwrap().clone();
    assert_ne!(first, second);
    browser.get("/postern/backup-codes").await.shows(200, "aaaa-bbbb");
    // Not before they are saved.
    browser.get("/?_task=mail").await.leads_to("/postern/backup-codes");
    browser.post("/postern/saved", &[]).await.shows(200, "cccc-dddd");
    let file = browser.post("/postern/codes.txt", &[]).await;
    file.shows(200, "cccc-dddd");
    assert!(file.header("content-disposition").starts_with("attachment"));
    browser.post("/postern/saved", &[("saved", "yes")]).await.leads_to("/?_task=mail&_token=secret");
    let third = browser.session().unwrap().clone();
    assert_ne!(second, third);
    browser.get("/?_task=mail&_token=secret").await.shows(200, "alice@example.com");

    for dead in [first, second] {
        let mut thief = world.browser();
        thief.cookies.insert(crate::browser::SESSION.into(), dead);
        thief.get("/?_task=mail").await.shows(401, "Your session has ended");
        thief.get("/postern/backup-codes").await.shows(401, "Your session has ended");
    }
}

#[tokio::test]
async fn a_code_opens_the_mailbox() {
    let world = World::start().await;
    let mut browser = world.challenged().await;
    let before = browser.session().unwrap().clone();
    browser.get("/postern/code").await.shows(200, "Enter your code");
    browser.get("/").await.leads_to("/postern/code");
    world.daemon.on("Answer", WRONG);
    browser.post("/postern/code", &[("code", "111111")]).await.shows(403, "That code is not right");
    assert_eq!(browser.session(), Some(&before));
    world.daemon.on("Answer", WRONG.replace('1', "2").as_str());
    browser.post("/postern/code", &[("code", "111111")]).await.shows(403, "sets its date and time");
    browser.post("/postern/code", &[("code", "")]).await.shows(400, "Type the digits");
    assert_eq!(world.daemon.calls("Answer").len(), 2);
    world.webmail.forget();

    world.daemon.on("Answer", ACCEPTED);
    browser.post("/postern/code", &[("code", " 123-456 ")]).await.leads_to("/?_task=mail&_token=secret");
    let call = world.daemon.calls("Answer").pop().unwrap();
    assert!(call.contains(r#""method":"t1","code":"123456""#), "{call}");
    assert!(call.contains(r#""address":"127.0.0.1""#) && call.contains(r#""door":"webmail""#), "{call}");
    assert_ne!(browser.session(), Some(&before));
    let mut late = world.browser();
    late.cookies.insert(crate::browser::SESSION.into(), before);
    late.post("/postern/code", &[("code", "123456")]).await.shows(401, "Your session has ended");
    assert!(world.webmail.lines().is_empty(), "{:?}", world.webmail.lines());

    let mail = browser.get("/?_task=mail&_token=secret").await;
    mail.shows(200, "alice@example.com");
    assert!(!mail.headers.contains_key("set-cookie") && !mail.headers.contains_key("server"));
    let cookies = world.webmail.seen().pop().unwrap().header("cookie").unwrap().to_owned();
    // The jar, with what the mail page set when its name was read.
    assert_eq!(cookies, "roundcube_sessid=live0; roundcube_sessauth=proof-1; extra=1");
}

#[tokio::test]
async fn a_backup_code_does_too() {
    let world = World::start().await;
    let mut browser = world.challenged().await;
    browser.get("/postern/code").await.shows(200, "Try another method");
    browser.get("/postern/methods").await.shows(200, "Backup code");
    browser.post("/postern/methods", &[("method", "nonsense")]).await.leads_to("/postern/methods");
    browser.post("/postern/methods", &[("method", "t1")]).await.leads_to("/postern/code");
    browser.post("/postern/methods", &[("method", "backup")]).await.leads_to("/postern/backup-code");
    browser.get("/postern/backup-code").await.shows(200, "Enter a backup code");
    world.daemon.on("Answer", ACCEPTED);
    browser.post("/postern/backup-code", &[("code", "aaaa-bbbb")]).await.leads_to("/?_task=mail&_token=secret");
    let call = world.daemon.calls("Answer").pop().unwrap();
    assert!(call.contains(r#""method":"backup","code":"aaaabbbb""#), "{call}");
}

#[tokio::test]
async fn who_needs_no_code_is_in_at_once() {
    let world = World::start().await;
    world.daemon.on("Ask", FREE);
    let mut browser = world.browser();
    browser.sign_in(ALICE, "right").await.leads_to("/?_task=mail&_token=secret");
    browser.get("/?_task=mail").await.shows(200, "mailbox");
}

#[tokio::test]
async fn a_wrong_password_gets_the_webmails_own_answer_and_no_question() {
    let world = World::start().await;
    let mut pages = Vec::new();
    for verdict in [FREE, CHALLENGE, ENROL] {
        world.daemon.on("Ask", verdict);
        let mut browser = world.browser();
        let page = browser.sign_in(ALICE, "wrong").await;
        page.shows(401, "Login failed.");
        assert!(browser.cookies.is_empty());
        let mut headers = page.headers;
        headers.remove("date");
        pages.push((headers, page.text));
    }
    assert!(pages.windows(2).all(|pair| pair[0] == pair[1]), "{pages:?}");
    assert!(world.daemon.calls("Ask").is_empty());
}

#[tokio::test]
async fn a_locked_account_looks_the_same_for_right_and_wrong() {
    let world = World::start().await;
    let mut pages = Vec::new();
    for code in ["111111", "123456"] {
        let mut browser = world.challenged().await;
        world.daemon.on("Answer", r#"{"verdict":"refused","reason":"locked"}"#);
        let page = browser.post("/postern/code", &[("code", code)]).await;
        page.leads_to("/postern/code");
        let page = browser.get("/postern/code").await;
        page.shows(403, "Too many wrong codes");
        pages.push(page.text.replace(&page.key(), ""));
    }
    assert_eq!(pages[0], pages[1]);
    // And when it is known before a code is asked for.
    let locked = r#"{"verdict":"refused","reason":"locked","mailbox":"alice@example.com"}"#;
    world.daemon.on("Ask", locked);
    let mut browser = world.browser();
    browser.sign_in(ALICE, "right").await.leads_to("/postern/code");
    browser.get("/postern/code").await.shows(403, "Too many wrong codes");
}

#[tokio::test]
async fn the_language_changes_and_nothing_else() {
    let world = World::start().await;
    let mut browser = world.saving().await;
    browser
        .post("/postern/language", &[("to", "fr"), ("back", "/postern/backup-codes")])
        .await
        .leads_to("/postern/backup-codes");
    let page = browser.get("/postern/backup-codes").await;
    page.shows(200, "Conservez vos codes");
    page.shows(200, "aaaa-bbbb");
    browser.post("/postern/language", &[("to", "fr"), ("back", "https://evil.example/")]).await.leads_to("/");
    assert_eq!(browser.post("/postern/language", &[("to", "xx")]).await.status, 400);
}

#[tokio::test]
async fn a_sign_in_that_is_given_up_ends_upstream_too() {
    let world = World::start().await;
    let mut browser = world.challenged().await;
    let session = browser.session().unwrap().clone();
    browser.post("/postern/cancel", &[]).await.leads_to("/");
    assert!(browser.cookies.is_empty());
    let goodbye = world.webmail.received("GET /?_task=logout&_token=secret").await;
    assert!(goodbye.header("cookie").unwrap().contains("roundcube_sessid=live0"));
    browser.cookies.insert(crate::browser::SESSION.into(), session);
    browser.post("/postern/code", &[("code", "123456")]).await.shows(401, "Your session has ended");
    assert!(world.daemon.calls("Answer").is_empty());
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let world = World::start().await;
    let mut browser = world.released().await;
    let session = browser.session().unwrap().clone();
    // The webmail asks for its token: without it the session goes on.
    browser.get("/?_task=logout&_token=wrong").await.shows(200, "mailbox");
    browser.get("/?_task=mail").await.shows(200, "mailbox");
    browser.get("/?_task=logout&_token=secret").await.shows(200, "task-login");
    assert_eq!(browser.session(), None);
    browser.cookies.insert(crate::browser::SESSION.into(), session);
    browser.get("/?_task=mail").await.shows(401, "Your session has ended");
}
