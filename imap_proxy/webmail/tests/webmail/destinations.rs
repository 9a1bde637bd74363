//! A link that was followed before signing in is followed afterwards.

use crate::browser::{Browser, NEXT};
use crate::front::*;

const LINK: &str = "/?_task=mail&_action=compose&_to=bob%40example.com";

/// A person follows the link, and is shown the login page.
async fn follows(browser: &mut Browser, link: &str) {
    let navigation = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("sec-fetch-site", "cross-site")];
    browser.get_with(link, &navigation).await.leads_to("/");
    browser.get("/").await.shows(200, "task-login");
}

#[tokio::test]
async fn a_link_is_kept_through_password_and_code() {
    let world = World::start().await;
    world.daemon.on("Ask", CHALLENGE);
    let mut browser = world.browser();
    follows(&mut browser, LINK).await;
    browser.sign_in(ALICE, "wrong").await.shows(401, "Login failed.");
    browser.sign_in(ALICE, "right").await.leads_to("/postern/code");
    assert!(!browser.cookies.contains_key(NEXT), "the session knows");
    world.daemon.on("Answer", WRONG);
    browser.post("/postern/code", &[("code", "111111")]).await.shows(403, "not right");
    world.daemon.on("Answer", ACCEPTED);
    browser.post("/postern/code", &[("code", "123456")]).await.leads_to(LINK);
    browser.get(LINK).await.shows(200, "mailbox");
    browser.get("/?_task=logout&_token=secret").await.shows(200, "task-login");
    browser.sign_in(ALICE, "right").await.leads_to("/postern/code");
    browser.post("/postern/code", &[("code", "123456")]).await.leads_to("/?_task=mail&_token=secret");
}

#[tokio::test]
async fn a_link_is_kept_through_the_first_set_up_too() {
    let world = World::start().await;
    let mut browser = world.browser();
    follows(&mut browser, LINK).await;
    world.daemon.on("Ask", ENROL);
    world.daemon.on("Enrol", OFFERED);
    browser.sign_in(ALICE, "right").await.leads_to("/postern/set-up");
    world.daemon.on("Confirm", CONFIRMED);
    browser.post("/postern/set-up", &[("code", "123456")]).await.leads_to("/postern/backup-codes");
    browser.post("/postern/saved", &[("saved", "yes")]).await.leads_to(LINK);
}

#[tokio::test]
async fn a_link_is_kept_where_no_code_is_asked() {
    let world = World::start().await;
    world.daemon.on("Ask", FREE);
    let mut browser = world.browser();
    follows(&mut browser, LINK).await;
    browser.sign_in(ALICE, "right").await.leads_to(LINK);
    assert!(!browser.cookies.contains_key(NEXT));
}

#[tokio::test]
async fn a_link_is_kept_past_a_session_that_is_over() {
    let world = World::start().await;
    let mut browser = world.released().await;
    world.daemon.ended(true);
    world.daemon.changed(Some(ALICE));
    world.daemon.called("Recheck", 1).await;
    while browser.get(LINK).await.status != 401 {}
    world.daemon.ended(false);
    browser.get("/").await.shows(200, "task-login");
    browser.sign_in(ALICE, "right").await.leads_to("/postern/code");
    browser.post("/postern/code", &[("code", "123456")]).await.leads_to(LINK);
}

#[tokio::test]
async fn nothing_else_is_kept() {
    let world = World::start().await;
    world.daemon.on("Ask", FREE);
    let images = [("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")];
    for (target, headers) in [
        ("/?_task=logout", &[][..]),
        ("/?_task=login&_action=login", &[]),
        ("//evil.example/?_task=mail", &[]),
        (LINK, &images),
        ("/postern/code", &[]),
    ] {
        let mut browser = world.browser();
        browser.get_with(target, headers).await;
        assert!(!browser.cookies.contains_key(NEXT), "{target}");
        browser.sign_in(ALICE, "right").await.leads_to("/?_task=mail&_token=secret");
    }
}

#[tokio::test]
async fn whatever_the_cookie_says_nobody_is_sent_elsewhere() {
    use base64::Engine as _;
    let world = World::start().await;
    world.daemon.on("Ask", FREE);
    for elsewhere in [
        "//evil.example/?_task=mail",
        "/\\evil.example/",
        "https://evil.example/?_task=mail",
        "/?_task=mail\r\nx: y",
        "/?_task=logout&_token=secret",
        "/postern/cancel",
    ] {
        let mut browser = world.browser();
        let cookie = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(elsewhere);
        browser.cookies.insert(NEXT.into(), cookie);
        browser.sign_in(ALICE, "right").await.leads_to("/?_task=mail&_token=secret");
    }
}
