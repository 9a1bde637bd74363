//! Before an imitation of Exchange: its ways are coped with, its refusals reach the client in good order, and it hears
//! of nobody who has not passed the second factor.

use super::backends::stand_before;
use super::{Client, accepted, refused, sign_in, world};
use nix::sys::signal::Signal;
use postern_tests::exchange_imap::{
    ExchangeImap, MAX_CONNECTIONS, Manner, Mood, NETBIOS, ON_PREMISES, ONLINE, ONLY_AUTHENTICATE, Transport,
};
use postern_tests::mailboxes::{DOMAIN, Mailbox};
use postern_tests::tools::{self, Outcome};
use postern_tests::{World, wait};
use std::process::Command;

/// How Exchange is set up where nothing else is said.
const USUAL: Manner = Manner { transport: Transport::Tls, capabilities: ON_PREMISES, mood: Mood::Well };

/// How an answer begins that says nothing but that it is not right.
const WRONG: &str = "a NO [AUTHENTICATIONFAILED] ";

/// Has the front stand before such an Exchange.
async fn exchange(world: &mut World, manner: Manner) -> ExchangeImap {
    let exchange = ExchangeImap::start(manner, world.mailboxes(), &world.certificates).await.unwrap();
    stand_before(world, &exchange.url());
    // Before Exchange a mailbox that is not listed is refused.
    world.admin("account add bob@example.com");
    exchange
}

/// Reads both messages of somebody who is signed in: what the second is about.
async fn read_mail(client: &mut Client) -> String {
    assert!(client.ask("b SELECT INBOX").await.contains("* 2 EXISTS"));
    client.send(b"c IDLE\r\n").await;
    assert_eq!(client.line().await, "+ IDLE accepted, awaiting DONE command.\r\n");
    client.send(b"DONE\r\n").await;
    assert_eq!(client.line().await, "c OK IDLE completed.\r\n");
    let first = client.ask("d FETCH 1 BODY[]").await;
    assert!(first.contains("\r\n* CAPABILITY IMAP4rev1 UNAUTHENTICATE\r\n* BYE Connection is closed. 14\r\n)\r\n"));
    client.ask("e FETCH 2 BODY[]").await
}

#[tokio::test]
async fn mail_is_read_whatever_its_ways_are() {
    let mut world = world();
    let (alice, secret, bob) = world.alice_and_bob();
    for manner in [
        USUAL,
        Manner { transport: Transport::StartTls, ..USUAL },
        Manner { transport: Transport::Plain, ..USUAL },
        Manner { capabilities: ONLINE, ..USUAL },
        Manner { capabilities: ONLY_AUTHENTICATE, ..USUAL },
        Manner { mood: Mood::Talkative, ..USUAL },
    ] {
        let exchange = exchange(&mut world, manner).await;
        let typed = world.with_next_code(&alice, &secret);
        for (mailbox, typed) in [(&alice, typed.as_str()), (&bob, &bob.password)] {
            let (mut client, answer) = sign_in(&world, &mailbox.name, typed).await;
            let completed = ["a OK LOGIN completed.\r\n", "a OK AUTHENTICATE completed.\r\n"];
            assert!(completed.iter().any(|end| answer.ends_with(end)), "{manner:?}: {answer}");
            let told = answer.contains("* OK [ALERT] The server is restarted at noon.\r\n");
            assert_eq!(told, manner.mood == Mood::Talkative, "{answer}");
            assert!(read_mail(&mut client).await.contains(&mailbox.private_subject()));
            assert!(client.ask("f LOGOUT").await.ends_with("f OK LOGOUT completed.\r\n"));
        }
        assert!(!exchange.heard().contains(&typed), "the code is not for Exchange");
    }
}

/// Reads the second message with Python's imaplib, which sends the name as it is: `LOGIN EXAMPLE\bob "pw"`.
const IMAPLIB: &str = "
import imaplib, ssl, sys
port, ca, name, password = sys.argv[1:]
mail = imaplib.IMAP4_SSL('localhost', int(port), ssl_context=ssl.create_default_context(cafile=ca))
mail.login(name, password)
mail.select('INBOX')
print(mail.fetch('2', '(RFC822)')[1][0][1].decode())
mail.logout()
";

fn imaplib(world: &World, port: u16, name: &str, password: &str) -> Outcome {
    let mut python = Command::new("python3");
    python.args(["-c", IMAPLIB, &port.to_string()]).arg(&world.certificates.ca).args([name, password]);
    tools::run(&mut python, &[]).unwrap()
}

