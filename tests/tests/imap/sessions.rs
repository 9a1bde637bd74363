//! What happens to those who are in.

use super::client::Client;
use super::{admin, mailbox, protect, sign_in, with_next_code, world};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
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
    let (alice, bob) = (mailbox(&world, "alice"), mailbox(&world, "bob"));
    let secret = protect(&mut world, &alice);
    let typed = with_next_code(&mut world, &alice, &secret);
    let (mut hers, answer) = sign_in(&world, &alice.name, &typed).await;
    assert!(answer.contains("a OK "), "{answer}");
    let (mut his, _) = sign_in(&world, &bob.name, &bob.password).await;
    hers.ask("b SELECT INBOX").await;
    hers.send(b"c IDLE\r\n").await;
    assert!(hers.line().await.starts_with("+ "));

    let began = Instant::now();
    admin(&world, &format!("account reset {}", alice.name));
    assert!(hers.line().await.starts_with("* BYE ") && hers.line().await.is_empty());
    assert!(began.elapsed() < SOON);
    assert!(his.ask("b NOOP").await.contains("b OK"));
    // Bob had no second factor; from now on he has to have one.
    admin(&world, &format!("account enable {}", bob.name));
    assert!(his.line().await.starts_with("* BYE "));
}

#[tokio::test]
async fn after_sign_in_the_bytes_are_the_backends() {
    let world = world();
    let bob = mailbox(&world, "bob");
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
    let world = world();
    let bob = mailbox(&world, "bob");
    let (mut client, _) = sign_in(&world, &bob.name, &bob.password).await;
    let mut message = b"Subject: large\r\n\r\n".to_vec();
    message.extend((0..LARGE).map(|number| if number % 76 == 75 { b'\n' } else { b'!' + (number % 89) as u8 }));
    client.send(format!("b APPEND Drafts {{{}+}}\r\n", message.len()).as_bytes()).await;
    client.send(&message).await;
    client.send(b"\r\n").await;
    assert!(client.answer("b").await.contains("b OK"));
    client.ask("c SELECT Drafts").await;
    client.send(b"d FETCH 1 BODY.PEEK[]\r\n").await;
    let head = client.line().await;
    let length: usize = head.split(['{', '}']).nth(1).unwrap().parse().unwrap();
    // Dovecot stores lines with LF and gives them with CRLF.
    let back = client.bytes(length).await;
    let lines = |bytes: &[u8]| bytes.iter().copied().filter(|byte| *byte != b'\r').collect::<Vec<_>>();
    assert!(lines(&back) == lines(&message));
    assert!(client.answer("d").await.contains("d OK"));
}

#[tokio::test]
async fn silence_keeps_nobody_out() {
    let world = world();
    let bob = mailbox(&world, "bob");
    let (mut inside, _) = sign_in(&world, &bob.name, &bob.password).await;
    let mut silent = Vec::new();
    for _ in 0..SILENT {
        silent.push(TcpStream::connect(("127.0.0.1", world.imap_front.unwrap().imaps)).await.unwrap());
    }
    let (_, answer) = sign_in(&world, &bob.name, &bob.password).await;
    assert!(answer.contains("a OK "), "{answer}");
    assert!(inside.ask("b NOOP").await.contains("b OK"));
}

#[tokio::test]
async fn a_stop_says_goodbye() {
    let mut world = world();
    let bob = mailbox(&world, "bob");
    let (mut client, _) = sign_in(&world, &bob.name, &bob.password).await;
    world.proxy.stop().unwrap();
    assert!(client.line().await.starts_with("* BYE ") && client.line().await.is_empty());
}

#[tokio::test]
async fn a_stop_lets_an_answer_end_and_nobody_new_in() {
    let mut world = world();
    let bob = mailbox(&world, "bob");
    let (mut client, _) = sign_in(&world, &bob.name, &bob.password).await;
    let mut message = b"Subject: large\r\n\r\n".to_vec();
    message.resize(LARGE, b'x');
    client.send(format!("b APPEND Drafts {{{}+}}\r\n", message.len()).as_bytes()).await;
    client.send(&message).await;
    client.send(b"\r\n").await;
    assert!(client.answer("b").await.contains("b OK"));
    client.ask("c SELECT Drafts").await;
    client.send(b"d FETCH 1 BODY.PEEK[]\r\n").await;
    let head = client.line().await;
    send_signal(&mut world, Signal::SIGTERM);
    wait::until("the door to close", || {
        Ok(std::net::TcpStream::connect(("127.0.0.1", world.imap_front.unwrap().imaps)).is_err().then_some(()))
    })
    .unwrap();
    let length: usize = head.split(['{', '}']).nth(1).unwrap().parse().unwrap();
    assert!(client.bytes(length).await.ends_with(&[b'x'; 1024]));
    assert!(client.answer("d").await.contains("d OK"));
    assert!(client.line().await.starts_with("* BYE ") && client.line().await.is_empty());
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_and_nobody_is_thrown_out() {
    let mut world = world();
    let bob = mailbox(&world, "bob");
    let (mut early, _) = sign_in(&world, &bob.name, &bob.password).await;
    early.send(b"b IDLE\r\n").await;
    assert!(early.line().await.starts_with("+ "));
    // By another authority, so that a client that trusts this one alone sees the difference.
    fs::remove_file(&world.certificates.key).unwrap();
    world.certificates = Certificates::issue(world.certificates.key.parent().unwrap()).unwrap();
    send_signal(&mut world, Signal::SIGHUP);
    let is_read = |world: &World| world.proxy.log().contains("the certificate was read again");
    wait::until("the new certificate", || Ok(is_read(&world).then_some(()))).unwrap();
    let (_, answer) = sign_in(&world, &bob.name, &bob.password).await;
    assert!(answer.contains("a OK "), "{answer}");
    early.send(b"DONE\r\n").await;
    assert!(early.answer("b").await.contains("b OK"));
}

fn send_signal(world: &mut World, signal: Signal) {
    kill(Pid::from_raw(world.proxy.pid().unwrap().cast_signed()), signal).unwrap();
}
