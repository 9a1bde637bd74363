//! Whatever goes wrong is a refusal that says what it is.

use crate::browser::Got;
use crate::daemon::Act;
use crate::front::*;

/// Signs in and asserts that nobody got anywhere.
async fn refused(world: &World) -> Got {
    let mut browser = world.browser();
    let page = browser.sign_in(ALICE, "right").await;
    assert!(browser.cookies.is_empty(), "{}", page.text);
    browser.get("/?_task=mail").await.leads_to("/");
    page
}

#[tokio::test]
async fn no_verdict_is_a_refusal_with_clear_words() {
    let world = World::start().await;
    for act in [
        Act::Close,
        Act::Write(b""),
        Act::Write(b"\0"),
        Act::Write(b"{}\0"),
        Act::Write(b"\xff\xfe\0"),
        Act::Write(b"{\"parameters\":{\"verdict\":\"not_required\"}"),
        Act::Write(b"{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":{}}\0"),
        Act::from("{}"),
        Act::from(r#"{"verdict":"sure","mailbox":"alice@example.com","standing":"s"}"#),
        Act::from(r#"{"verdict":"not_required","mailbox":"alice@example.com"}"#),
        Act::from(r#"{"verdict":"not_required","standing":"s"}"#),
        Act::from(r#"{"verdict":"accepted","mailbox":"alice@example.com","standing":"s","method":"t1"}"#),
        Act::from(r#"{"verdict":"refused","reason":"cheerful"}"#),
        Act::from(r#"{"verdict":"refused","reason":"unavailable"}"#),
    ] {
        world.daemon.on("Ask", act);
        refused(&world).await.shows(503, "Sign-in is not possible right now");
        world.webmail.received("GET /?_task=logout&_token=secret").await;
        world.webmail.forget();
    }
    for reason in ["name", "wrong", "unenrolled"] {
        world.daemon.on("Ask", format!(r#"{{"verdict":"refused","reason":"{reason}"}}"#).as_str());
        refused(&world).await.shows(403, "You cannot sign in like this");
    }
}

#[tokio::test]
async fn a_daemon_that_is_down_refuses_and_is_found_again() {
    let world = World::start().await;
    world.daemon.stop().await;
    refused(&world).await.shows(503, "Sign-in is not possible right now");
    world.daemon.listen();
    world.daemon.on("Ask", FREE);
    world.browser().sign_in(ALICE, "right").await.leads_to("/?_task=mail&_token=secret");
}

#[tokio::test]
async fn a_daemon_that_hangs_is_given_up_within_the_deadline() {
    let world = World::start().await;
    world.daemon.on("Ask", Act::Hang);
    let mut browser = world.browser();
    let waiting = tokio::spawn(async move { browser.sign_in(ALICE, "right").await });
    world.daemon.called("Ask", 1).await;
    // Nothing is left to wait for but the deadline.
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    waiting.await.unwrap().shows(503, "Sign-in is not possible right now");
    assert!(began.elapsed() <= postern_front::daemon::DEADLINE + std::time::Duration::from_secs(1));
}

#[tokio::test]
async fn a_code_without_a_verdict_may_be_tried_again() {
    let world = World::start().await;
    let mut browser = world.challenged().await;
    for act in [Act::Close, Act::from(r#"{"verdict":"refused","reason":"unavailable"}"#), Act::from("{}")] {
        world.daemon.on("Answer", act);
        browser.post("/postern/code", &[("code", "123456")]).await.shows(503, "Sign-in is not possible right now");
        browser.get("/?_task=mail").await.leads_to("/postern/code");
    }
    // A verdict about somebody else is no verdict.
    world.daemon.on("Answer", ACCEPTED.replace("alice", "eve").as_str());
    browser.post("/postern/code", &[("code", "123456")]).await.shows(403, "You cannot sign in like this");
    assert!(browser.cookies.is_empty());
}

#[tokio::test]
async fn a_stale_enrolment_begins_again() {
    let world = World::start().await;
    let stale = r#"{"verdict":"refused","reason":"stale"}"#;
    let mut browser = world.enrolling().await;
    world.daemon.on("Enrol", stale);
    browser.get("/postern/set-up").await.shows(401, "Your session has ended");
    let mut browser = world.enrolling().await;
    world.daemon.on("Confirm", stale);
    browser.post("/postern/set-up", &[("code", "123456")]).await.shows(401, "Your session has ended");
    assert!(browser.cookies.is_empty());
    world.daemon.on("Ask", ENROL);
    world.daemon.on("Enrol", OFFERED.replace("alice", "eve").as_str());
    refused(&world).await.shows(403, "You cannot sign in like this");
}

#[tokio::test]
async fn a_name_must_lead_to_the_mailbox_that_the_webmail_shows() {
    let world = World::start().await;
    let judged = FREE.replace("\"verdict\"", "\"also_judged\":true,\"verdict\"");
    world.daemon.on("Ask", judged.as_str());
    // Typed an alias, shown the mailbox: the daemon judges both in one call.
    world.webmail.show_name(ALICE);
    world.browser().sign_in("alias@example.com", "right").await.leads_to("/?_task=mail&_token=secret");
    let asked = world.daemon.calls("Ask");
    let [asked] = asked.as_slice() else { panic!("{asked:?}") };
    assert!(asked.contains(r#""name":"alice@example.com","also":["alias@example.com"]"#), "{asked}");
    // A daemon that does not know of further names has judged one of them only.
    world.daemon.on("Ask", FREE);
    world.browser().sign_in("alias@example.com", "right").await.shows(503, "Sign-in is not possible right now");
    // The webmail shows nobody.
    world.webmail.show_name("");
    refused(&world).await.shows(503, "Sign-in is not possible right now");
    world.webmail.show_name("two</span><span class=\"header-title username\">names");
    refused(&world).await.shows(503, "Sign-in is not possible right now");
}

#[tokio::test]
async fn a_front_that_is_not_told_of_changes_refuses_everything() {
    let following = tokio::runtime::Runtime::new().unwrap();
    let world = World::start_following_on(following.handle()).await;
    let mut browser = world.released().await;
    browser.get("/?_task=mail").await.shows(200, "mailbox");
    // Dropping a runtime waits for its tasks, which no async context may do.
    tokio::task::spawn_blocking(move || drop(following)).await.unwrap();
    for path in ["/?_task=mail", "/", "/postern/code"] {
        browser.get(path).await.shows(503, "Sign-in is not possible right now");
    }
}
