use super::*;
use crate::body::{self, BoxError};
use crate::listener::peer::Held;
use crate::listener::{STALL, Tunnel};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Frame;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, sleep};

fn peer() -> Peer {
    Peer { address: Ipv4Addr::LOCALHOST.into(), tunnel: Tunnel::default(), held: Held::default() }
}

async fn echo(request: Request<Incoming>, _: Peer) -> Response<Body> {
    Response::new(body::stream(request.into_body()))
}

/// The client's end of a served connection, and the task that serves it.
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
    // One byte every ten seconds does not keep a connection open.
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
    let deadline = IDLE * 10;
    let slow = move |_: Request<Incoming>, _: Peer| async move {
        sleep(deadline).await;
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

/// Reports when it is dropped, as a response of the webmail returns its connection; it yields pieces without end.
struct Endless {
    _dropped: mpsc::Sender<()>,
}

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 4096])))))
    }
}

/// Yields these pieces, the last one first, after waits.
struct Late {
    pieces: Vec<&'static str>,
    wait: Pin<Box<tokio::time::Sleep>>,
}

impl hyper::body::Body for Late {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        ready!(self.wait.as_mut().poll(cx));
        self.wait.as_mut().reset(Instant::now() + STALL * 10);
        Poll::Ready(self.pieces.pop().map(|piece| Ok(Frame::data(piece.into()))))
    }
}

/// Sends a request with a window of `window` bytes, reads nothing of the response, and returns how long the connection
/// was kept.
async fn kept_for<S, F>(window: u32, service: S) -> Duration
where
    S: Fn(Request<Incoming>, Peer) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let (client, server) = duplex(64 * 1024);
    let task = tokio::spawn(async move { http2(server, &service, peer(), std::future::pending()).await });
    let mut builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    builder.initial_stream_window_size(window);
    let (mut send, connection) = builder.handshake(TokioIo::new(client)).await.unwrap();
    // It answers pings.
    tokio::spawn(connection);
    let began = Instant::now();
    let answer = send.send_request(Request::get("https://a/").body(body::empty()).unwrap()).await.unwrap();
    timeout(STALL * 10, task).await.expect("an end").unwrap().unwrap();
    drop(answer);
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_no_window_is_given_for_ends_its_connection() {
    for window in [0, 1, 5000] {
        let (dropped, gone) = mpsc::channel();
        let kept = kept_for(window, move |_, _| {
            let _dropped = dropped.clone();
            async move { Response::new(Endless { _dropped }.boxed_unsync()) }
        });
        let kept = kept.await;
        assert!((STALL..=STALL * 2 + GRACE).contains(&kept), "{window}: {kept:?}");
        tokio::task::yield_now().await;
        // Only the service still had a sender, and it has been dropped too.
        assert_eq!(gone.try_recv(), Err(mpsc::TryRecvError::Disconnected), "{window}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_an_answer_must_be_taken_too() {
    // The HTTP library gets it as a whole, and does not poll the body again.
    let kept = kept_for(1, |_, _| async { Response::new(body::full("the last piece")) }).await;
    assert!((STALL..=STALL * 2 + GRACE).contains(&kept), "{kept:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_the_webmail_holds_back_may_last() {
    let (client, server) = duplex(64 * 1024);
    let slow = |_: Request<Incoming>, _: Peer| async {
        Response::new(Late { pieces: vec!["last", "at "], wait: Box::pin(sleep(STALL * 10)) }.boxed_unsync())
    };
    tokio::spawn(async move { http2(server, &slow, peer(), std::future::pending()).await });
    let (mut send, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(client)).await.unwrap();
    tokio::spawn(connection);
    let answer = send.send_request(Request::get("https://a/").body(body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "at last");
}
