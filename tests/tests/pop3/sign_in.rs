//! Who is signed in, and what everybody else is told.

use super::client::Client;
use super::{heard_of, is_heard_of, world};
use std::time::{Duration, Instant};

/// A refusal takes this long, or a busy machine's moment longer.
const REFUSAL: Duration = Duration::from_secs(3);
const MOMENT: Duration = Duration::from_millis(1500);

#[tokio::test]
async fn a_code_opens_the_mailbox_once_over_both_protocols() {
    let mut world = world();
    let (alice, secret) = world.protected("alice");
    let typed = world.with_next_code(&alice, &secret);
    world.plant(&typed);
    let mut client = Client::start_tls(&world, "USER eve@example.com\r\n").await;
    // What was sent behind STLS in the clear is forgotten.
    assert!(client.ask("PASS x").await.starts_with("-ERR "));
    assert!(client.sign_in(&alice.name, &typed).await.starts_with("+OK "));
    assert!(client.ask("STAT").await.starts_with("+OK 3 "));
    let capabilities = client.list("CAPA").await;
    assert!(capabilities.contains(&"UIDL\r\n".to_owned()) && !capabilities.contains(&"STLS\r\n".to_owned()));
    // The same code again, over the other protocol.
    let url = format!("imaps://localhost:{}/INBOX", world.imap().imaps);
    let ca = world.certificates.ca.to_string_lossy().into_owned();
    let again =
        postern_tests::tools::curl(["--cacert", &ca, "--user", &format!("{}:{typed}", alice.name), &url]).unwrap();
    assert!(again.success().is_err());
    // An app password works over and over, while its owner's sessions are open.
    let (_, app_password) = world.app_password(&alice, &[]);
    for _ in 0..2 {
        let mut client = Client::open(&world).await;
        assert!(client.sign_in(&alice.name, &app_password).await.starts_with("+OK "));
        assert!(client.ask("QUIT").await.starts_with("+OK "));
        client.is_ended().await;
    }
    // A reset ends what a factor has opened.
    world.postern(["account", "reset", &alice.name]).unwrap().success().unwrap();
    client.is_ended().await;
}

#[tokio::test]
async fn commands_may_come_in_one_segment_and_none_passes_before_the_verdict() {
    let mut world = world();
    let (alice, bob) = (world.mailbox("alice"), world.mailbox("bob"));
    let secret = world.protect(&alice);
    let mut client = Client::open(&world).await;
    client.send(&format!("USER {}\r\nPASS {}\r\nSTAT\r\nQUIT\r\n", bob.name, bob.password)).await;
    let mut said = Vec::new();
    for _ in 0..4 {
        said.push(client.line().await);
    }
    assert!(said.iter().all(|line| line.starts_with("+OK")) && said[2].starts_with("+OK 3 "), "{said:?}");
    client.is_ended().await;
    // Without a verdict nothing of it is sent to the mail server.
    let before = heard_of(&world, "alice");
    let mut client = Client::open(&world).await;
    client.send(&format!("USER {}\r\nPASS {}\r\nDELE 1\r\nQUIT\r\n", alice.name, alice.password)).await;
    let mut said = Vec::new();
    for _ in 0..4 {
        said.push(client.line().await);
    }
    assert!(said[1].starts_with("-ERR [AUTH] ") && said[2].starts_with("-ERR ") && said[3].starts_with("+OK Goodbye"));
    client.is_ended().await;
    assert_eq!(heard_of(&world, "alice"), before);
    // A right code with a wrong password: only now does the mail server hear of her.
    let wrong = world.with_next_code(&alice, &secret).replace(&alice.password, "not-it-at-all");
    let mut client = Client::open(&world).await;
    assert!(client.sign_in(&alice.name, &wrong).await.starts_with("-ERR [AUTH] "));
    is_heard_of(&world, "alice", before + 1);
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
async fn every_failure_is_the_same_bytes_at_the_same_time() {
    let mut world = world();
    let (alice, bob, carol) = (world.mailbox("alice"), world.mailbox("bob"), world.mailbox("carol"));
    world.protect(&alice);
    // Enabled, and without a method.
    world.enable(&carol);
    let wrong_code = format!("{}000000", alice.password);
    let mut answers = Vec::new();
    for (name, password) in [
        (alice.name.as_str(), alice.password.as_str()),
        (&alice.name, &wrong_code),
        (&carol.name, &carol.password),
        (&bob.name, "not-it-at-all"),
        ("nobody@elsewhere.example", "x"),
        ("nobody@example.com", "x"),
        ("jürgen", "x"),
    ] {
        let mut client = Client::open(&world).await;
        let began = Instant::now();
        let answer = client.sign_in(name, password).await;
        let took = began.elapsed();
        assert!((REFUSAL..REFUSAL + MOMENT).contains(&took), "{name}: {took:?}");
        answers.push(answer);
    }
    assert!(answers[0].starts_with("-ERR [AUTH] Sign-in failed. ") && answers[0].contains(&world.files.webmail_url()));
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
}

#[tokio::test]
async fn while_posternd_or_the_mail_server_is_down_no_client_is_told_that_its_password_is_wrong() {
    let mut world = world();
    let bob = world.mailbox("bob");
    world.posternd.stop().unwrap();
    let mut client = Client::open(&world).await;
    assert!(client.sign_in(&bob.name, &bob.password).await.starts_with("-ERR [SYS/TEMP] "));
    world.posternd.start().unwrap();
    world.dovecot().service.stop().unwrap();
    let mut client = Client::open(&world).await;
    assert!(client.sign_in(&bob.name, &bob.password).await.starts_with("-ERR [SYS/TEMP] "));
    world.dovecot().service.start().unwrap();
    let mut client = Client::open(&world).await;
    assert!(client.sign_in(&bob.name, &bob.password).await.starts_with("+OK "));
}
