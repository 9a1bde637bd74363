//! Released sessions end when they must, and what waits in them is cut.

use crate::browser::{Browser, SESSION};
use crate::daemon::{Act, PATIENCE};
use crate::front::*;
use http::Method;
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How soon a change must be felt.
const SOON: Duration = Duration::from_secs(1);

/// A long poll that runs in this session; it gives the answer's status and text.
async fn long_poll(world: &World, browser: &Browser) -> JoinHandle<(u16, String)> {
    let mut waiting = browser.clone();
    let poll = tokio::spawn(async move {
        let got = waiting.get("/?_task=mail&_action=wait").await;
        (got.status.as_u16(), got.text)
    });
    world.webmail.received("_action=wait").await;
    poll
}

#[tokio::test]
async fn a_change_of_the_account_ends_its_sessions_within_a_second() {
    let world = World::start().await;
    let mut browser = world.released().await;
    let mut endless = browser.begin(Method::GET, "/?_task=mail&_action=endless", &[], String::new()).await.into_body();
    let piece = endless.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(piece, "piece");
    let poll = long_poll(&world, &browser).await;
    world.daemon.ended(true);
    world.daemon.changed(Some(ALICE));
    let (status, _) = timeout(SOON, poll).await.expect("the long poll is cut").unwrap();
    assert_eq!(status, 303);
    let rest = timeout(SOON, endless.frame()).await.expect("the download is cut");
    assert!(rest.is_none_or(|frame| frame.is_err()));
    browser.get("/?_task=mail").await.shows(401, "Your session has ended");
}

