//! What takes a minute, without the minute: the IMAP front on loopback, by a clock that runs ahead. The rest is tested
//! against real servers, in `tests/tests/imap`.

use postern_proxy::config::{self, ImapBackend};
use postern_proxy::daemon::Daemon;
use postern_proxy::imap::login::DEADLINE;
use postern_proxy::imap::{Backend, Front, Security, Socket};
use postern_proxy::tls::Certificate;
use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

/// A front without a daemon and without a backend, and where it listens.
fn front(security: Security) -> (TempDir, SocketAddr) {
    let directory = tempfile::tempdir().unwrap();
    let files = config::Tls { cert: directory.path().join("cert.pem"), key: directory.path().join("key.pem") };
    let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&files.cert, signed.cert.pem()).unwrap();
    std::fs::write(&files.key, signed.signing_key.serialize_pem()).unwrap();
    let settings = config::Imap {
        listen: None,
        starttls_listen: None,
        backend: ImapBackend::try_from("imap://127.0.0.1:1".to_owned()).unwrap(),
        backend_ca: Some(files.cert.clone()),
        proxy_protocol_from: Vec::new(),
        webmail: None,
    };
    let certificate = Certificate::load(files).unwrap();
    let daemon = Daemon::new(directory.path().join("nobody.sock"));
    let front = Front::new(&settings, &certificate, Backend::new(&settings).unwrap(), daemon).unwrap();
    let socket = Socket::bind("127.0.0.1:0".parse().unwrap(), security).unwrap();
    let address = socket.address().unwrap();
    tokio::spawn(socket.serve(front, pending()));
    (directory, address)
}

#[tokio::test(start_paused = true)]
async fn whoever_says_nothing_is_left_in_time() {
    for security in [Security::Clear, Security::Tls] {
        let (_directory, address) = front(security);
        let mut client = TcpStream::connect(address).await.unwrap();
        let began = Instant::now();
        let mut said = Vec::new();
        client.read_to_end(&mut said).await.unwrap();
        assert_eq!(said.is_empty(), security == Security::Tls);
        assert!(began.elapsed() <= DEADLINE + Duration::from_secs(1), "{:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn nor_does_it_help_to_say_a_little_now_and_then() {
    let (_directory, address) = front(Security::Clear);
    let (mut from, mut to) = TcpStream::connect(address).await.unwrap().into_split();
    let began = Instant::now();
    tokio::spawn(async move {
        while to.write_all(b"a NOOP\r\n").await.is_ok() {
            sleep(Duration::from_secs(9)).await;
        }
    });
    let mut said = Vec::new();
    // What is said behind the end resets the connection.
    let _ = from.read_to_end(&mut said).await;
    assert!((DEADLINE..DEADLINE * 2).contains(&began.elapsed()), "{:?}", began.elapsed());
    assert!(said.ends_with(b"a OK Done\r\n") && said.len() > 100);
}
