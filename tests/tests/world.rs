//! The world itself: what the other tests stand on, without Postern in it.

use postern_tests::backend::{Backend, private_directory};
use postern_tests::browser::{Browser, Look};
use postern_tests::certificates::Certificates;
use postern_tests::{Plan, Upstream, World, mailboxes, tools};

use fantoccini::Locator;

/// Roundcube's sign-in form, and where it puts the name of who is signed in.
const USER: Locator<'_> = Locator::Css("#rcmloginuser");
const PASSWORD: Locator<'_> = Locator::Css("#rcmloginpwd");
const SUBMIT: Locator<'_> = Locator::Css("#rcmloginsubmit");
const SIGNED_IN: Locator<'_> = Locator::Css(".header-title.username");
const SUBJECTS: Locator<'_> = Locator::Css("#messagelist td.subject .subject a");

#[tokio::test]
async fn without_postern_a_password_alone_opens_the_mailbox() {
    let directory = private_directory().unwrap();
    let certificates = Certificates::issue(directory.path()).unwrap();
    let mut backend = Backend::start(directory.path(), &certificates).unwrap();
    let alice = backend.dovecot.mailboxes()[0].clone();

    let browser = Browser::open(Look::DESKTOP, &certificates).await.unwrap();
    let client = &browser.client;
    client.goto(&backend.roundcube.url()).await.unwrap();
    browser.screenshot("roundcube-login").await.unwrap();
    client.wait().for_element(USER).await.unwrap().send_keys(&alice.name).await.unwrap();
    client.find(PASSWORD).await.unwrap().send_keys(&alice.password).await.unwrap();
    client.find(SUBMIT).await.unwrap().click().await.unwrap();

    let shown = client.wait().for_element(SIGNED_IN).await.unwrap().prop("textContent").await.unwrap();
    assert_eq!(shown.as_deref(), Some(alice.name.as_str()));
    client.wait().for_element(SUBJECTS).await.unwrap();
    let mut subjects = Vec::new();
    for subject in client.find_all(SUBJECTS).await.unwrap() {
        subjects.push(subject.text().await.unwrap());
    }
    assert!(subjects.contains(&alice.private_subject()), "{subjects:?}");
    browser.screenshot("roundcube-inbox").await.unwrap();

    assert_eq!(backend.roundcube.errors(), "");
    for service in backend.services() {
        assert!(service.pid().is_some(), "{} has ended\n{}", service.name, service.log_tail());
    }
}

#[test]
fn dovecot_serves_mail_over_tls_and_takes_a_new_password_at_once() {
    let directory = private_directory().unwrap();
    let certificates = Certificates::issue(directory.path()).unwrap();
    let mut backend = Backend::start(directory.path(), &certificates).unwrap();
    let bob = backend.dovecot.mailboxes()[1].clone();
    let url = format!("imaps://localhost:{}/INBOX;MAILINDEX=3", backend.dovecot.imaps);
    let ca = certificates.ca.to_str().unwrap();
    let fetch = |password: &str| {
        tools::curl(["--cacert", ca, "--user", &format!("{}:{password}", bob.name), &url]).unwrap().success()
    };

    assert!(fetch(&bob.password).unwrap().contains(mailboxes::ATTACHMENT));
    backend.dovecot.set_password(&bob.name, "another: one").unwrap();
    assert!(fetch("another: one").is_ok());
    assert!(fetch(&bob.password).is_err());
}

/// The daemon of the world is a real one: it forgets nothing when it is killed, and it lives by the world's clock.
#[test]
fn the_daemon_can_be_killed_and_its_clock_moved() {
    let plan = Plan { upstream: Upstream::None, movable_clock: true, ..Plan::default() };
    let mut world = World::start(plan).unwrap();
    let state = |world: &World| {
        let shown = world.postern(["account", "show", "alice@example.com", "--json"]).unwrap().success().unwrap();
        shown.split_once("\"state\"").unwrap().1.split('"').nth(1).unwrap().to_owned()
    };
    assert_eq!(state(&world), "enrolling");
    world.postern(["account", "suspend", "alice@example.com", "--hours", "1"]).unwrap().success().unwrap();
    world.posternd.kill();
    assert_eq!(world.postern(["status"]).unwrap().code, 3);
    world.posternd.start().unwrap();
    assert_eq!(state(&world), "suspended");
    world.move_clock(3601).unwrap();
    assert_eq!(state(&world), "enrolling");
}
