//! Keep-alive connections to the webmail. Each is driven by the request that it carries, within that request's own
//! task: nothing passes between threads, and dropping a response closes its connection.

use crate::body::{Body, BoxError};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use postern_front::clock;
use postern_front::connection_limits::ConnectionPermit;
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Sleep, sleep};

/// How long an unused connection is kept: less than the 5 s after which Apache closes it by default, so that no request
/// is sent on a connection that is being closed.
pub const KEEP_IDLE: Duration = Duration::from_secs(4);
/// Maximum number of unused connections that are kept.
pub const MAX_IDLE: usize = 128;
/// How long the webmail may take to begin a response. A long poll is answered late by design, and an export is made
/// before its first byte; the whole of a response has no time limit.
pub const FIRST_BYTE: Duration = Duration::from_secs(300);
/// The same for a request with content: it is answered when all of that has arrived, however slow the client's link is.
/// A client that stalls is cut off by the listener.
pub const UPLOAD: Duration = Duration::from_secs(3600);

/// A connection.
pub(crate) struct Line {
    send: SendRequest<Body>,
    /// The future that moves its bytes when polled; none once it is closed.
    driver: Option<Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>>,
    /// For [`FIRST_BYTE`]: resetting one timer costs less than one for each request.
    deadline: Pin<Box<Sleep>>,
}

/// Why a request has no response.
pub enum Unanswered {
    /// It was not sent, because the connection had been closed: the request is returned.
    Unsent(Box<Request<Body>>, hyper::Error),
    /// It may have been received.
    Broken(hyper::Error),
    /// No response within [`FIRST_BYTE`], or [`UPLOAD`].
    Silent,
}

impl From<TrySendError<Request<Body>>> for Unanswered {
    fn from(mut error: TrySendError<Request<Body>>) -> Self {
        match error.take_message() {
            Some(request) => Self::Unsent(Box::new(request), error.into_error()),
            None => Self::Broken(error.into_error()),
        }
    }
}

impl Line {
    pub(crate) async fn over(wire: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> hyper::Result<Self> {
        let (send, driver) = handshake(TokioIo::new(wire)).await?;
        Ok(Self { send, driver: Some(Box::pin(driver.with_upgrades())), deadline: Box::pin(sleep(FIRST_BYTE)) })
    }

    /// Sends a request. The connection moves into the response's content, and from there back into the pool.
    /// `first_byte`: how long the response to a request without content may take to begin.
    pub(crate) async fn send(
        mut self,
        request: Request<Body>,
        pool: &Pool,
        first_byte: Duration,
    ) -> Result<Response<Content>, Unanswered> {
        let wait = if request.body().is_end_stream() { first_byte } else { UPLOAD };
        let mut answer = pin!(self.send.try_send_request(request));
        let (driver, deadline) = (&mut self.driver, &mut self.deadline);
        deadline.as_mut().reset(tokio::time::Instant::now() + wait);
        let answer = poll_fn(|cx| {
            drive(driver, cx);
            match answer.as_mut().poll(cx) {
                Poll::Pending => deadline.as_mut().poll(cx).map(|()| Err(Unanswered::Silent)),
                Poll::Ready(answer) => Poll::Ready(answer.map_err(Unanswered::from)),
            }
        });
        let answer = answer.await?;
        let is_tunnel = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
        if let Some(driver) = self.driver.take_if(|_| is_tunnel) {
            // Its stream is handed over when it has been driven to its end.
            tokio::spawn(driver);
        }
        let (line, pool) = ((!is_tunnel).then_some(self), pool.clone());
        Ok(answer.map(|incoming| {
            let has_ended = incoming.is_end_stream();
            Content { incoming, has_ended, is_tunnel, line, place: None, pool }
        }))
    }

    /// Whether it can take a request, as far as is known here.
    fn is_ready(&mut self, cx: &mut Context<'_>) -> bool {
        drive(&mut self.driver, cx);
        self.driver.is_some() && self.send.is_ready()
    }
}

fn drive(driver: &mut Option<Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>>, cx: &mut Context<'_>) {
    // The error is reported to the caller that waits for the response.
    if driver.as_mut().is_some_and(|driver| driver.as_mut().poll(cx).is_ready()) {
        *driver = None;
    }
}

/// The content of a response.
pub struct Content {
    incoming: Incoming,
    has_ended: bool,
    /// The connection is a tunnel from here on.
    is_tunnel: bool,
    line: Option<Line>,
    /// Its place among the requests that may run at once.
    place: Option<ConnectionPermit>,
    pool: Pool,
}

impl Content {
    /// Holds the place until the response is complete or dropped; that of a tunnel until it is
    /// [taken](Self::take_place).
    pub fn at(mut self, place: ConnectionPermit) -> Self {
        self.place = (!self.has_ended || self.is_tunnel).then_some(place);
        self
    }