#[tokio::test]
async fn a_change_that_does_not_end_it_leaves_it_alone() {
    let world = World::start().await;
    let mut browser = world.released().await;
    world.daemon.changed(Some(ALICE));
    world.daemon.called("Recheck", 1).await;
    let call = world.daemon.calls("Recheck").pop().unwrap();
    assert!(call.contains(r#"{"mailbox":"alice@example.com","standing":"s2"}"#), "{call}");
    browser.get("/?_task=mail").await.shows(200, "mailbox");
    // Of another mailbox there is nothing to ask.
    world.daemon.changed(Some("bob@example.com"));
    world.daemon.changed(None);
    world.daemon.called("Recheck", 2).await;
    assert_eq!(world.daemon.calls("Recheck").len(), 2);
}

#[tokio::test]
async fn a_change_that_cannot_be_rechecked_ends_the_session() {
    for act in [Act::Hang, Act::Close, Act::Write(b"garbage\0"), Act::from(r#"{"ended":[]}"#)] {
        let world = World::start().await;
        let browser = world.released().await;
        let poll = long_poll(&world, &browser).await;
        world.daemon.on("Recheck", act);
        world.daemon.changed(Some(ALICE));
        timeout(SOON, poll).await.expect("the long poll is cut").unwrap();
    }
}

#[tokio::test]
async fn a_change_between_the_verdict_and_the_session_is_not_missed() {
    let world = World::start().await;
    let (first, mut late) = (world.released().await, world.challenged().await);
    let poll = long_poll(&world, &first).await;
    let told = Arc::new(Notify::new());
    world.daemon.on("Answer", Act::SayAfter(Arc::clone(&told), ACCEPTED.to_owned()));
    let answering = tokio::spawn(async move {
        let answer = late.post("/postern/code", &[("code", "123456")]).await;
        (late, answer)
    });
    world.daemon.called("Answer", 2).await;
    world.daemon.ended(true);
    world.daemon.changed(Some(ALICE));
    // The front has heard of the change before the second session is there.
    timeout(SOON, poll).await.expect("the long poll is cut").unwrap();
    told.notify_one();
    let (mut late, answer) = answering.await.unwrap();
    answer.leads_to("/?_task=mail&_token=secret");
    late.get("/?_task=mail").await.shows(401, "Your session has ended");
}

#[tokio::test]
async fn what_changed_while_the_daemon_was_away_is_noticed_when_it_is_back() {
    let world = World::start().await;
    let mut browser = world.released().await;
    let poll = long_poll(&world, &browser).await;
    world.daemon.stop().await;
    browser.get("/?_task=mail").await.shows(200, "mailbox");
    world.daemon.ended(true);
    world.daemon.listen();
    timeout(PATIENCE, poll).await.expect("the long poll is cut").unwrap();
    browser.get("/?_task=mail").await.shows(401, "Your session has ended");
}

#[tokio::test]
async fn backup_codes_on_the_screen_are_a_session_too() {
    let world = World::start().await;
    let mut browser = world.saving().await;
    world.daemon.ended(true);
    world.daemon.changed(Some(ALICE));
    world.daemon.called("Recheck", 1).await;
    // A second event is handled after the first.
    world.daemon.changed(None);
    let released = world.released().await;
    let poll = long_poll(&world, &released).await;
    world.daemon.changed(Some(ALICE));
    timeout(PATIENCE, poll).await.unwrap().unwrap();
    browser.post("/postern/saved", &[("saved", "yes")]).await.shows(401, "Your session has ended");
}

#[tokio::test]
async fn a_new_password_ends_the_sessions_of_the_old_one() {
    let world = World::start().await;
    let (old, half) = (world.released().await, world.challenged().await);
    let poll = long_poll(&world, &old).await;
    world.browser().sign_in(ALICE, "right").await.leads_to("/postern/code");
    world.webmail.change_password("new");
    world.browser().sign_in(ALICE, "right").await.shows(401, "Login failed.");
    assert!(!poll.is_finished());
    world.browser().sign_in(ALICE, "new").await.leads_to("/postern/code");
    timeout(SOON, poll).await.expect("the long poll is cut").unwrap();
    for mut browser in [old, half] {
        browser.post("/postern/cancel", &[]).await.leads_to("/");
        browser.get("/?_task=settings").await.shows(401, "Your session has ended");
    }
}

#[tokio::test]
async fn a_session_that_becomes_another_users_is_over() {
    let world = World::start().await;
    for (path, location) in [
        ("/?_task=mail&_action=become", "/?_task=login&_err=session"),
        ("/?_task=mail&_action=expire", "/?_task=login&_err=session"),
    ] {
        let mut browser = world.released().await;
        let session = browser.session().unwrap().clone();
        let poll = long_poll(&world, &browser).await;
        let answer = browser.get(path).await;
        answer.leads_to(location);
        assert!(!answer.text.contains("somebody else"));
        assert_eq!(browser.session(), None);
        timeout(SOON, poll).await.expect("the long poll is cut").unwrap();
        browser.cookies.insert(SESSION.into(), session);
        browser.get("/?_task=mail").await.shows(401, "Your session has ended");
    }
    let mut browser = world.released().await;
    let told = browser.get_with("/?_task=mail&_action=become", &[("x-requested-with", "XMLHttpRequest")]).await;
    told.shows(200, "this.session_error");
}

#[tokio::test]
async fn the_webmails_own_renewal_goes_into_the_jar() {
    let world = World::start().await;
    let mut browser = world.released().await;
    browser.get("/?_task=mail&_action=renew").await.shows(200, "renewed");
    browser.get("/?_task=mail").await.shows(200, "mailbox");
    let cookies = world.webmail.seen().pop().unwrap().header("cookie").unwrap().to_owned();
    assert!(cookies.contains("roundcube_sessauth=renewed") && !cookies.contains("proof-1"), "{cookies}");
}

#[tokio::test]
async fn another_sign_in_takes_the_place_of_the_first() {
    let world = World::start().await;
    let mut browser = world.released().await;
    let first = browser.session().unwrap().clone();
    // A wrong password costs nothing.
    browser.sign_in("bob@example.com", "wrong").await.shows(401, "Login failed.");
    browser.get("/?_task=mail").await.shows(200, "mailbox");
    world.daemon.on("Ask", CHALLENGE.replace("alice", "bob").as_str());
    browser.sign_in("bob@example.com", "right").await.leads_to("/postern/code");
    browser.get("/?_task=mail").await.leads_to("/postern/code");
    browser.cookies.insert(SESSION.into(), first);
    browser.get("/?_task=mail").await.shows(401, "Your session has ended");
}

#[tokio::test]
async fn a_websocket_opens_after_release_and_is_cut() {
    let world = World::start().await;
    let wanted = [("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-key", "x")];
    let mut waiting = world.challenged().await;
    world.webmail.forget();
    let answer = waiting.begin(Method::GET, "/?_task=mail", &wanted, String::new()).await;
    assert_eq!(answer.status(), 303);
    assert_eq!(world.webmail.lines(), [""; 0]);
    let mut browser = world.released().await;
    let answer = browser.begin(Method::GET, "/?_task=mail", &wanted, String::new()).await;
    assert_eq!(answer.status(), 101);
    let mut socket = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
    socket.write_all(b"hello").await.unwrap();
    let mut echo = [0; 5];
    timeout(PATIENCE, socket.read_exact(&mut echo)).await.unwrap().unwrap();
    assert_eq!(&echo, b"hello");
    world.daemon.ended(true);
    world.daemon.changed(None);
    let end = timeout(SOON, socket.read(&mut echo)).await.expect("the WebSocket is cut");
    assert!(!matches!(end, Ok(1..)));
}

/// Whoever holds all requests that a mailbox may run keeps nobody else out.
#[tokio::test]
async fn a_mailbox_has_its_share_of_requests_and_no_more() {
    use postern_http::upstream::{MAX_RUNNING_PER_MAILBOX, MAX_RUNNING_PER_SESSION};
    let world = World::start().await;
    let [one, two, three] = [world.released().await, world.released().await, world.released().await];
    world.webmail.forget();
    let mut held = Vec::new();
    for (browser, count) in [(&one, MAX_RUNNING_PER_SESSION), (&two, MAX_RUNNING_PER_MAILBOX - MAX_RUNNING_PER_SESSION)]
    {
        let head = format!(
            "GET /?_task=mail&_action=wait HTTP/1.1\r\nHost: webmail.example.com\r\nCookie: {SESSION}={}\r\n\r\n",
            browser.session().unwrap()
        );
        for _ in 0..count {
            let mut stream = crate::raw::connect(&world).await;
            stream.write_all(head.as_bytes()).await.unwrap();
            held.push(stream);
        }
    }
    let all = async {
        while world.webmail.lines().len() < MAX_RUNNING_PER_MAILBOX {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE * 3, all).await.expect("all of them run");
    for mut browser in [one, two, three] {
        let page = browser.get("/?_task=mail").await;
        page.shows(503, "The webmail does not answer");
    }
    // Another mailbox has its own.
    world.daemon.on("Ask", FREE.replace("alice", "bob").as_str());
    world.webmail.show_name("bob@example.com");
    let mut bob = world.browser();
    bob.sign_in("bob@example.com", "right").await.leads_to("/?_task=mail&_token=secret");
    bob.get("/?_task=mail").await.shows(200, "mailbox");
    drop(held);
}

#[tokio::test]
async fn a_session_lasts_as_long_as_the_daemon_says() {
    let world = World::start().await;
    let told = |verdict: &str, lives: [u32; 4]| {
        let [sign_in, saving, idle, whole] = lives;
        let lives = format!(r#"{{"sign_in":{sign_in},"saving":{saving},"idle":{idle},"whole":{whole}}}"#);
        verdict.replacen('{', &format!(r#"{{"lives":{lives},"#), 1)
    };
    let over = "Your session has ended";
    for (verdict, lives, status, page) in [
        (FREE, [0, 0, 60, 60], 200, "mailbox"),
        (FREE, [60, 60, 0, 60], 401, over),
        (FREE, [60, 60, 60, 0], 401, over),
        (CHALLENGE, [60, 0, 0, 0], 200, "code"),
        (CHALLENGE, [0, 60, 60, 60], 401, "Signing in took too long"),
    ] {
        world.daemon.on("Ask", told(verdict, lives).as_str());
        let mut browser = world.browser();
        let landing = browser.sign_in(ALICE, "right").await;
        let to = if verdict == FREE { "/?_task=mail" } else { "/postern/code" };
        assert_eq!(landing.status, 303);
        browser.get(to).await.shows(status, page);
    }
}
