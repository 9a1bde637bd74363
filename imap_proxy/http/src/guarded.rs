//! A client's HTTP/1 connection, checked by the head guard and with a limit for stalls.

use crate::head_guard::{HeadGuard, Violation};
use postern_front::rate_limited::rate_limited;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// How long a client may send nothing of a body that is waited for, or read nothing of a response.
pub const STALL: Duration = Duration::from_secs(60);

/// How long, and for how many bytes, the connection is still read after a refusal was sent: a close with unread bytes
/// resets the connection, and the response is lost (RFC 9112, section 9.6).
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 256 * 1024;

/// Bytes that no HTTP library accepts as part of a head or of a chunk's size: it answers 400 and closes. They include
/// the end of a head, because hyper parses a head that came in pieces only when it is complete.
const POISON: &[u8] = b"\0\r\n\r\n";

/// Marks a connection as one that has become a WebSocket. It must be opened before 101 is answered; from then on the
/// bytes are not checked. It has no effect on HTTP/2.
#[derive(Clone, Default)]
pub struct Tunnel(Arc<AtomicBool>);

impl Tunnel {
    /// Passes on what follows unchecked.
    pub fn open(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn is_open(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The stream with the head guard applied to it. Bytes are checked in place; none is copied.
pub(crate) struct Guarded<S> {
    stream: S,
    guard: HeadGuard,
    tunnel: Tunnel,
    /// After a violation: the part of [`POISON`] that has not been read yet.
    poison: Option<&'static [u8]>,
    reading: Stall,
    writing: Stall,
    linger: Linger,
}

impl<S> Guarded<S> {
    pub(crate) fn new(stream: S, tunnel: Tunnel) -> Self {
        let (guard, reading, writing, linger) = Default::default();
        Self { stream, guard, tunnel, poison: None, reading, writing, linger }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(poison) = &mut this.poison {
            administer(poison, buf);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buf);
        if this.tunnel.is_open() {
            return read;
        }
        if read.is_pending() && !this.guard.is_in_body() {
            // Between two messages and within a head, the HTTP library enforces the time limit.
            return Poll::Pending;
        }
        ready!(this.reading.limit(cx, read))?;
        if let Err(Violation { refusal, at }) = this.guard.scan(&buf.filled()[before..]) {
            rate_limited!(info, %refusal, "an HTTP message is refused");
            buf.set_filled(before + at);
            administer(this.poison.insert(POISON), buf);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.writing.limit(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.writing.limit(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(cx);
        this.writing.limit(cx, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let shut = Pin::new(&mut this.stream).poll_shutdown(cx);
        ready!(this.writing.limit(cx, shut))?;
        if this.poison.is_some() { this.linger.poll(&mut this.stream, cx).map(Ok) } else { Poll::Ready(Ok(())) }
    }
}

/// Copies as much of it as there is room for; when none is left, the stream ends.
fn administer(poison: &mut &[u8], buf: &mut ReadBuf<'_>) {
    let (now, later) = poison.split_at(poison.len().min(buf.remaining()));
    buf.put_slice(now);
    *poison = later;
}

/// Reads and discards what is still being sent.
#[derive(Default)]
struct Linger {
    timer: Option<Pin<Box<Sleep>>>,
    bytes: usize,
}

impl Linger {
    fn poll(&mut self, stream: &mut (impl AsyncRead + Unpin), cx: &mut Context<'_>) -> Poll<()> {
        while self.bytes < LINGER_BYTES {
            let mut scratch = [0; 4096];
            let mut scratch = ReadBuf::new(&mut scratch);
            match Pin::new(&mut *stream).poll_read(cx, &mut scratch) {
                Poll::Ready(Ok(())) if !scratch.filled().is_empty() => self.bytes += scratch.filled().len(),
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return self.timer.get_or_insert_with(|| Box::pin(sleep(LINGER))).as_mut().poll(cx),
            }
        }
        Poll::Ready(())
    }
}

/// Ends a wait that has lasted for [`STALL`].
#[derive(Default)]
pub(crate) struct Stall {
    timer: Option<Pin<Box<Sleep>>>,
    is_waiting: bool,
}

impl Stall {
    fn limit<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.end();
            return outcome;
        }
        self.wait(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Bytes were received or sent: the wait is over.
    pub(crate) fn end(&mut self) {
        self.is_waiting = false;
    }

    /// Begins or continues a wait; ready when it has lasted too long.
    pub(crate) fn wait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(STALL)));
        if !self.is_waiting {
            timer.as_mut().reset(Instant::now() + STALL);
            self.is_waiting = true;
        }
        timer.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test]
    async fn a_bad_line_becomes_poison_and_an_end() {
        for room in [1, 2, 1024] {
            let (mut client, server) = duplex(1024);
            let mut guarded = Guarded::new(server, Tunnel::default());
            client.write_all(b"GET / HTTP/1.1\r\nHost : a\r\n\r\nGET / HTTP/1.1\r\n").await.unwrap();
            let mut seen = Vec::new();
            let mut piece = vec![0; room];
            while let count @ 1.. = guarded.read(&mut piece).await.unwrap() {
                seen.extend_from_slice(&piece[..count]);
            }
            assert!(seen.ends_with(POISON) && !seen.starts_with(b"GET / HTTP/1.1\r\nHost : a\r\n"));
        }
    }

    #[tokio::test]
    async fn an_open_tunnel_is_not_looked_at() {
        let (mut client, server) = duplex(1024);
        let tunnel = Tunnel::default();
        let mut guarded = Guarded::new(server, tunnel.clone());
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        let mut seen = [0; 64];
        assert_ne!(guarded.read(&mut seen).await.unwrap(), 0);
        tunnel.open();
        client.write_all(b"\x81\x85\0\0\0\0\nhello").await.unwrap();
        let count = guarded.read(&mut seen).await.unwrap();
        assert_eq!(&seen[..count], b"\x81\x85\0\0\0\0\nhello");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_is_given_up() {
        assert_eq!(STALL, Duration::from_secs(60));
        let (mut client, server) = duplex(1024);
        let mut guarded = Guarded::new(server, Tunnel::default());
        client.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nbo").await.unwrap();
        let mut seen = [0; 64];
        assert_ne!(guarded.read(&mut seen).await.unwrap(), 0);
        let began = Instant::now();
        assert_eq!(guarded.read(&mut seen).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= STALL);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_not_taken_is_given_up() {
        let (_client, server) = duplex(4);
        let mut guarded = Guarded::new(server, Tunnel::default());
        assert_eq!(guarded.write_all(b"an answer").await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
