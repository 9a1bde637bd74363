//! App passwords, as the administrator makes them and mail apps use them.

use super::client::Client;
use super::{accepted, heard_of, is_heard_of, refused, sign_in, world};
use crate::story::visitor::Visitor;
use postern_tests::World;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Seconds of a day.
const DAY: i64 = 86_400;
/// A session ends this soon when its app password is taken back.
const SOON: Duration = Duration::from_secs(5);

async fn is_in(world: &World, name: &str, password: &str) -> bool {
    let (mut client, answer) = sign_in(world, name, password).await;
    answer.contains("a OK ") && client.ask("b SELECT INBOX").await.contains("* 3 EXISTS")
}

#[tokio::test]
async fn it_opens_the_mailbox_however_it_is_typed_and_again_and_again() {
    let mut world = world();
    let (alice, _) = world.protected("alice");
    let (_, typed) = world.app_password(&alice, &[]);
    for name in [alice.name.as_str(), "alice", "EXAMPLE.COM\\Alice"] {
        assert!(is_in(&world, name, &typed).await, "{name}");
        assert!(is_in(&world, name, &typed.replace('-', " ").to_uppercase()).await, "{name}");
    }
    let listed: Value = world.admin_json(&format!("app-password list {}", alice.name));
    assert_eq!((&listed[0]["last_address"], &listed[0]["description"]), (&"127.0.0.1".into(), &"phone".into()));
    assert!(listed[0]["last_used"].is_string());
    let mut client = Client::open(&world).await;
    client.ask("i ID (\"name\" \"K-9 Mail\" \"version\" \"9\")").await;
    // Within a minute of the last use nothing is written; then the name of the app is.
    world.move_clock(61).unwrap();
    assert!(client.ask(&format!("a LOGIN alice {typed}")).await.contains("a OK "));
    assert!(world.admin(&format!("app-password list {}", alice.name)).contains("K-9 Mail"));
}

