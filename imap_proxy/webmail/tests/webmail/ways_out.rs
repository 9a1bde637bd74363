//! Whoever has the password and no code to answer with reaches the administrator, and nothing else; and whoever was on
//! the way to their Security page gets there.

use crate::browser::Browser;
use crate::front::*;

const LANDING: &str = "/?_task=mail&_token=secret";
/// The account is locked until 2603.
const LOCKED: &str = r#"{"verdict":"refused","reason":"locked","until":20000000000,"mailbox":"alice@example.com"}"#;
const NO_METHOD: &str = r#"{"verdict":"challenge","mailbox":"alice@example.com","methods":[]}"#;
const REQUEST: [(&str, &str); 3] = [("contact", "+44 612345678"), ("reason", "Stolen"), ("evidence", "My badge")];

/// A browser that is blocked asks for a reset, once, and can do nothing else.
async fn asks_for_help(world: &World, mut browser: Browser) {
    world.webmail.received("GET /?_task=logout&_token=secret").await;
    let before = world.webmail.seen().len();
    for path in
        ["/postern/methods", "/postern/backup-code", "/postern/set-up", "/postern/security", "/?_task=mail", "/"]
    {
        browser.get(path).await.leads_to("/postern/code");
    }
    for path in ["/postern/code", "/postern/backup-code", "/postern/send", "/postern/methods", "/postern/saved"] {
        browser.post(path, &[("code", "123456"), ("method", "t1"), ("saved", "yes")]).await.leads_to("/postern/code");
    }
    let page = browser.get("/postern/lost").await;
    page.shows(200, "Ask for a reset");
    assert!(!page.text.contains("/postern/methods"), "{}", page.text);
    let page = browser.post("/postern/lost", &REQUEST[..2]).await;
    page.shows(400, "Please fill in all three fields");
    assert!(!page.text.contains("/postern/methods"), "{}", page.text);
    world.daemon.on("OpenRequest", r#"{"verdict":"opened"}"#);
    let so_far = world.daemon.calls("OpenRequest").len();
    browser.post("/postern/lost", &REQUEST).await.leads_to("/postern/lost");
    browser.post("/postern/lost", &REQUEST).await.shows(200, "Your request was sent");
    let calls = world.daemon.calls("OpenRequest");
    assert_eq!(calls.len(), so_far + 1);
    assert!(calls.last().unwrap().contains(r#""name":"alice@example.com""#), "{calls:?}");
    // Nothing of this has asked the daemon for anything else, or reached the webmail.
    assert!(world.daemon.calls("Answer").iter().all(|call| !call.contains("123456")));
    assert!(world.daemon.calls("Prepare").is_empty() && world.daemon.calls("SignedIn").is_empty());
    assert_eq!(world.webmail.seen().len(), before);
    // A new sign-in begins anew.
    browser.post("/postern/cancel", &[]).await.leads_to("/");
    world.daemon.on("Ask", FREE);
    browser.get("/").await.shows(200, "task-login");
    browser.sign_in(ALICE, "right").await.leads_to(LANDING);
    browser.get("/?_task=mail").await.shows(200, "mailbox");
}

#[tokio::test]
async fn a_locked_account_can_ask_for_help() {
    let world = World::start().await;
    world.daemon.on("Ask", LOCKED);
    let mut browser = world.browser();
    browser.sign_in(ALICE, "right").await.leads_to("/postern/code");
    let page = browser.get("/postern/code").await;
    page.shows(403, "Too many wrong codes");
    page.shows(403, "2603");
    page.shows(403, r#"href="/postern/lost""#);
    asks_for_help(&world, browser).await;

    // With the wrong password nobody is told anything.
    world.daemon.on("Ask", LOCKED);
    let mut thief = world.browser();
    assert_eq!(thief.sign_in(ALICE, "wrong").await.status, 401);
    thief.get("/postern/lost").await.leads_to("/");
    assert!(thief.cookies.is_empty());
}

#[tokio::test]
async fn a_user_locked_out_by_the_last_code_can_send_a_request_too() {
    let world = World::start().await;
    let mut browser = world.challenged().await;
    let before = browser.session().cloned();
    world.daemon.on("Answer", LOCKED);
    browser.post("/postern/code", &[("code", "111111")]).await.leads_to("/postern/code");
    browser.get("/postern/code").await.shows(403, r#"href="/postern/lost""#);
    assert_ne!(browser.session().cloned(), before);
    asks_for_help(&world, browser).await;
}

#[tokio::test]
async fn an_account_whose_codes_cannot_be_sent_can_ask_for_help() {
    let world = World::start().await;
    world.daemon.on("Ask", NO_METHOD);
    let mut browser = world.browser();
    browser.sign_in(ALICE, "right").await.leads_to("/postern/code");
    let page = browser.get("/postern/code").await;
    page.shows(503, "No sign-in method can be used right now");
    page.shows(503, r#"href="/postern/lost""#);
    asks_for_help(&world, browser).await;
    // In a session it changes nothing, and does not end it either.
    let mut browser = world.released().await;
    world.daemon.on("Ask", NO_METHOD);
    browser.post("/postern/security", &[]).await.shows(503, "This is not possible right now");
    browser.get("/?_task=mail").await.shows(200, "mailbox");
}

#[tokio::test]
async fn who_was_on_the_way_to_the_security_page_gets_there() {
    let world = World::start().await;
    world.daemon.on("Answer", ACCEPTED);
    world.daemon.on("Ask", CHALLENGE);
    let mut browser = world.browser();
    browser.get("/postern/security").await.leads_to("/");
    assert_eq!(world.daemon.calls("Ask").len(), 0);
    browser.sign_in(ALICE, "right").await.leads_to("/postern/code");
    browser.post("/postern/code", &[("code", "123456")]).await.leads_to("/postern/security");
    // Once: the next sign-in leads to the mail.
    browser.get("/?_task=logout&_token=secret").await.shows(200, "task-login");
    browser.sign_in(ALICE, "right").await.leads_to("/postern/code");
    browser.post("/postern/code", &[("code", "123456")]).await.leads_to(LANDING);

    // Also where no code is asked for, and from a session that was over.
    world.daemon.on("Ask", FREE);
    let mut browser = world.browser();
    browser.cookies.insert(crate::browser::SESSION.into(), "x".repeat(43));
    browser.get("/postern/security").await.shows(401, "Your session has ended");
    browser.sign_in(ALICE, "right").await.leads_to("/postern/security");

    // No other place can be named.
    for elsewhere in ["//evil.example", "https://evil.example/", "/?_task=logout"] {
        let mut browser = world.browser();
        browser.cookies.insert("__Host-postern-next".into(), elsewhere.into());
        browser.sign_in(ALICE, "right").await.leads_to(LANDING);
    }
}
