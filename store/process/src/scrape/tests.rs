use super::*;
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::net::{TcpStream, UnixStream};

const PAGE: &str = "one 1\n";

/// The response to `sent` on a separate connection.
async fn said_to(sent: &[u8]) -> String {
    let (mut client, server): (DuplexStream, _) = duplex(64 * 1024);
    client.write_all(sent).await.unwrap();
    client.shutdown().await.unwrap();
    let _ = answer(server, async || PAGE.to_owned()).await;
    let mut said = Vec::new();
    client.read_to_end(&mut said).await.unwrap();
    String::from_utf8(said).unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn only_this_host_is_listened_to() {
    for good in ["127.0.0.1:9765", "127.8.0.1:1", "[::1]:9765", "[::ffff:127.0.0.1]:9765"] {
        assert_eq!(good.parse::<Place>(), Ok(Place::Address(good.parse().unwrap())));
    }
    assert_eq!("/run/postern/metrics.sock".parse(), Ok(Place::Socket("/run/postern/metrics.sock".into())));
    for open in ["0.0.0.0:9765", "[::]:9765", "192.0.2.1:9765", "[::ffff:192.0.2.1]:9765", "10.0.0.1:80"] {
        let error = open.parse::<Place>().unwrap_err().to_string();
        assert!(error.contains("other hosts") && error.contains("127.0.0.1:PORT"), "{error}");
    }
    for none in ["", "9765", "localhost:9765", "127.0.0.1", "metrics.sock", "::1:9765"] {
        let error = none.parse::<Place>().unwrap_err().to_string();
        assert!(error.contains("no address with a port"), "{none}: {error}");
    }
}

#[tokio::test]
async fn what_is_asked_for_is_shown_and_nothing_else() {
    let said = said_to(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let (head, body) = said.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK") && body == PAGE, "{said}");
    assert!(head.contains("text/plain; version=0.0.4") && head.contains("connection: close"), "{said}");
    for other in ["POST /metrics", "HEAD /metrics", "GET /", "GET /metrics/", "GET //metrics", "GET /%6detrics"] {
        let said = said_to(format!("{other} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await;
        assert!(said.starts_with("HTTP/1.1 404") && !said.contains(PAGE), "{other}: {said}");
    }
    // The connection is closed: a second request is not answered.
    let said = said_to(b"GET / HTTP/1.1\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n").await;
    assert!(!said.contains(PAGE), "{said}");
    let long = format!("GET /metrics HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(2 * MAX_HEAD));
    assert!(said_to(long.as_bytes()).await.starts_with("HTTP/1.1 431"));
}

proptest! {
    #[test]
    fn garbage_is_not_answered_with_the_page(garbage in proptest::collection::vec(any::<u8>(), 0..512)) {
        let said = runtime().block_on(said_to(&garbage));
        prop_assert!(!said.contains(PAGE), "{said}");
    }
}

/// Sends a request on a real connection; empty if the connection is closed.
async fn scrape(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> String {
    let mut said = String::new();
    if stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await.is_ok() {
        let _ = stream.read_to_string(&mut said).await;
    }
    said
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_keeps_others_out_for_the_deadline_at_most() {
    /// Rounds of idle connections before one that sends a request.
    const ROUNDS: u32 = 2;
    /// The paused clock advances as soon as all tasks are idle, so the deadline may pass before a task continues.
    const TRIES: u32 = 100;
    let listener = Listener::bind(&"127.0.0.1:0".parse().unwrap()).await.unwrap();
    let Listener(Socket::Tcp(tcp)) = &listener else { panic!() };
    let address = tcp.local_addr().unwrap();
    let serving = tokio::spawn(listener.serve(async || PAGE.to_owned()));
    let began = tokio::time::Instant::now();
    let mut silent = Vec::new();
    for _ in 0..ROUNDS as usize * MAX_SCRAPES {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    let mut tries = 0;
    while !scrape(TcpStream::connect(address).await.unwrap()).await.ends_with(PAGE) {
        tries += 1;
        assert!(tries < TRIES);
    }
    let took = began.elapsed();
    assert!(took >= ROUNDS * DEADLINE, "more than {MAX_SCRAPES} at a time: {took:?}");
    assert!(took <= (ROUNDS + TRIES) * DEADLINE, "{took:?}");
    serving.abort();
}

#[tokio::test]
async fn a_socket_is_for_its_owner_and_its_group() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("metrics.sock");
    let place: Place = path.to_str().unwrap().parse().unwrap();
    // Left by an earlier run.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let listener = Listener::bind(&place).await.unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
    let second = Listener::bind(&place).await.err().unwrap().to_string();
    assert!(second.contains("another program listens there") && second.contains("[metrics]"), "{second}");
    let serving = tokio::spawn(listener.serve(async || PAGE.to_owned()));
    assert!(scrape(UnixStream::connect(&path).await.unwrap()).await.ends_with(PAGE));
    serving.abort();
    let file = directory.path().join("file");
    fs::write(&file, "kept").unwrap();
    let error = Listener::bind(&Place::Socket(file.clone())).await.err().unwrap().to_string();
    assert!(error.contains("not a socket"), "{error}");
    assert_eq!(fs::read_to_string(file).unwrap(), "kept");
}
