//! What the proxy tells of itself: its numbers move with what happens, and its log's levels change while sessions go on.

use super::{accepted, bob_is_in, refused, sign_in, world};
use crate::owa::Site;
use crate::story::visitor::Visitor;
use nix::sys::signal::Signal;
use postern_tests::mailboxes::Mailbox;
use postern_tests::metrics::{Numbers, page, read, wait_for};
use postern_tests::service::{Ready, Service};
use postern_tests::world::rewrite;
use postern_tests::{Plan, Upstream, World, ports, tools, wait};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

/// Puts lines before everything else in the proxy's configuration.
fn configure(world: &World, before: &str, lines: &str) {
    rewrite(&world.files.proxy_config, |text| format!("{lines}{}", text.strip_prefix(before).unwrap())).unwrap();
}

/// Waits until the proxy's log has so many of these.
fn is_told(world: &World, line: &str, times: usize) {
    wait::until(line, || Ok((world.proxy.log().matches(line).count() >= times).then_some(()))).unwrap();
}

#[tokio::test]
async fn numbers_move_with_what_happens() {
    let mut world = world();
    let (alice, secret, bob) = world.alice_and_bob();
    let (proxy, posternd) = (world.files.proxy_metrics.clone(), world.files.posternd_metrics.clone());
    let numbers = |socket| read(&page(socket).unwrap()).unwrap();
    let (before, daemon_before) = (numbers(&proxy), numbers(&posternd));
    let expiry = before["postern_proxy_certificate_expiry_timestamp_seconds"];
    assert!(expiry > world.now() as f64 && before["postern_proxy_daemon_streams"] >= 2.0, "{before:?}");
    assert_eq!(before["postern_proxy_build_info{version=0.1.0}"], 1.0);

    // By IMAP: one who needs no code, one with a code, and one with a wrong one.
    let mut inside = accepted(&world, &bob.name, &bob.password).await;
    let typed = world.with_next_code(&alice, &secret);
    let client = accepted(&world, &alice.name, &typed).await;
    drop(client);
    let (_, answer) = sign_in(&world, &alice.name, &format!("{}000000", alice.password)).await;
    assert!(answer.contains("a NO "), "{answer}");
    // By the webmail: the same person, a wrong password, and the start of a sign-in with a code.
    Visitor::new(&world).sign_in(&bob);
    Visitor::new(&world).password(&bob.name, "nonsense");
    Visitor::new(&world).sign_in(&alice);
    // And somebody who speaks no TLS.
    let mut stranger = TcpStream::connect(("127.0.0.1", world.imap_front.unwrap().imaps)).unwrap();
    stranger.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    // What it is told, or that the connection was cut.
    let _ = stranger.read_to_end(&mut Vec::new());
    let now = wait_for(
        &proxy,
        &before,
        &[
            ("postern_proxy_sign_ins_total{front=imap,verdict=accepted}", 2.0),
            ("postern_proxy_sign_ins_total{front=imap,verdict=refused}", 1.0),
            ("postern_proxy_sign_ins_total{front=webmail,verdict=accepted}", 1.0),
            ("postern_proxy_sign_ins_total{front=webmail,verdict=password_refused}", 1.0),
            ("postern_proxy_sign_ins_total{front=webmail,verdict=challenge}", 1.0),
            ("postern_proxy_connections_total{front=imap,outcome=accepted}", 3.0),
            ("postern_proxy_connections_total{front=imap,outcome=handshake}", 1.0),
            ("postern_proxy_backend_sign_in_seconds_count{outcome=accepted}", 2.0),
            ("postern_proxy_imap_sessions", 1.0),
            ("postern_proxy_webmail_sessions", 1.0),
        ],
    )
    .unwrap();
    let grown = |name: &str| now[name] - before.get(name).copied().unwrap_or_default();
    assert!(grown("postern_proxy_upstream_seconds_count{outcome=answered,way=browser}") >= 6.0, "{now:?}");
    assert!(grown("postern_proxy_daemon_call_seconds_count{outcome=answered}") >= 6.0, "{now:?}");
    wait_for(
        &posternd,
        &daemon_before,
        &[
            ("postern_asks_total{answer=not_required,door=imap}", 1.0),
            ("postern_accepted_total{door=imap,method=totp}", 1.0),
            ("postern_refused_total{door=imap,reason=wrong}", 1.0),
        ],
    )
    .unwrap();

    // Bytes are counted while the session goes on.
    assert!(inside.ask("b SELECT INBOX").await.contains("b OK"));
    let counted = |now: &Numbers, way: &str| now[&format!("postern_proxy_imap_bytes_total{{direction={way}}}")];
    let now = numbers(&proxy);
    assert!(counted(&now, "to_client") > counted(&now, "to_backend"), "{now:?}");
    assert!(counted(&now, "to_backend") >= "b SELECT INBOX\r\n".len() as f64, "{now:?}");

    an_outage_shows(&mut world, &bob, &proxy).await;
}

