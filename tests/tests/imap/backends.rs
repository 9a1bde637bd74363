//! Backends that are not what they should be: the client is told in good order, and nobody gets past the factor.

use super::client::Client;
use super::{accepted, extend_dovecot, heard_of, is_heard_of, refused, sign_in, world};
use postern_tests::{World, ports, wait};
use std::fs;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Has the front stand before `backend`.
pub(super) fn stand_before(world: &mut World, backend: &str) {
    let is_backend = |line: &&str| line.starts_with("backend = ");
    let edit = |text: &str| text.replace(text.lines().find(is_backend).unwrap(), &format!("backend = \"{backend}\""));
    world.configure_proxy(edit).unwrap();
}

/// Adds lines to `[imap]`, which is the last table.
pub(super) fn configure(world: &mut World, lines: &str) {
    world.configure_proxy(|text| text.to_owned() + lines).unwrap();
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
    let bob = world.mailbox("bob");
    let plain = world.dovecot().imap;
    for scheme in ["imap", "imap+starttls"] {
        stand_before(&mut world, &format!("{scheme}://localhost:{plain}"));
        let (mut client, answer) = sign_in(&world, &bob.name, &bob.password).await;
        assert!(answer.contains("a OK [CAPABILITY "), "{scheme}: {answer}");
        client.reads_inbox("b").await;
    }
}

/// The greeting of a backend that takes a password in one flight.
const CAPABLE: &str = "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\r\n";

#[tokio::test]
async fn what_a_backend_says_of_a_mailbox_is_handed_on_to_who_has_passed_the_factor() {
    let mut world = world();
    let (alice, secret, bob) = world.alice_and_bob();
    for (answer, told) in [
        ("P2 NO [EXPIRED] Change it\r\n", "a NO [EXPIRED] The mail server says "),
        ("P2 NO [CONTACTADMIN] Closed\r\n", "a NO [CONTACTADMIN] "),
    ] {
        let port = impostor(CAPABLE, answer).await;
        stand_before(&mut world, &format!("imap://127.0.0.1:{port}"));
        let typed = world.with_next_code(&alice, &secret);
        for (mailbox, typed) in [(&alice, &typed), (&bob, &bob.password)] {
            let mut client = refused(&world, &mailbox.name, typed, told).await;
            client.succeeds("b NOOP").await; // it is still there
        }
        // The right password alone is told what a wrong one is told.
        refused(&world, &alice.name, &alice.password, "a NO [AUTHENTICATIONFAILED] ").await;
    }
}

#[tokio::test]
async fn a_backend_that_cannot_be_used_is_an_outage() {
    let mut world = world();
    let bob = world.mailbox("bob");
    for (greeting, answer) in [
        ("* PREAUTH welcome\r\n", "P2 OK in\r\n"),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", ""),
        ("\0\u{1}\u{fffd}\r\n", ""),
        ("", ""),
        (CAPABLE, ""),
        (CAPABLE, "P2 OK [REFERRAL imap://other/] elsewhere\r\n"),
        (CAPABLE, "P2 OK [CAPABILITY IMAP4rev1 UNAUTHENTICATE] in\r\n"),
        (CAPABLE, "P2 OK [CAPABILITY IMAP4rev1] in\r\n* CAPABILITY IMAP4rev1 UNAUTHENTICATE\r\nP3 OK done\r\n"),
        (CAPABLE, "* BYE gone\r\n"),
    ] {
        let port = impostor(greeting, answer).await;
        stand_before(&mut world, &format!("imap://127.0.0.1:{port}"));
        let mut client = refused(&world, &bob.name, &bob.password, "a NO [UNAVAILABLE] ").await;
        client.succeeds("b NOOP").await; // it is still there
    }
}

#[tokio::test]
async fn a_backend_whose_certificate_is_not_trusted_gets_no_password() {
    let mut world = world();
    let bob = world.mailbox("bob");
    // Without `backend_ca` the system's authorities count, and none of them knows the world's.
    world.configure_proxy(|text| text.replace("backend_ca = ", "#")).unwrap();
    refused(&world, &bob.name, &bob.password, "a NO [UNAVAILABLE] ").await;
}

#[tokio::test]
async fn a_backend_is_known_by_its_key_alone_where_that_is_pinned() {
    let mut world = world();
    let bob = world.mailbox("bob");
    let text = fs::read_to_string(&world.files.proxy_config).unwrap().replace("backend_ca = ", "#");
    let right = format!("sha256//{}", world.certificates.public_key_hash);
    let wrong = format!("sha256//{}=", "A".repeat(43));
    for (pin, expected) in [(&right, "a OK "), (&wrong, "a NO [UNAVAILABLE] ")] {
        world.configure_proxy(|_| format!("{text}backend_pin = \"{pin}\"\n")).unwrap();
        let (_, answer) = sign_in(&world, &bob.name, &bob.password).await;
        assert!(answer.contains(expected), "{answer}");
    }
    // What is to be written there is said.
    wait::until("the front's log", || Ok(world.proxy.log().contains(&right).then_some(()))).unwrap();
}