fn curl(world: &World, port: u16, name: &str, password: &str) -> Outcome {
    let url = format!("imaps://localhost:{port}/INBOX;MAILINDEX=2");
    let ca = world.certificates.ca.to_string_lossy();
    // Exchange offers NTLM, which curl would rather have.
    let plain = ["--login-options", "AUTH=PLAIN"];
    tools::curl(plain.into_iter().chain(["--cacert", &ca, "--user", &format!("{name}:{password}"), &url])).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn real_clients_read_mail_by_the_names_that_exchange_has() {
    let mut world = world();
    let (alice, secret, bob) = world.alice_and_bob();
    let exchange = exchange(&mut world, USUAL).await;
    let front = world.imap_front.unwrap().imaps;
    for client in [imaplib as fn(&World, u16, &str, &str) -> Outcome, curl] {
        // That the imitation is worth its name: without the front it serves them as well.
        let direct = client(&world, exchange.port(), &format!("{NETBIOS}\\bob"), &bob.password).success().unwrap();
        assert!(direct.contains(&bob.private_subject()), "{direct}");
        let through = client(&world, front, &backslashed(&bob), &bob.password).success().unwrap();
        assert_eq!(through, direct);
        let typed = world.with_next_code(&alice, &secret);
        let hers = client(&world, front, &backslashed(&alice), &typed).success().unwrap();
        assert!(hers.contains(&alice.private_subject()), "{hers}");
        assert_ne!(client(&world, front, &backslashed(&alice), &typed).code, 0, "the code is spent");
    }
}

/// `example.com\bob`
fn backslashed(mailbox: &Mailbox) -> String {
    format!("{DOMAIN}\\{}", mailbox.name.split('@').next().unwrap())
}

#[tokio::test]
async fn its_refusals_are_told_in_good_order() {
    let mut world = world();
    let bob = world.mailbox("bob");
    for (manner, password, refusal) in [
        (USUAL, "not-it-at-all", "a NO [AUTHENTICATIONFAILED] "),
        (Manner { capabilities: ONLINE, ..USUAL }, "not-it-at-all", "a NO [AUTHENTICATIONFAILED] "),
        (Manner { mood: Mood::Unavailable, ..USUAL }, &bob.password, "a NO [UNAVAILABLE] "),
        (Manner { mood: Mood::Unavailable, capabilities: ONLINE, ..USUAL }, &bob.password, "a NO [UNAVAILABLE] "),
    ] {
        let exchange = exchange(&mut world, manner).await;
        let (mut client, answer) = sign_in(&world, &bob.name, password).await;
        assert!(answer.starts_with(refusal) && answer.lines().count() == 1, "{manner:?}: {answer}");
        client.succeeds("b NOOP").await; // the connection goes on
        assert_eq!(exchange.connections(&bob.name), 0);
    }
    // This it says of nobody's password: whoever hears it is in.
    let exchange = exchange(&mut world, Manner { mood: Mood::NotConnected, ..USUAL }).await;
    let (mut client, answer) = sign_in(&world, &bob.name, &bob.password).await;
    assert!(answer.ends_with("a OK LOGIN completed.\r\n"), "{answer}");
    assert_eq!(client.ask("b SELECT INBOX").await, "b BAD User is authenticated but not connected.\r\n");
    assert_eq!(exchange.connections(&bob.name), 1);
}

/// Has the front let no more sessions of a mailbox in than Exchange does.
fn count_sessions(world: &mut World) {
    let counting = format!("[imap]\nmax_sessions_per_mailbox = {MAX_CONNECTIONS}\n");
    world.configure_proxy(|text| text.replace("[imap]\n", &counting)).unwrap();
}

/// Fills all places of a mailbox: the connections.
async fn sixteen(world: &World, mailbox: &Mailbox, password: &str) -> Vec<Client> {
    let mut clients = Vec::new();
    for _ in 0..MAX_CONNECTIONS {
        clients.push(accepted(world, &mailbox.name, password).await);
    }
    clients
}

/// Waits until Exchange has room for one more connection of this mailbox.
fn loses_a_connection(exchange: &ExchangeImap, mailbox: &Mailbox) {
    let has_room = || Ok((exchange.connections(&mailbox.name) < MAX_CONNECTIONS).then_some(()));
    wait::until("Exchange to lose a connection", has_room).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_too_many_is_told_so_if_the_front_counts() {
    let mut world = world();
    let (bob, carol) = (world.mailbox("bob"), world.mailbox("carol"));
    let exchange = exchange(&mut world, USUAL).await;
    world.admin("account add carol@example.com");
    // Exchange says of one too many what it says of a wrong password. A front that counts knows better.
    for (counts, refusal) in [(false, "a NO [AUTHENTICATIONFAILED] "), (true, "a NO [LIMIT] ")] {
        if counts {
            count_sessions(&mut world);
        }
        let mut clients = sixteen(&world, &bob, &bob.password).await;
        let mut one_more = refused(&world, &bob.name, &bob.password, refusal).await;
        let (_, others) = sign_in(&world, &carol.name, &carol.password).await;
        assert!(others.contains("a OK "), "{others}");
        // The front hangs up at Exchange when its client does.
        drop(clients.pop());
        loses_a_connection(&exchange, &bob);
        one_more.succeeds(&format!("b LOGIN {} {}", bob.name, bob.password)).await;
        drop((clients, one_more));
        wait::until("Exchange to be left", || Ok((exchange.connections(&bob.name) == 0).then_some(()))).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_password_outlives_refusals_that_are_not_about_the_password() {
    let mut world = world();
    let (alice, _) = world.protected("alice");
    let unwell = ExchangeImap::start(Manner { mood: Mood::Unavailable, ..USUAL }, Vec::new(), &world.certificates);
    let unwell = unwell.await.unwrap();
    let exchange = exchange(&mut world, USUAL).await;
    count_sessions(&mut world);
    let (_, typed) = world.app_password(&alice, &[]);
    stand_before(&mut world, &unwell.url());
    refused(&world, &alice.name, &typed, "a NO [UNAVAILABLE] ").await;
    assert!(unwell.heard().contains(&alice.password));

    stand_before(&mut world, &exchange.url());
    let mut clients = sixteen(&world, &alice, &typed).await;
    let mut one_more = refused(&world, &alice.name, &typed, "a NO [LIMIT] ").await;
    clients[0].ask("b LOGOUT").await;
    loses_a_connection(&exchange, &alice);
    one_more.succeeds(&format!("b LOGIN {} {typed}", alice.name)).await;
    assert!(read_mail(&mut one_more).await.contains(&alice.private_subject()));
    assert!(!exchange.heard().contains(&typed), "the app password is not for Exchange");
}

#[tokio::test]
async fn it_hears_of_nobody_who_has_not_passed() {
    let mut world = world();
    let (alice, secret) = world.protected("alice");
    world.admin("platform set example unlisted refuse");
    let exchange = exchange(&mut world, USUAL).await;
    let right = world.with_next_code(&alice, &secret);
    let wrong = format!("{}000000", alice.password);
    for (name, typed) in [
        (alice.name.as_str(), wrong.as_str()),
        (&alice.name, &alice.password),
        (&backslashed(&alice), &alice.password),
        ("nobody@example.com", "not-it-at-all"),
        ("nobody@elsewhere.example", "not-it-at-all"),
    ] {
        refused(&world, name, typed, WRONG).await;
    }
    // Nor while nobody can say whether the code is right.
    world.posternd.signal(Signal::SIGSTOP).unwrap();
    let (_, answer) = sign_in(&world, &alice.name, &right).await;
    world.posternd.signal(Signal::SIGCONT).unwrap();
    assert!(answer.starts_with("a NO [UNAVAILABLE] "), "{answer}");
    assert_eq!(exchange.heard(), "");

    let right = world.with_next_code(&alice, &secret);
    accepted(&world, &alice.name, &right).await;
    assert!(exchange.heard().contains(&alice.password));
}

#[tokio::test]
async fn a_mailbox_that_is_not_listed_is_refused_whatever_it_is_called() {
    let mut world = world();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|person| world.mailbox(person));
    world.protect(&alice);
    let exchange = exchange(&mut world, USUAL).await;
    refused(&world, &carol.name, &carol.password, WRONG).await;
    // The first of these is how Exchange calls the mailbox of a delegate: DOMAIN/user/mailbox.
    let spellings =
        ["EXAMPLE/alice/alice@example.com", "EXAMPLE/alice", "/alice", "example.com/alice/alice", "alice!x"];
    for policy in ["auto", "pass"] {
        world.admin(&format!("platform set example unlisted {policy}"));
        for name in spellings {
            refused(&world, name, &alice.password, WRONG).await;
        }
    }
    assert_eq!(exchange.heard(), "", "none of it reaches Exchange");
    // One is listed, and of the other the administrator has said that it may pass.
    for (name, password) in [(&bob.name, &bob.password), (&carol.name, &carol.password)] {
        accepted(&world, name, password).await;
    }
}
