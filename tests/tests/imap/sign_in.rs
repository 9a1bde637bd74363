//! Who gets in, and what everybody else is told.

use super::backends::configure;
use super::client::Client;
use super::{heard_of, is_heard_of, sign_in, world};
use std::time::{Duration, Instant};

/// An answer takes this long, or a busy machine's moment longer.
const REFUSAL: Duration = Duration::from_secs(3);
const MOMENT: Duration = Duration::from_millis(1500);

#[tokio::test]
async fn a_password_with_the_code_behind_it_opens_the_mailbox_once() {
    let mut world = world();
    let (alice, secret) = world.protected("alice");
    let typed = world.with_next_code(&alice, &secret);
    world.plant(&typed);
    let ((mut one, first), (mut two, second)) =
        tokio::join!(sign_in(&world, &alice.name, &typed), sign_in(&world, "EXAMPLE.COM\\alice", &typed));
    let are_in = [&first, &second].map(|answer| answer.contains("a OK "));
    assert_ne!(are_in[0], are_in[1], "{first}{second}");
    let (third, third_answer) = sign_in(&world, "Alice", &typed).await;
    assert!(third_answer.starts_with("a NO [AUTHENTICATIONFAILED]"), "{third_answer}");
    drop(third);
    let client = if are_in[0] { &mut one } else { &mut two };
    client.reads_inbox("b").await;
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
async fn every_failure_is_the_same_bytes_at_the_same_time_and_unheard_of_by_the_backend() {
    let mut world = world();
    let (alice, bob, carol) = (world.mailbox("alice"), world.mailbox("bob"), world.mailbox("carol"));
    let secret = world.protect(&alice);
    let right = world.with_next_code(&alice, &secret);
    // Enabled, and without a method.
    world.enable(&carol);
    let before = ["alice", "carol", "elsewhere"].map(|name| heard_of(&world, name));
    let no_code = alice.password.clone();
    let wrong_code = format!("{}000000", alice.password);
    let wrong_password = right.replace(&alice.password, "not-it-at-all");
    let mut answers = Vec::new();
    for (name, password) in [
        (alice.name.as_str(), no_code.as_str()),
        (&alice.name, &wrong_code),
        (&carol.name, &carol.password),
        ("nobody@elsewhere.example", "x"),
        // Dovecot is asked about these, for no factor stands before it.
        (&bob.name, "not-it-at-all"),
        ("nobody@example.com", "x"),
        ("jürgen", "x"),
    ] {
        let mut client = Client::open(&world).await;
        let began = Instant::now();
        let answer = client.ask(&format!("a LOGIN \"{name}\" \"{password}\"")).await;
        let took = began.elapsed();
        assert!((REFUSAL..REFUSAL + MOMENT).contains(&took), "{name}: {took:?}");
        answers.push(answer);
    }
    assert!(answers[0].starts_with("a NO [AUTHENTICATIONFAILED] ") && answers[0].contains(&world.files.webmail_url()));
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    assert_eq!(["alice", "carol", "elsewhere"].map(|name| heard_of(&world, name)), before);
    // A right code with a wrong password: only now does the backend hear of her.
    let (_, answer) = sign_in(&world, &alice.name, &wrong_password).await;
    assert_eq!(answer, answers[0]);
    is_heard_of(&world, "alice", before[0] + 1);
}

#[tokio::test]
async fn three_failures_end_the_connection() {
    let world = world();
    let mut client = Client::open(&world).await;
    client.send(b"a LOGIN x y\r\nb LOGIN x y\r\nc LOGIN x y\r\nd LOGIN x y\r\n").await;
    for tag in ["a", "b", "c"] {
        assert!(client.answer(tag).await.starts_with(&format!("{tag} NO [AUTHENTICATIONFAILED]")));
    }
    client.is_ended().await;
}

#[tokio::test]
async fn nobody_signs_in_in_the_clear() {
    let world = world();
    let bob = world.mailbox("bob");
    let mut client = Client::in_the_clear(&world).await;
    assert!(client.ask("a CAPABILITY").await.contains("STARTTLS LOGINDISABLED\r\n"));
    let login = format!("LOGIN {} {}", bob.name, bob.password);
    assert!(client.ask(&format!("b {login}")).await.starts_with("b NO [PRIVACYREQUIRED]"));
    // What was injected behind STARTTLS is forgotten; else its tag would be the first that is answered.
    let mut client = Client::start_tls(&world, "x NOOP\r\ny LOGIN eve pw\r\n").await;
    assert!(client.ask(&format!("c {login}")).await.contains("c OK "));
    assert!(client.ask("d SELECT INBOX").await.contains("d OK "));
}

#[tokio::test]
async fn mechanisms_that_are_not_verified_here_are_refused() {
    let world = world();
    let before = heard_of(&world, "imap-login");
    for command in ["AUTHENTICATE NTLM", "AUTHENTICATE GSSAPI abc=", "AUTHENTICATE ANONYMOUS", "AUTHENTICATE LOGIN"] {
        let mut client = Client::open(&world).await;
        assert!(client.ask(&format!("a {command}")).await.starts_with("a NO [CANNOT]"), "{command}");
    }
    for command in ["SELECT INBOX", "UNAUTHENTICATE", "COMPRESS DEFLATE", "XPROXY", "", "LOGIN x {99999999999}"] {
        let mut client = Client::open(&world).await;
        let answer = client.ask(&format!("a {command}")).await;
        assert!(answer.starts_with("a BAD ") || answer.starts_with("* BYE "), "{answer}");
    }
    assert_eq!(heard_of(&world, "imap-login"), before, "nothing reached the backend");
}

#[tokio::test]
async fn a_listed_load_balancer_is_believed_and_the_audit_log_has_the_client() {
    let mut world = world();
    let (alice, _) = world.protected("alice");
    configure(&mut world, "proxy_protocol_from = [\"127.0.0.0/8\"]\n");
    let mut client = Client::behind(&world, "PROXY TCP4 192.0.2.7 127.0.0.1 1 993\r\n").await;
    client.ask(&format!("a LOGIN {} {}000000", alice.name, alice.password)).await;
    let audit = world.admin(&format!("audit --mailbox {} --json", alice.name));
    assert!(audit.contains("192.0.2.7"), "{audit}");
}
