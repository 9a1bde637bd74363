//! Backends that are not what they should be: the client is told in good order, and nobody gets past the factor.

use super::client::Client;
use super::{mailbox, sign_in, world};
use postern_tests::World;
use std::fs;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Has the front stand before `backend`.
fn stand_before(world: &mut World, backend: &str) {
    let path = &world.files.proxy_config;
    let text = fs::read_to_string(path).unwrap();
    let is_backend = |line: &&str| line.starts_with("backend = ");
    let old = text.lines().find(is_backend).unwrap();
    fs::write(path, text.replace(old, &format!("backend = \"{backend}\""))).unwrap();
    world.proxy.restart().unwrap();
}

/// A backend that says one thing to whoever connects, another to whatever is said, and hangs up.
async fn impostor(greeting: &'static str, answer: &'static str) -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = socket.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = socket.accept().await {
            let _ = stream.write_all(greeting.as_bytes()).await;
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    port
}

#[tokio::test]
async fn a_backend_is_reached_in_every_way_there_is() {
    let mut world = world();
    let bob = mailbox(&world, "bob");
    let plain = world.backend.as_ref().unwrap().dovecot.imap;
    for scheme in ["imap", "imap+starttls"] {
        stand_before(&mut world, &format!("{scheme}://localhost:{plain}"));
        let (mut client, answer) = sign_in(&world, &bob.name, &bob.password).await;
        assert!(answer.contains("a OK [CAPABILITY "), "{scheme}: {answer}");
        assert!(client.ask("b SELECT INBOX").await.contains("* 3 EXISTS"));
    }
}

#[tokio::test]
async fn a_backend_that_cannot_be_used_is_an_outage() {
    const CAPABLE: &str = "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\r\n";
    let mut world = world();
    let bob = mailbox(&world, "bob");
    for (greeting, answer) in [
        ("* PREAUTH welcome\r\n", "P2 OK in\r\n"),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", ""),
        ("\0\u{1}\u{fffd}\r\n", ""),
        ("", ""),
        (CAPABLE, ""),
        (CAPABLE, "P2 OK [REFERRAL imap://other/] elsewhere\r\n"),
        (CAPABLE, "P2 OK [CAPABILITY IMAP4rev1 UNAUTHENTICATE] in\r\n"),
        (CAPABLE, "P2 OK [CAPABILITY IMAP4rev1]\u{e9} in\r\n"),
        (CAPABLE, "* BYE gone\r\n"),
    ] {
        let port = impostor(greeting, answer).await;
        stand_before(&mut world, &format!("imap://127.0.0.1:{port}"));
        let (mut client, said) = sign_in(&world, &bob.name, &bob.password).await;
        assert!(said.starts_with("a NO [UNAVAILABLE] "), "{greeting:?} {answer:?}: {said}");
        assert!(client.ask("b NOOP").await.starts_with("b OK"), "it is still there");
    }
}

#[tokio::test]
async fn a_backend_whose_certificate_is_not_trusted_gets_no_password() {
    let mut world = world();
    let bob = mailbox(&world, "bob");
    // Without `backend_ca` the system's authorities count, and none of them knows the world's.
    let path = &world.files.proxy_config;
    let text = fs::read_to_string(path).unwrap();
    fs::write(path, text.replace("backend_ca = ", "#")).unwrap();
    world.proxy.restart().unwrap();
    let mut client = Client::open(&world).await;
    let answer = client.ask(&format!("a LOGIN {} {}", bob.name, bob.password)).await;
    assert!(answer.starts_with("a NO [UNAVAILABLE] "), "{answer}");
}

#[tokio::test]
async fn a_backend_that_says_nothing_is_not_waited_for() {
    let mut world = world();
    let bob = mailbox(&world, "bob");
    // The kernel accepts for it.
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    stand_before(&mut world, &format!("imap://{}", socket.local_addr().unwrap()));
    let (_, said) = sign_in(&world, &bob.name, &bob.password).await;
    assert!(said.starts_with("a NO [UNAVAILABLE] "), "{said}");
}
