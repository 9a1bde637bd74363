//! The same form twice: by a double click, by a lost answer and a reload, or by somebody else.

use crate::browser::{BROWSER, Browser, LOGIN, ORIGIN, SESSION, form, login};
use crate::daemon::Act;
use crate::front::*;
use http::Method;
use std::sync::Arc;
use tokio::sync::Notify;

const LANDING: &str = "/?_task=mail&_token=secret";
const FORM: [(&str, &str); 2] = [("content-type", "application/x-www-form-urlencoded"), ("origin", ORIGIN)];

/// Clicks twice: the same form is sent twice, and the second comes while the first is judged by `method` of the daemon.
async fn clicks_twice(
    world: &World,
    browser: &Browser,
    (method, verdict): (&'static str, &str),
    path: &'static str,
    fields: &[(&str, &str)],
) -> [(Browser, crate::browser::Got); 2] {
    let told = Arc::new(Notify::new());
    world.daemon.on(method, Act::SayAfter(Arc::clone(&told), verdict.to_owned()));
    let before = world.daemon.calls(method).len();
    let body = form(fields);
    let send = |mut browser: Browser, body: String| {
        tokio::spawn(async move {
            let got = browser.send(Method::POST, path, &FORM, body).await;
            (browser, got)
        })
    };
    let first = send(browser.clone(), body.clone());
    world.daemon.called(method, before + 1).await;
    let second = send(browser.clone(), body);
    // Whatever the second does, it has the time for it.
    world.browser().get("/").await;
    told.notify_one();
    let both = [first.await.unwrap(), second.await.unwrap()];
    assert_eq!(world.daemon.calls(method).len(), before + 1, "it is judged once");
    both
}

#[tokio::test]
async fn a_double_click_on_the_code_opens_the_mailbox_once() {
    let world = World::start().await;
    let mut browser = world.challenged().await;
    let key = browser.get("/postern/code").await.key();
    let fields = [("idempotency_key", key.as_str()), ("code", "123456")];
    let both = clicks_twice(&world, &browser, ("Answer", ACCEPTED), "/postern/code", &fields).await;
    let mut sessions = Vec::new();
    for (mut browser, got) in both {
        got.leads_to(LANDING);
        browser.get(LANDING).await.shows(200, "mailbox");
        sessions.push((browser.cookies[SESSION].clone(), browser.cookies[BROWSER].clone()));
    }
    assert_eq!(sessions[0], sessions[1]);
    // A reload some seconds later, as after an answer that was lost.
    browser.post("/postern/code", &fields).await.leads_to(LANDING);
    assert_eq!(browser.session(), Some(&sessions[0].0));
    // And the browser that had the cookie of the first answer when it sent the second form.
    browser.post("/postern/code", &fields).await.leads_to(LANDING);
    assert_eq!(world.daemon.calls("Answer").len(), 1);
}

#[tokio::test]
async fn a_double_click_on_the_set_up_shows_the_backup_codes() {
    let world = World::start().await;
    let mut browser = world.enrolling().await;
    let key = browser.get("/postern/set-up").await.key();
    let fields = [("idempotency_key", key.as_str()), ("code", "123456"), ("description", "")];
    let both = clicks_twice(&world, &browser, ("Confirm", CONFIRMED), "/postern/set-up", &fields).await;
    for (mut browser, got) in both {
        got.leads_to("/postern/backup-codes");
        browser.get("/postern/backup-codes").await.shows(200, "aaaa-bbbb");
    }
    // Until they are saved, also over reloads and another language.
    browser.post("/postern/set-up", &fields).await.leads_to("/postern/backup-codes");
    let page = browser.get("/postern/backup-codes").await;
    page.shows(200, "cccc-dddd");
    let fields = [("idempotency_key", page.key()), ("saved", "yes".to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut other_click = browser.clone();
    browser.post("/postern/saved", &fields).await.leads_to(LANDING);
    other_click.post("/postern/saved", &fields).await.leads_to(LANDING);
    assert_eq!(other_click.session(), browser.session());
}

#[tokio::test]
async fn a_wrong_code_that_is_sent_twice_counts_once() {
    let world = World::start().await;
    let mut browser = world.challenged().await;
    let key = browser.get("/postern/code").await.key();
    let fields = [("idempotency_key", key.as_str()), ("code", "111111")];
    let both = clicks_twice(&world, &browser, ("Answer", WRONG), "/postern/code", &fields).await;
    let [first, second] = both.map(|(_, got)| got);
    first.shows(403, "That code is not right");
    assert_eq!(first.text, second.text);
    let again = browser.post("/postern/code", &fields).await;
    assert_eq!(again.text, first.text);
    // Whoever types it again means it: the page that says that it was wrong has another key.
    let fields = [("idempotency_key", again.key()), ("code", "111111".to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    world.daemon.on("Answer", WRONG.replace('1', "2").as_str());
    browser.post("/postern/code", &fields).await.shows(403, "sets its date and time");
    // And so does whoever corrects it while the first is judged.
    let corrected = [("idempotency_key", key.as_str()), ("code", "123456")];
    world.daemon.on("Answer", ACCEPTED);
    browser.post("/postern/code", &corrected).await.leads_to(LANDING);
    assert_eq!(world.daemon.calls("Answer").len(), 3);
}

/// Sends a form, and is gone before there is an answer.
async fn breaks_off(
    world: &World,
    browser: &Browser,
    method: &'static str,
    verdict: &str,
    path: &str,
    fields: &[(&str, &str)],
) {
    let told = Arc::new(Notify::new());
    world.daemon.on(method, Act::SayAfter(Arc::clone(&told), verdict.to_owned()));
    let before = world.daemon.calls(method).len();
    let (mut lost, path, body) = (browser.clone(), path.to_owned(), form(fields));
    let sending = tokio::spawn(async move { lost.send(Method::POST, &path, &FORM, body).await });
    world.daemon.called(method, before + 1).await;
    sending.abort();
    assert!(sending.await.unwrap_err().is_cancelled());
    // The front hears of it before the daemon answers.
    world.browser().get("/").await;
    told.notify_one();
}

#[tokio::test]
async fn an_answer_that_was_lost_comes_with_the_reload() {
    let world = World::start().await;
    let mut browser = world.challenged().await;
    let key = browser.get("/postern/code").await.key();
    let fields = [("idempotency_key", key.as_str()), ("code", "123456")];
    breaks_off(&world, &browser, "Answer", ACCEPTED, "/postern/code", &fields).await;
    browser.post("/postern/code", &fields).await.leads_to(LANDING);
    browser.get(LANDING).await.shows(200, "mailbox");
    assert_eq!(world.daemon.calls("Answer").len(), 1);

    let mut browser = world.enrolling().await;
    let key = browser.get("/postern/set-up").await.key();
    let fields = [("idempotency_key", key.as_str()), ("code", "123456")];
    breaks_off(&world, &browser, "Confirm", CONFIRMED, "/postern/set-up", &fields).await;
    browser.post("/postern/set-up", &fields).await.leads_to("/postern/backup-codes");
    browser.get("/postern/backup-codes").await.shows(200, "aaaa-bbbb");
    assert_eq!(world.daemon.calls("Confirm").len(), 1);
}

#[tokio::test]
async fn a_double_click_on_the_login_form_signs_in_once() {
    let world = World::start().await;
    let mut browser = world.browser();
    browser.get("/").await.shows(200, "task-login");
    assert!(browser.cookies.contains_key(LOGIN));
    let both = clicks_twice(&world, &browser, ("Ask", CHALLENGE), "/?_task=login", &login(ALICE, "right")).await;
    let [first, second] = both.map(|(browser, got)| {
        got.leads_to("/postern/code");
        browser.cookies[SESSION].clone()
    });
    assert_eq!(first, second);
    let logins = || world.webmail.seen().iter().filter(|seen| seen.body.contains("_action=login")).count();
    assert_eq!(logins(), 1);
    // A reload, from before the session.
    browser.sign_in(ALICE, "right").await.leads_to("/postern/code");
    assert_eq!((browser.session(), logins()), (Some(&first), 1));
    // Another browser, with the same password and from the same address, has a session of its own.
    let mut other = world.browser();
    other.get("/").await.shows(200, "task-login");
    world.daemon.on("Ask", CHALLENGE);
    other.sign_in(ALICE, "right").await.leads_to("/postern/code");
    assert_ne!(other.session(), Some(&first));
    // A refusal is the webmail's own, and a double click is one.
    let mut wrong = world.browser();
    wrong.get("/").await.shows(200, "task-login");
    for _ in 0..2 {
        wrong.sign_in(ALICE, "wrong").await.shows(401, "Login failed.");
    }
    assert_eq!(logins(), 3);
}

#[tokio::test]
async fn a_double_click_sends_one_code_and_one_request() {
    const SMS: &str = r#"{"verdict":"challenge","mailbox":"alice@example.com","methods":[
        {"id":"s1","kind":"sms","description":"","digits":6,"hint":"1"}]}"#;
    const SENT: &str = r#"{"verdict":"sent","mailbox":"alice@example.com","challenge":"c1","again":1000000000}"#;
    let world = World::start().await;
    world.daemon.on("Ask", SMS);
    world.daemon.on("Prepare", SENT);
    let mut browser = world.browser();
    browser.sign_in(ALICE, "right").await.leads_to("/postern/code");
    let key = browser.get("/postern/code").await.key();
    let fields = [("idempotency_key", key.as_str())];
    for (_, got) in clicks_twice(&world, &browser, ("Prepare", SENT), "/postern/send", &fields).await {
        got.leads_to("/postern/code");
    }
    let key = browser.get("/postern/lost").await.key();
    let texts = [("contact", "+44 1"), ("reason", "lost"), ("evidence", "me")];
    let fields = [&[("idempotency_key", key.as_str())], &texts[..]].concat();
    let opened = r#"{"verdict":"opened"}"#;
    for (_, got) in clicks_twice(&world, &browser, ("OpenRequest", opened), "/postern/lost", &fields).await {
        got.leads_to("/postern/lost");
    }
}

#[tokio::test]
async fn the_cookie_of_the_step_before_alone_leads_nowhere() {
    let world = World::start().await;
    let mut browser = world.challenged().await;
    let old = browser.session().unwrap().clone();
    let (page, mut thief) = (browser.get("/postern/code").await, world.browser());
    thief.cookies.insert(SESSION.into(), old);
    // Somebody who holds the cookie sees the page too, but with another key.
    let seen = thief.get("/postern/code").await;
    assert_ne!(seen.key(), page.key());
    world.daemon.on("Answer", ACCEPTED);
    browser.post("/postern/code", &[("idempotency_key", &page.key()), ("code", "123456")]).await.leads_to(LANDING);

    let why = "This page was sent already";
    thief.get("/postern/code").await.shows(401, why);
    thief.get("/?_task=mail").await.shows(401, why);
    for (key, code) in [(seen.key(), "123456"), (page.key(), "654321"), (String::new(), "123456")] {
        thief.post("/postern/code", &[("idempotency_key", &key), ("code", code)]).await.shows(401, why);
        thief.post("/postern/set-up", &[("idempotency_key", &page.key()), ("code", "123456")]).await.shows(401, why);
    }
    // The form alone does not either.
    let mut thief = world.browser();
    thief.post("/postern/code", &[("idempotency_key", &page.key()), ("code", "123456")]).await.shows(401, "ended");
    assert!(!thief.cookies.contains_key(SESSION));
    assert_eq!(world.daemon.calls("Answer").len(), 1);
}

#[tokio::test]
async fn a_form_without_a_verdict_is_judged_when_it_comes_again() {
    let world = World::start().await;
    let mut browser = world.challenged().await;
    let key = browser.get("/postern/code").await.key();
    let fields = [("idempotency_key", key.as_str()), ("code", "123456")];
    world.daemon.on("Answer", Act::Close);
    browser.post("/postern/code", &fields).await.shows(503, "not possible right now");
    world.daemon.on("Answer", ACCEPTED);
    browser.post("/postern/code", &fields).await.leads_to(LANDING);
}

#[tokio::test]
async fn the_page_of_a_session_that_is_over_says_why() {
    let world = World::start().await;
    let ended = async |mut browser: Browser, why: &str| {
        browser.get("/?_task=mail").await.shows(401, why);
    };
    // Somebody changed the account.
    let browser = world.released().await;
    world.daemon.ended(true);
    world.daemon.changed(Some(ALICE));
    let mut seen = browser.clone();
    while seen.get("/?_task=mail").await.status != 401 {
        seen = browser.clone();
    }
    ended(browser, "How you sign in was changed").await;
    world.daemon.ended(false);
    // The password was changed.
    let browser = world.released().await;
    world.webmail.change_password("new");
    world.browser().sign_in(ALICE, "new").await.leads_to("/postern/code");
    ended(browser, "The password of your mailbox was changed").await;
    world.webmail.change_password("right");
    // The person has signed out, in another tab.
    let browser = world.released().await;
    browser.clone().get("/?_task=logout&_token=secret").await.shows(200, "task-login");
    ended(browser, "You signed out").await;
    // They have signed in again.
    let browser = world.challenged().await;
    let mut again = browser.clone();
    again.post("/postern/cancel", &[]).await.leads_to("/");
    ended(browser, "stopped signing in").await;
    // It was never ours.
    let mut browser = world.browser();
    browser.cookies.insert(SESSION.into(), "x".repeat(43));
    ended(browser, "our service was restarted").await;
}