/// An outage shows, also to those who ask nobody to sign in.
async fn an_outage_shows(world: &mut World, bob: &Mailbox, proxy: &Path) {
    let before = read(&page(proxy).unwrap()).unwrap();
    world.posternd.stop().unwrap();
    refused(world, &bob.name, &bob.password, "a NO [UNAVAILABLE]").await;
    let streams = -before["postern_proxy_daemon_streams"];
    wait_for(
        proxy,
        &before,
        &[
            ("postern_proxy_sign_ins_total{front=imap,verdict=unavailable}", 1.0),
            ("postern_proxy_daemon_streams", streams),
        ],
    )
    .unwrap();
    world.posternd.start().unwrap();
    wait_for(proxy, &before, &[("postern_proxy_daemon_streams", 0.0)]).unwrap();
}

#[tokio::test]
async fn levels_are_read_again_and_sessions_go_on() {
    const AGAIN: &str = "the log levels were read again";
    let (mut world, bob, mut inside) = bob_is_in().await;
    let visitor = Visitor::new(&world);
    assert!(!world.proxy.log().contains("DEBUG"));
    // Everything there is to tell, of a sign-in with a password that is planted.
    configure(&world, "", "[log]\nlevel = \"trace\"\n");
    world.proxy.signal(Signal::SIGHUP).unwrap();
    is_told(&world, AGAIN, 1);
    visitor.sign_in(&bob);
    accepted(&world, &bob.name, &bob.password).await;
    is_told(&world, "DEBUG", 3);
    // A configuration that is wrong changes nothing.
    configure(&world, "[log]\nlevel = \"trace\"\n", "[log]\nlevel = \"loud\"\n");
    world.proxy.signal(Signal::SIGHUP).unwrap();
    is_told(&world, "the log levels stay as they are", 1);
    // Back to nothing but errors.
    configure(&world, "[log]\nlevel = \"loud\"\n", "[log]\nlevel = \"error\"\n");
    world.proxy.signal(Signal::SIGHUP).unwrap();
    wait::until("silence", || {
        let before = world.proxy.log().len();
        visitor.get("/");
        Ok((world.proxy.log().len() == before).then_some(()))
    })
    .unwrap();
    inside.succeeds("b NOOP").await; // who is in stays in

    // The environment goes before the file.
    configure(&world, "[log]\nlevel = \"error\"\n", "[log]\nlevel = \"off\"\n");
    world.proxy.stop().unwrap();
    let nobody = Service::new("nobody", "true", Ready::Notify, &world.files.directory);
    let proxy = std::mem::replace(&mut world.proxy, nobody);
    world.proxy = proxy.env([("POSTERN_LOG".into(), "info".into())]);
    world.proxy.start().unwrap();
    world.proxy.signal(Signal::SIGHUP).unwrap();
    is_told(&world, "the log levels stay as the environment has them", 1);
}

#[test]
fn metrics_are_shown_on_loopback_and_nowhere_else() {
    let mut world = World::start(Plan { upstream: Upstream::None, ..Plan::default() }).unwrap();
    let port = ports::free().unwrap();
    let socket = format!("listen = {:?}", world.files.posternd_metrics);
    world.configure_posternd(|text| text.replace(&socket, &format!("listen = \"127.0.0.1:{port}\""))).unwrap();
    let curl = |more: &[&str], path: &str| {
        let url = format!("http://127.0.0.1:{port}{path}");
        tools::curl(more.iter().copied().chain(["--include", url.as_str()])).unwrap().stdout
    };
    // Those who come and say nothing, half of it, or nonsense.
    let connect = || TcpStream::connect(("127.0.0.1", port)).unwrap();
    let silent: Vec<TcpStream> = (0..8).map(|_| connect()).collect();
    connect().write_all(b"GET /metr").unwrap();
    connect().write_all(&[0xff; 70_000]).unwrap_or_default();
    let shown = curl(&[], "/metrics");
    let (head, body) = shown.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/plain; version=0.0.4"), "{head}");
    assert_eq!(read(body).unwrap()["postern_store_writable"], 1.0);
    drop(silent);
    for (more, path) in [(&[][..], "/"), (&["--request", "POST"], "/metrics"), (&["--head"], "/metrics")] {
        let shown = curl(more, path);
        assert!(shown.starts_with("HTTP/1.1 404"), "{shown}");
    }
    // Sign-ins and administrators do not notice.
    world.postern(["status"]).unwrap().success().unwrap();
}

#[test]
fn requests_at_the_endpoints_of_exchange_are_counted() {
    let world = Site::with_endpoints("ews = \"app-password\"");
    let bob = world.mailbox("bob");
    let proxy = &world.files.proxy_metrics;
    let before = read(&page(proxy).unwrap()).unwrap();
    let visitor = Visitor::new(&world);
    let url = visitor.address("/EWS/Exchange.asmx");
    visitor.curl([url.as_str()]).success().unwrap();
    for password in [bob.password.as_str(), "nonsense"] {
        visitor.curl(["--basic", "--user", &format!("{}:{password}", bob.name), &url]).success().unwrap();
    }
    visitor.curl([visitor.address("/Microsoft-Server-ActiveSync").as_str()]).success().unwrap();
    let counted = |verdict: &str, endpoint: &str| {
        format!("postern_proxy_door_requests_total{{door={endpoint},verdict={verdict}}}")
    };
    let wanted = [("challenge", "ews"), ("passed", "ews"), ("refused", "ews"), ("closed", "activesync")];
    let wanted = wanted.map(|(verdict, endpoint)| (counted(verdict, endpoint), 1.0));
    wait_for(proxy, &before, &wanted.each_ref().map(|(name, by)| (name.as_str(), *by))).unwrap();
}
