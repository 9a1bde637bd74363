//! What happens to those who are in.

use super::client::Client;
use super::{accepted, bob_is_in, world};
use nix::sys::signal::Signal;
use postern_tests::certificates::Certificates;
use postern_tests::{World, wait};
use std::fs;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// A session ends this soon when its account has changed.
const SOON: Duration = Duration::from_secs(5);
/// A message that fills every buffer on the way many times over.
const LARGE: usize = 100 * 1024 * 1024;
/// More than may wait from one address.
const SILENT: usize = 600;

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
async fn a_change_of_the_account_ends_its_sessions() {
    let mut world = world();
    let (alice, secret, bob) = world.alice_and_bob();
    let typed = world.with_next_code(&alice, &secret);
    let mut hers = accepted(&world, &alice.name, &typed).await;
    let mut his = accepted(&world, &bob.name, &bob.password).await;
    hers.ask("b SELECT INBOX").await;
    hers.idles("c").await;

    let began = Instant::now();
    world.admin(&format!("account reset {}", alice.name));
    hers.is_ended().await;
    assert!(began.elapsed() < SOON);
    his.succeeds("b NOOP").await;
    // Bob had no second factor; from now on he has to have one.
    world.enable(&bob);
    assert!(his.line().await.starts_with("* BYE "));
}

#[tokio::test]
async fn after_sign_in_the_bytes_are_the_backends() {
    let world = world();
    let bob = world.mailbox("bob");
    let login = format!("a LOGIN {} {}", bob.name, bob.password);
    let mut answers = Vec::new();
    for mut client in [Client::direct(&world).await, Client::open(&world).await] {
        let mut all = String::new();
        for command in [
            login.as_str(),
            "b CAPABILITY",
            "c LIST \"\" *",
            "d EXAMINE INBOX",
            "e FETCH 1:* (UID RFC822.SIZE BODY.PEEK[])",
            "f NONSENSE",
            "g LOGOUT",
        ] {
            all += &client.ask(command).await;
        }
        assert!(client.line().await.is_empty());
        // Dovecot tells how long it took, and how much room there is, which is never the same.
        answers.push(all.lines().map(|line| line.split(" (0.").next().unwrap()).collect::<Vec<_>>().join("\n"));
    }
    assert!(answers[0].contains(&bob.private_subject()) && answers[0].contains("f BAD"), "{}", answers[0]);
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn a_large_message_comes_back_as_it_went() {
    let (_world, _, mut client) = bob_is_in().await;
    let mut message = b"Subject: large\r\n\r\n".to_vec();
    message.extend((0..LARGE).map(|number| if number % 76 == 75 { b'\n' } else { b'!' + (number % 89) as u8 }));
    let length = client.fetches_back(&message).await;
    // Dovecot stores lines with LF and gives them with CRLF.
    let back = client.bytes(length).await;
    let lines = |bytes: &[u8]| bytes.iter().copied().filter(|byte| *byte != b'\r').collect::<Vec<_>>();
    assert!(lines(&back) == lines(&message));
    assert!(client.answer("d").await.contains("d OK"));
}

#[tokio::test]
async fn silence_keeps_nobody_out() {
    let (world, bob, mut inside) = bob_is_in().await;
    let mut silent = Vec::new();
    for _ in 0..SILENT {
        silent.push(TcpStream::connect(("127.0.0.1", world.imap_front.unwrap().imaps)).await.unwrap());
    }
    accepted(&world, &bob.name, &bob.password).await;
    inside.succeeds("b NOOP").await;
}

#[tokio::test]
async fn a_stop_says_goodbye() {
    let (mut world, _, mut client) = bob_is_in().await;
    world.proxy.stop().unwrap();
    client.is_ended().await;
}

#[tokio::test]
async fn a_stop_lets_an_answer_end_and_nobody_new_in() {
    let (mut world, _, mut client) = bob_is_in().await;
    let mut message = b"Subject: large\r\n\r\n".to_vec();
    message.resize(LARGE, b'x');
    let length = client.fetches_back(&message).await;
    world.proxy.signal(Signal::SIGTERM).unwrap();
    wait::until("the door to close", || {
        Ok(std::net::TcpStream::connect(("127.0.0.1", world.imap_front.unwrap().imaps)).is_err().then_some(()))
    })
    .unwrap();
    assert!(client.bytes(length).await.ends_with(&[b'x'; 1024]));
    assert!(client.answer("d").await.contains("d OK"));
    client.is_ended().await;
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_and_nobody_is_thrown_out() {
    let (mut world, bob, mut early) = bob_is_in().await;
    early.idles("b").await;
    // By another authority, so that a client that trusts this one alone sees the difference.
    fs::remove_file(&world.certificates.key).unwrap();
    world.certificates = Certificates::issue(world.certificates.key.parent().unwrap()).unwrap();
    world.proxy.signal(Signal::SIGHUP).unwrap();
    let is_read = |world: &World| world.proxy.log().contains("the certificate was read again");
    wait::until("the new certificate", || Ok(is_read(&world).then_some(()))).unwrap();
    accepted(&world, &bob.name, &bob.password).await;
    early.send(b"DONE\r\n").await;
    assert!(early.answer("b").await.contains("b OK"));
}
