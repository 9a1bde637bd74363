//! Bodies that are not wanted, and bodies that break off.

use crate::browser::SESSION;
use crate::front::World;
use bytes::Bytes;
use http::{Request, StatusCode};
use hyper::body::{Body, Frame};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tokio_rustls::client::TlsStream;

/// What is sent is sent as a piece of a body.
struct Pieces(mpsc::Receiver<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}

async fn connect(world: &World, protocol: &str) -> TlsStream<TcpStream> {
    let stream = TcpStream::connect(world.address).await.unwrap();
    let connector = world.connector.with_alpn(vec![protocol.into()]);
    connector.connect("localhost".try_into().unwrap(), stream).await.unwrap()
}

#[tokio::test]
async fn a_form_that_is_refused_is_heard_out() {
    let world = World::start().await;
    let stream = TokioIo::new(connect(&world, "h2").await);
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let begin = |pieces| {
        let request =
            Request::post("https://webmail.example.com/postern/code").header("origin", "https://evil.example");
        request.body(Pieces(pieces)).unwrap()
    };
    tokio::time::pause();
    // A reset while the form is on its way costs some clients the answer.
    let (rest, pieces) = mpsc::channel(1);
    let answer = tokio::spawn(sender.send_request(begin(pieces)));
    for piece in ["code=", "123456"] {
        rest.send(Bytes::from(piece)).await.unwrap();
        sleep(Duration::from_millis(400)).await;
    }
    assert!(!rest.is_closed() && !answer.is_finished());
    drop(rest);
    assert_eq!(answer.await.unwrap().unwrap().status(), StatusCode::FORBIDDEN);
    // What does not end is not waited for.
    let (rest, pieces) = mpsc::channel(1);
    let began = Instant::now();
    assert_eq!(sender.send_request(begin(pieces)).await.unwrap().status(), StatusCode::FORBIDDEN);
    assert!(began.elapsed() < Duration::from_secs(2));
    drop(rest);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_the_clients_fault() {
    let world = World::start().await;
    let browser = world.released().await;
    let mut stream = connect(&world, "http/1.1").await;
    let session = browser.session().unwrap();
    let head = format!(
        "POST /?_task=mail&_action=send HTTP/1.1\r\nHost: webmail.example.com\r\nCookie: {SESSION}={session}\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    stream.write_all(format!("{head}3\r\nabc\r\n0x4\r\nhidden\r\n0\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A close without a TLS goodbye is one too.
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.starts_with(b"HTTP/1.1 400 Bad Request\r\n"), "{}", answer.escape_ascii());
}
