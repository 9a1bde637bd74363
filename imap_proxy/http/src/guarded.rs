//! A client's HTTP/1 connection, behind the head guard and with an end to waiting.

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

/// How long a client may send nothing of a body that is waited for, or take nothing of an answer.
pub const STALL: Duration = Duration::from_secs(60);

/// How long, and for how many bytes, whoever was refused is listened to behind the answer: a close with unread bytes
/// resets the connection, and the answer is lost (RFC 9112, section 9.6).
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 256 * 1024;

/// What no HTTP library takes for a part of a head or of a chunk's size: it answers 400 and closes. The end of a head
/// is in it because hyper looks at a head that came in pieces only when it has ended.
const POISON: &[u8] = b"\0\r\n\r\n";

/// Says of a connection that it has become a WebSocket. Whoever answers 101 opens it first; from then on the bytes
/// are not looked at. On HTTP/2 it means nothing.
#[derive(Clone, Default)]
pub struct Tunnel(Arc<AtomicBool>);

impl Tunnel {
    /// Lets what follows through as it is.
    pub fn open(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn is_open(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The stream with the guard in front. Bytes are looked at where they lie; none is copied.
pub(crate) struct Guarded<S> {
    stream: S,
    guard: HeadGuard,
    tunnel: Tunnel,
    /// After a violation: what of [`POISON`] has not been read yet.
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
            // Between two messages and within a head the HTTP library keeps the time.
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

/// Fills in as much of it as there is room for; none of it left is an end of the stream.
fn administer(poison: &mut &[u8], buf: &mut ReadBuf<'_>) {
    let (now, later) = poison.split_at(poison.len().min(buf.remaining()));
    buf.put_slice(now);
    *poison = later;
}

/// Reads what is still being sent, and drops it.
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

    /// Something has come, or gone: nobody waits.
    pub(crate) fn end(&mut self) {
        self.is_waiting = false;
    }

    /// It is waited; done when that has lasted too long.
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
