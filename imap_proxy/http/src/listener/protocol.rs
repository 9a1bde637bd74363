//! One connection after its TLS handshake: HTTP/1.1 or HTTP/2, until it ends or is stopped.

use super::peer::Peer;
use super::requests::Requests;
use crate::body::{Body, BoxError};
use crate::guarded::Guarded;
use crate::head_guard::{MAX_FIELDS, MAX_HEAD};
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

/// How long a client may take to send a head, and how long a connection without requests is kept.
pub const IDLE: Duration = Duration::from_secs(60);
/// The interval of pings to an HTTP/2 client, and how long it may take to answer one.
pub const PING: Duration = Duration::from_secs(30);
/// Maximum number of concurrent requests of one HTTP/2 connection.
pub const MAX_STREAMS: u32 = 32;
/// The HTTP/2 receive window in bytes, for each request and for a whole connection: enough for a fast upload, and the
/// most memory that a connection's request bodies can use.
pub const WINDOW: u32 = 1024 * 1024;
/// Bytes of a response that may be queued for an HTTP/2 client, for each request.
pub const MAX_WAITING: usize = 64 * 1024;
/// How long the other requests of an HTTP/2 connection get to finish, when its client does not read a response.
pub const GRACE: Duration = Duration::from_secs(10);
/// How long the graceful shutdown of a connection that has to make room may take.
const FAREWELL: Duration = Duration::from_secs(1);
/// Bytes that may be read ahead on HTTP/1.
const READ_AHEAD: usize = 2 * MAX_HEAD;

/// Serves HTTP/1.1. When `stop` is done, the running request is the last.
pub(super) async fn http1<I, S, F>(io: I, service: &S, peer: Peer, stop: impl Future<Output = ()>) -> hyper::Result<()>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Fn(Request<Incoming>, Peer) -> F,
    F: Future<Output = Response<Body>>,
{
    let io = TokioIo::new(Guarded::new(io, peer.tunnel.clone()));
    let service = service_fn(|request| {
        let peer = peer.begin();
        let answer = service(request, peer.clone());
        async move { Ok::<_, Infallible>(answer.await.map(|body| UntilTaken { body, _peer: peer })) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(IDLE).max_headers(MAX_FIELDS).max_buf_size(READ_AHEAD);
    let mut connection = pin!(builder.serve_connection(io, service).with_upgrades());
    tokio::select! {
        outcome = connection.as_mut() => return outcome,
        () = stop => connection.as_mut().graceful_shutdown(),
        () = peer.lost() => {
            connection.as_mut().graceful_shutdown();
            return timeout(FAREWELL, connection).await.unwrap_or(Ok(()));
        }
    }
    connection.await
}

/// Serves HTTP/2. When `stop` is done, the running requests are the last. A client that does not read a response loses
/// the connection.
pub(super) async fn http2<I, S, F>(io: I, service: &S, peer: Peer, stop: impl Future<Output = ()>) -> hyper::Result<()>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Fn(Request<Incoming>, Peer) -> F,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let requests = Arc::new(Requests::default());
    let service = service_fn(|request| {
        let (running, peer) = (requests.begin(), peer.begin());
        let answer = service(request, peer.clone());
        async move { Ok::<_, Infallible>(answer.await.map(|body| running.answer(UntilTaken { body, _peer: peer }))) }
    });
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEAD as u32)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_send_buf_size(MAX_WAITING);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(io), service));
    tokio::select! {
        outcome = connection.as_mut() => return outcome,
        () = stop => connection.as_mut().graceful_shutdown(),
        () = requests.cease(IDLE) => connection.as_mut().graceful_shutdown(),
        () = peer.lost() => {
            connection.as_mut().graceful_shutdown();
            return timeout(FAREWELL, connection).await.unwrap_or(Ok(()));
        }
        () = requests.stall() => {
            connection.as_mut().graceful_shutdown();
            return timeout(GRACE, connection).await.unwrap_or(Ok(()));
        }
    }
    tokio::select! {
        outcome = connection => outcome,
        // Running requests may take long, but queued bytes may not stay unread for long.
        () = requests.stall() => Ok(()),
        () = requests.cease(IDLE) => Ok(()),
    }
}

/// A response. Its connection counts as busy until the whole of it has been read from here.
struct UntilTaken {
    body: Body,
    _peer: Peer,
}

impl hyper::body::Body for UntilTaken {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