/// Signs in from 192.0.2.7 and claims to be from elsewhere.
async fn sign_in_from_afar(world: &World) -> String {
    let bob = world.mailbox("bob");
    let mut client = Client::behind(world, "PROXY TCP4 192.0.2.7 127.0.0.1 1 993\r\n").await;
    assert!(client.ask("i ID (\"x-originating-ip\" \"203.0.113.9\" \"name\" \"liar\")").await.contains("i OK"));
    client.ask(&format!("a LOGIN {} {}", bob.name, bob.password)).await
}

#[tokio::test]
async fn the_backend_hears_who_connects_from_us_and_not_from_the_client() {
    const FROM_AFAR: &str = "rip=192.0.2.7";
    let mut world = world();
    let ports = [ports::free().unwrap(), ports::free().unwrap()];
    let listener = |port: u16, ssl: &str| {
        format!("  inet_listener proxied_{port} {{\n    port = {port}\n    ssl = {ssl}\n    haproxy = yes\n  }}\n")
    };
    let listeners = listener(ports[0], "no") + &listener(ports[1], "yes");
    extend_dovecot(
        &mut world,
        &format!("service imap-login {{\n{listeners}}}\nhaproxy_trusted_networks = 127.0.0.0/8\n"),
    );
    configure(&mut world, "backend_proxy_protocol = true\nproxy_protocol_from = [\"127.0.0.0/8\"]\n");
    let heard_from_afar = |world: &World, times: usize| {
        is_heard_of(world, FROM_AFAR, times);
        assert_eq!(heard_of(world, FROM_AFAR), times);
    };
    let schemes = [("imap", ports[0]), ("imap+starttls", ports[0]), ("imaps", ports[1])];
    for (done, (scheme, port)) in schemes.into_iter().enumerate() {
        stand_before(&mut world, &format!("{scheme}://localhost:{port}"));
        assert_eq!(heard_of(&world, FROM_AFAR), done, "{scheme}");
        let answer = sign_in_from_afar(&world).await;
        assert!(answer.contains("a OK "), "{scheme}: {answer}");
        heard_from_afar(&world, done + 1);
    }
    // A password that is only looked at is looked at for us.
    let alice = world.mailbox("alice");
    let create = ["app-password", "create", &alice.name, "--description", "phone"];
    world.postern_reading(create, &format!("{}\n", alice.password)).unwrap().success().unwrap();
    // Without that header Dovecot believes an ID, from addresses that it trusts.
    world.configure_proxy(|text| text.replace("backend_proxy_protocol", "#")).unwrap();
    extend_dovecot(&mut world, "login_trusted_networks = 127.0.0.0/8\n");
    let plain = world.dovecot().imap;
    stand_before(&mut world, &format!("imap://localhost:{plain}"));
    for done in schemes.len()..schemes.len() + 2 {
        // The second one finds a connection that is ready.
        let answer = sign_in_from_afar(&world).await;
        assert!(answer.contains("a OK "), "{answer}");
        heard_from_afar(&world, done + 1);
    }
    assert_eq!(heard_of(&world, "203.0.113.9"), 0);
}

#[tokio::test]
async fn what_is_ready_does_not_outlive_the_backend() {
    let mut world = world();
    let bob = world.mailbox("bob");
    for _ in 0..3 {
        accepted(&world, &bob.name, &bob.password).await;
    }
    world.dovecot().service.restart().unwrap();
    for _ in 0..3 {
        accepted(&world, &bob.name, &bob.password).await.reads_inbox("b").await;
    }
}

#[tokio::test]
async fn a_mailbox_has_so_many_sessions_and_no_more() {
    let mut world = world();
    configure(&mut world, "max_sessions_per_mailbox = 2\nmax_sessions = 3\n");
    let (alice, bob) = (world.mailbox("bob"), world.mailbox("carol"));
    let _one = accepted(&world, &alice.name, &alice.password).await;
    let mut two = accepted(&world, &alice.name, &alice.password).await;
    let mut waiting = refused(&world, &alice.name, &alice.password, "a NO [LIMIT] ").await;
    let _three = accepted(&world, &bob.name, &bob.password).await;
    refused(&world, &bob.name, &bob.password, "a NO [UNAVAILABLE] ").await;
    // A seat is free as soon as the front has seen the backend's goodbye through.
    assert!(two.ask("b LOGOUT").await.contains("* BYE") && two.line().await.is_empty());
    let answer = waiting.ask(&format!("c LOGIN {} {}", alice.name, alice.password)).await;
    assert!(answer.contains("c OK "), "{answer}");
}

#[tokio::test]
async fn a_backend_that_says_nothing_is_not_waited_for() {
    let mut world = world();
    let bob = world.mailbox("bob");
    // The kernel accepts for it.
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    stand_before(&mut world, &format!("imap://{}", socket.local_addr().unwrap()));
    refused(&world, &bob.name, &bob.password, "a NO [UNAVAILABLE] ").await;
}
