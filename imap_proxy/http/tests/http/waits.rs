//! The waits at both sockets, in time that passes only while nothing happens.

use crate::setting::{Front, webmail};
use http::{Request, Response};
use postern_front::tls::HANDSHAKE;
use postern_http::body;
use postern_http::listener::DRAIN;
use postern_http::upstream::{CONNECT, FIRST_BYTE, Upstream, UpstreamError};
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::{Instant, pause};

/// What the timers and the machine may add.
const SLACK: Duration = Duration::from_secs(1);

fn lasted(began: Instant, wait: Duration) -> bool {
    (wait..wait + SLACK).contains(&began.elapsed())
}

#[tokio::test]
async fn a_client_that_makes_no_handshake_is_cut() {
    assert_eq!(HANDSHAKE, Duration::from_secs(10));
    let front = Front::start(|_, _| async { Response::new(body::empty()) });
    let mut stream = TcpStream::connect(front.address).await.unwrap();
    pause();
    let began = Instant::now();
    stream.write_all(b"\x16\x03\x01").await.unwrap();
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap_or(0), 0);
    assert!(lasted(began, HANDSHAKE), "{:?}", began.elapsed());
}

#[tokio::test]
async fn what_outlasts_the_stop_is_cut() {
    assert_eq!(DRAIN, Duration::from_secs(10));
    let asked = Arc::new(Notify::new());
    let ask = Arc::clone(&asked);
    let mut front = Front::start(move |_, _| {
        ask.notify_one();
        std::future::pending()
    });
    let mut stream = front.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    asked.notified().await;
    pause();
    let began = Instant::now();
    front.stop().await.unwrap();
    assert!(lasted(began, DRAIN), "{:?}", began.elapsed());
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn a_webmail_that_greets_nobody_is_given_up() {
    assert_eq!(CONNECT, Duration::from_secs(5));
    // The kernel accepts; nobody answers in TLS.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let upstream = Upstream::new(&webmail(&format!("https://{address}/"), None)).unwrap();
    pause();
    let began = Instant::now();
    let error = upstream.send(Request::new(body::empty()), address.ip()).await.unwrap_err();
    assert!(matches!(&error, UpstreamError::Unreachable(error) if error.kind() == ErrorKind::TimedOut), "{error}");
    assert!(lasted(began, CONNECT), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_webmail_that_does_not_answer_is_given_up_each_time() {
    assert_eq!(FIRST_BYTE, Duration::from_secs(300));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        // Answers the first request on the connection, and no other.
        let _ = stream.read(&mut [0; 1024]).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        while stream.read(&mut [0; 1024]).await.is_ok_and(|count| count > 0) {}
    });
    let upstream = Upstream::new(&webmail(&format!("http://{address}/"), None)).unwrap();
    let request = || Request::get("/").body(body::empty()).unwrap();
    drop(upstream.send(request(), address.ip()).await.unwrap());
    pause();
    // Not from when the connection was made, but from now.
    tokio::time::sleep(SLACK).await;
    let began = Instant::now();
    let error = upstream.send(request(), address.ip()).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Silent), "{error}");
    assert!(lasted(began, FIRST_BYTE), "{:?}", began.elapsed());
}