#[tokio::test]
async fn a_wrong_password_makes_none_and_without_the_front_it_is_unavailable() {
    let mut world = world();
    let alice = world.mailbox("alice");
    let create = ["app-password", "create", &alice.name, "--description", "phone"];
    let wrong = world.postern_reading(create, "not-it\n").unwrap();
    assert!(wrong.code == 1 && wrong.stderr.contains("the mail server refuses this password"), "{wrong:?}");
    world.proxy.stop().unwrap();
    let nobody = world.postern_reading(create, &format!("{}\n", alice.password)).unwrap();
    assert!(nobody.code == 1 && nobody.stderr.contains("Start postern-proxy"), "{nobody:?}");
    world.proxy.start().unwrap();
    world.dovecot().service.stop().unwrap();
    let dark = world.postern_reading(create, &format!("{}\n", alice.password)).unwrap();
    assert!(dark.code == 1 && dark.stderr.contains("the mail server does not answer"), "{dark:?}");
    assert!(world.admin(&format!("app-password list {} --json", alice.name)).contains("[]"));
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
async fn taking_it_back_ends_its_sessions_and_no_others() {
    let mut world = world();
    let (alice, secret) = world.protected("alice");
    let [(phone, of_phone), (_, of_tablet)] = [(); 2].map(|()| world.app_password(&alice, &[]));
    let with_code = world.with_next_code(&alice, &secret);
    let mut on_phone = accepted(&world, &alice.name, &of_phone).await;
    let mut on_tablet = accepted(&world, &alice.name, &of_tablet).await;
    let mut by_code = accepted(&world, &alice.name, &with_code).await;
    on_phone.ask("b SELECT INBOX").await;
    on_phone.idles("c").await;
    let began = Instant::now();
    world.admin(&format!("app-password revoke {} {phone}", alice.name));
    on_phone.is_ended().await;
    assert!(began.elapsed() < SOON);
    for client in [&mut on_tablet, &mut by_code] {
        client.succeeds("c NOOP").await;
    }
    refused(&world, &alice.name, &of_phone, "a NO [AUTHENTICATIONFAILED]").await;
}

#[tokio::test]
async fn its_end_ends_its_sessions_and_no_others() {
    let mut world = world();
    let (alice, _) = world.protected("alice");
    let (_, of_phone) = world.app_password(&alice, &["--expires", "2d"]);
    let (_, of_tablet) = world.app_password(&alice, &[]);
    let mut on_phone = accepted(&world, &alice.name, &of_phone).await;
    let mut on_tablet = accepted(&world, &alice.name, &of_tablet).await;
    on_phone.ask("b SELECT INBOX").await;
    on_phone.idles("c").await;
    world.move_clock(2 * DAY + 60).unwrap();
    on_phone.is_ended().await;
    on_tablet.succeeds("c NOOP").await;
    // The clock that was set right brings it back as little.
    world.move_clock(-DAY).unwrap();
    refused(&world, &alice.name, &of_phone, "a NO [EXPIRED]").await;
}

/// As an app does that has stored both, for as long as its owner does not look.
#[tokio::test]
async fn a_password_with_a_spent_code_that_comes_for_days_closes_nothing() {
    let mut world = world();
    let (alice, secret) = world.protected("alice");
    let stored = world.with_next_code(&alice, &secret);
    assert!(is_in(&world, "alice", &stored).await);
    for hours in 0..30 {
        world.move_clock(hours * 60).unwrap();
        refused(&world, "alice", &stored, "a NO [AUTHENTICATIONFAILED]").await;
    }
    assert!(world.admin("account show alice@example.com").contains("protected"));
    let fresh = world.with_next_code(&alice, &secret);
    assert!(is_in(&world, "alice", &fresh).await);
}

#[tokio::test]
async fn it_goes_on_while_no_code_is_asked_and_while_the_channel_is_locked() {
    let mut world = world();
    let (alice, _) = world.protected("alice");
    let (_, typed) = world.app_password(&alice, &[]);
    for change in ["account suspend alice@example.com --hours 1", "platform disable example"] {
        world.admin(change);
        assert!(is_in(&world, "alice", &typed).await && is_in(&world, "alice", &alice.password).await, "{change}");
    }
    world.admin("platform enable example");
    world.admin("account resume alice@example.com");
    let wrong = format!("{}123456", alice.password);
    for _ in 0..5 {
        sign_in(&world, "alice", &wrong).await;
    }
    assert!(world.admin("account show alice@example.com").contains("locked"));
    assert!(is_in(&world, "alice", &typed).await, "strangers who guess keep no phone out");
    // A mail app that has the bare password guesses nothing.
    world.admin("account unlock alice@example.com");
    for _ in 0..6 {
        sign_in(&world, "alice", &alice.password).await;
    }
    assert!(world.admin("account show alice@example.com").contains("protected"));
}

#[tokio::test]
async fn a_changed_password_is_tried_once_and_the_webmail_brings_the_new_one() {
    let mut world = world();
    let (alice, _) = world.protected("alice");
    let [(_, of_phone), (_, of_tablet)] = [(); 2].map(|()| world.app_password(&alice, &[]));
    assert!(is_in(&world, "alice", &of_phone).await && is_in(&world, "alice", &of_tablet).await);
    world.dovecot().set_password(&alice.name, "another word").unwrap();
    let before = heard_of(&world, "auth failed");
    for typed in [&of_phone, &of_tablet, &of_phone, &of_phone] {
        let (_, answer) = sign_in(&world, "alice", typed).await;
        assert!(answer.starts_with("a NO [EXPIRED]") && answer.contains(&world.files.webmail_url()), "{answer}");
    }
    is_heard_of(&world, "auth failed", before + 1);
    assert_eq!(heard_of(&world, "auth failed") - before, 1, "{}", world.logs());
    let listed = world.admin("app-password list alice@example.com");
    assert_eq!(listed.matches("works again").count(), 2, "{listed}");
    // The password is enough to renew them; the code opens the webmail, not this.
    world.plant("another word");
    Visitor::new(&world).sign_in(&world.mailbox("alice")).leads_to("/postern/code");
    assert!(is_in(&world, "alice", &of_phone).await && is_in(&world, "alice", &of_tablet).await);
}