    /// Takes the place of a tunnel, which is open for longer than this content exists.
    pub fn take_place(&mut self) -> Option<ConnectionPermit> {
        self.place.take()
    }

    /// Returns connection and place once the whole response is here, also if the client reads it slowly.
    fn give_back(&mut self) {
        self.place = None;
        if let Some(line) = self.line.take() {
            self.pool.put(line);
        }
    }
}

impl hyper::body::Body for Content {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        // Asks for more; then the driver fetches it.
        let mut frame = Pin::new(&mut this.incoming).poll_frame(cx);
        if let (Poll::Pending, Some(line)) = (&frame, &mut this.line) {
            drive(&mut line.driver, cx);
            frame = Pin::new(&mut this.incoming).poll_frame(cx);
        }
        // Trailers are dropped (RFC 9110, section 6.5.1): they are headers that have not been checked.
        let frame = ready!(frame).filter(|frame| !frame.as_ref().is_ok_and(Frame::is_trailers));
        this.has_ended = frame.is_none() || this.incoming.is_end_stream();
        if this.has_ended {
            this.give_back();
        }
        Poll::Ready(frame.map(|frame| frame.map_err(BoxError::from)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content").field("has_ended", &self.has_ended).finish_non_exhaustive()
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        if self.has_ended {
            self.give_back();
        }
    }
}

/// Unused connections.
#[derive(Clone, Default)]
pub(crate) struct Pool(Arc<Mutex<Idle>>);

#[derive(Default)]
struct Idle {
    /// The one used last is at the end.
    lines: Vec<(Instant, Line)>,
    is_swept: bool,
}

impl Pool {
    /// Takes a connection that can take a request; none if there is none.
    pub(crate) async fn take(&self) -> Option<Line> {
        poll_fn(|cx| {
            while let Some((since, mut line)) = self.pop() {
                if clock::monotonic().duration_since(since) < KEEP_IDLE && line.is_ready(cx) {
                    return Poll::Ready(Some(line));
                }
            }
            Poll::Ready(None)
        })
        .await
    }

    fn pop(&self) -> Option<(Instant, Line)> {
        self.lock().lines.pop()
    }

    fn put(&self, line: Line) {
        let mut idle = self.lock();
        if idle.lines.len() < MAX_IDLE {
            idle.lines.push((clock::monotonic(), line));
        }
        if !std::mem::replace(&mut idle.is_swept, true) {
            tokio::spawn(self.clone().sweep());
        }
    }

    /// Closes connections that have been idle for long, while there are any.
    async fn sweep(self) {
        loop {
            sleep(KEEP_IDLE).await;
            let now = clock::monotonic();
            let mut idle = self.lock();
            let fresh = idle.lines.partition_point(|(since, _)| now.duration_since(*since) >= KEEP_IDLE);
            let stale: Vec<_> = idle.lines.drain(..fresh).collect();
            idle.is_swept = !idle.lines.is_empty();
            let is_done = !idle.is_swept;
            drop(idle);
            drop(stale);
            if is_done {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        // A panic leaves no list inconsistent.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
