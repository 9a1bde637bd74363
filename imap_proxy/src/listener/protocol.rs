//! One connection after its TLS handshake: HTTP/1.1 or HTTP/2, until it ends or is to stop.

use super::Peer;
use crate::body::Body;
use crate::guarded::Guarded;
use crate::head_guard::{MAX_FIELDS, MAX_HEAD};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::sleep;

/// How long a client may take over a head, and how long a connection is kept that asks for nothing.
pub const IDLE: Duration = Duration::from_secs(60);
/// How often an HTTP/2 client is asked whether it is still there, and how long it may take to say so.
pub const PING: Duration = Duration::from_secs(30);
/// Requests that one HTTP/2 connection may run at once.
pub const MAX_STREAMS: u32 = 128;
/// Bytes of a body that an HTTP/2 client may send ahead of who reads them, for each request and for all of a
/// connection: enough for a fast upload, and the most that one can fill of this process's memory.
pub const WINDOW: u32 = 1024 * 1024;
/// Bytes of an answer that may wait for an HTTP/2 client, for each request.
pub const MAX_WAITING: usize = 256 * 1024;
/// Bytes that may be read ahead on HTTP/1.
const READ_AHEAD: usize = 2 * MAX_HEAD;

/// Serves HTTP/1.1. When `stop` is done, the request that is running is the last.
pub(super) async fn http1<I, S, F>(io: I, service: &S, peer: Peer, stop: impl Future<Output = ()>) -> hyper::Result<()>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Fn(Request<Incoming>, Peer) -> F,
    F: Future<Output = Response<Body>>,
{
    let io = TokioIo::new(Guarded::new(io, peer.tunnel.clone()));
    let service = service_fn(|request| answered(service(request, peer.clone())));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(IDLE).max_headers(MAX_FIELDS).max_buf_size(READ_AHEAD);
    let mut connection = pin!(builder.serve_connection(io, service).with_upgrades());
    tokio::select! {
        outcome = connection.as_mut() => return outcome,
        () = stop => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}

/// Serves HTTP/2. When `stop` is done, the requests that are running are the last.
pub(super) async fn http2<I, S, F>(io: I, service: &S, peer: Peer, stop: impl Future<Output = ()>) -> hyper::Result<()>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Fn(Request<Incoming>, Peer) -> F,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let requests = Arc::new(Requests::default());
    let service = service_fn(|request| {
        let running = requests.begin();
        let answer = service(request, peer.clone());
        answered(async move {
            let answer = answer.await;
            drop(running);
            answer
        })
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
        () = stop => {}
        () = requests.cease() => {}
    }
    connection.as_mut().graceful_shutdown();
    connection.await
}

async fn answered(answer: impl Future<Output = Response<Body>>) -> Result<Response<Body>, Infallible> {
    Ok(answer.await)
}

/// The requests of an HTTP/2 connection, so that one that asks for nothing ends (HTTP/1 has a timer for it).
#[derive(Default)]
struct Requests {
    begun: AtomicUsize,
    ended: AtomicUsize,
}

impl Requests {
    fn begin(self: &Arc<Self>) -> Running {
        self.begun.fetch_add(1, Ordering::Relaxed);
        Running(Arc::clone(self))
    }

    /// Done when none has begun or run for [`IDLE`] at least.
    async fn cease(&self) {
        loop {
            let begun = self.begun.load(Ordering::Relaxed);
            let is_running = begun != self.ended.load(Ordering::Relaxed);
            sleep(IDLE).await;
            if !is_running && begun == self.begun.load(Ordering::Relaxed) {
                return;
            }
        }
    }
}

struct Running(Arc<Requests>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
