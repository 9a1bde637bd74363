use super::*;
use crate::body;
use crate::listener::Tunnel;
use http_body_util::BodyExt;
use std::net::Ipv4Addr;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::Instant;

fn peer() -> Peer {
    Peer { address: Ipv4Addr::LOCALHOST.into(), tunnel: Tunnel::default() }
}

async fn echo(request: Request<Incoming>, _: Peer) -> Response<Body> {
    Response::new(body::stream(request.into_body()))
}

/// A client's end of a connection that is served, and the task that serves it.
fn served() -> (DuplexStream, tokio::task::JoinHandle<hyper::Result<()>>) {
    let (client, server) = duplex(1024);
    (client, tokio::spawn(async { http1(server, &echo, peer(), std::future::pending()).await }))
}

#[tokio::test(start_paused = true)]
async fn a_head_that_trickles_is_cut() {
    assert_eq!(IDLE, Duration::from_secs(60));
    let (mut client, task) = served();
    let began = Instant::now();
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n").await.unwrap();
    // A byte every ten seconds keeps no connection open.
    while client.write_all(b"X").await.is_ok() {
        assert!(began.elapsed() <= IDLE + Duration::from_secs(20));
        sleep(Duration::from_secs(10)).await;
    }
    assert!(task.await.unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_asks_for_nothing_is_closed() {
    let (mut client, task) = served();
    let began = Instant::now();
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
    assert_eq!(began.elapsed().as_secs(), IDLE.as_secs());
    let _ = task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_outlasts_every_limit() {
    let (mut client, server) = duplex(1024);
    let patience = IDLE * 10;
    let slow = move |_: Request<Incoming>, _: Peer| async move {
        sleep(patience).await;
        Response::new(body::full("at last"))
    };
    tokio::spawn(async move { http1(server, &slow, peer(), std::future::pending()).await });
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    assert!(answer.ends_with(b"at last"));
}

#[tokio::test(start_paused = true)]
async fn an_http2_connection_that_asks_for_nothing_is_closed() {
    let (client, server) = duplex(64 * 1024);
    let task = tokio::spawn(async { http2(server, &echo, peer(), std::future::pending()).await });
    let (mut send, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(client)).await.unwrap();
    let client = tokio::spawn(connection);
    let began = Instant::now();
    let request = Request::post("https://a/").body(body::full("echo")).unwrap();
    let answer = send.send_request(request).await.unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "echo");
    let _ = task.await.unwrap();
    assert!((IDLE..=IDLE * 3).contains(&began.elapsed()));
    client.await.unwrap().unwrap();
}
