//! Relays bytes in both directions after sign-in, unchanged.
//!
//! Bytes are not inspected and not kept: a piece is read onto the stack when there is one and written at once. Only
//! bytes that the other side does not accept are buffered, and meanwhile no more is read. So an idle session costs its
//! two connections and nothing else.

use crate::metrics::Direction;
use postern_process::Counters;
use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, sleep_until, timeout};

/// Bytes read at once: two full TLS records, which are sent with one system call.
pub const PIECE: usize = 32 * 1024;
/// Pieces that one direction moves before it yields.
const TURN: usize = 16;
/// How long the backend may continue when the client has closed its sending side.
pub const HALF_OPEN: Duration = Duration::from_secs(600);
/// When the front stops, a session ends as soon as it has been idle for this long.
pub const QUIET: Duration = Duration::from_millis(500);
/// How long a session that is never idle continues when the front stops.
pub const DRAIN: Duration = Duration::from_secs(10);
/// How long sending the last words to a client may take.
pub const FAREWELL: Duration = Duration::from_secs(2);

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// One of the two sides ended it, or the connection broke.
    ByItself,
    /// It was cancelled.
    Cut,
    /// The front stops.
    Stopped,
}

/// What each side gets before anything else.
#[derive(Default)]
pub struct First {
    /// The backend's replies to the sign-in.
    pub to_client: Vec<u8>,
    /// What the client has sent after its sign-in command.
    pub to_backend: Vec<u8>,
}

/// The last words to a client.
#[derive(Debug, Clone, Copy)]
pub struct Farewell {
    /// If the session was cancelled.
    pub cut: &'static str,
    /// If the front stops.
    pub stopped: &'static str,
}

/// Relays bytes until one side ends it, `cut` is done, or `stop` is done and the session is idle.
pub async fn relay<C, B>(
    client: &mut C,
    backend: &mut B,
    (first, farewell, bytes): (First, Farewell, &'static Counters<Direction>),
    cut: impl Future<Output = ()>,
    stop: impl Future<Output = ()>,
) -> Ended
where
    C: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    let up = Way::holding(first.to_backend, (bytes, Direction::ToBackend));
    let down = Way::holding(first.to_client, (bytes, Direction::ToClient));
    let mut pair = Pair { client, backend, up, down };
    let (ended, words) = tokio::select! {
        biased;
        () = cut => (Ended::Cut, farewell.cut),
        () = pair.run() => (Ended::ByItself, ""),
        () = stop => return pair.drain(farewell.stopped).await,
    };
    pair.part(words).await;
    ended
}

struct Pair<'a, C, B> {
    client: &'a mut C,
    backend: &'a mut B,
    up: Way,
    down: Way,
}

impl<C, B> Pair<'_, C, B>
where
    C: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    /// Runs until the backend has ended, either connection has broken, or the client has ended for [`HALF_OPEN`].
    async fn run(&mut self) {
        let mut half_open = None;
        loop {
            let both = poll_fn(|cx| {
                let down = self.down.poll(cx, self.backend, self.client);
                let up = if half_open.is_some() { Poll::Pending } else { self.up.poll(cx, self.client, self.backend) };
                match (down, up) {
                    (Poll::Ready(_), _) | (_, Poll::Ready(Err(_))) => Poll::Ready(true),
                    (_, Poll::Ready(Ok(()))) => Poll::Ready(false),
                    _ => Poll::Pending,
                }
            });
            let is_over = match half_open {
                None => both.await,
                Some(until) => tokio::select! {
                    is_over = both => is_over,
                    () = sleep_until(until) => true,
                },
            };
            if is_over {
                return;
            }
            half_open = Some(Instant::now() + HALF_OPEN);
        }
    }

    /// Ends the session when it is idle.
    async fn drain(mut self, words: &str) -> Ended {
        let quiet = async {
            loop {
                let before = (self.up.moved, self.down.moved);
                if timeout(QUIET, self.run()).await.is_ok() {
                    return Ended::ByItself;
                }
                if before == (self.up.moved, self.down.moved) {
                    return Ended::Stopped;
                }
            }
        };
        let ended = timeout(DRAIN, quiet).await.unwrap_or(Ended::Stopped);
        let words = if ended == Ended::Stopped { words } else { "" };
        self.part(words).await;
        ended
    }

    /// Closes both, and sends last words if a line may begin there. In the middle of a line they would become part of
    /// it; within a message they still might, and the client then lacks the rest of that message and fetches it again.
    async fn part(&mut self, words: &str) {
        let farewell = async {
            if self.down.may_begin_line() {
                self.client.write_all(words.as_bytes()).await?;
            }
            self.client.shutdown().await
        };
        // A client that has disconnected needs none.
        drop(timeout(FAREWELL, farewell).await);
        drop(timeout(FAREWELL, self.backend.shutdown()).await);
    }
}

/// One direction.
struct Way {
    /// Where its bytes are counted.
    counted: (&'static Counters<Direction>, Direction),
    /// Bytes read and not yet accepted, from `written` on.
    waiting: Vec<u8>,
    written: usize,
    /// The source has ended.
    has_ended: bool,
    /// Written, and perhaps not flushed.
    unflushed: bool,
    last: Option<u8>,
    moved: u64,
}

impl Way {
    fn holding(first: Vec<u8>, counted: (&'static Counters<Direction>, Direction)) -> Self {
        let (last, unflushed) = (first.last().copied(), !first.is_empty());
        Self { counted, last, unflushed, waiting: first, written: 0, has_ended: false, moved: 0 }
    }

    /// Ready when the source has ended and the target has been shut down.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<io::Result<()>> {
        for _ in 0..TURN {
            ready!(self.poll_waiting(cx, to))?;
            if self.has_ended {
                return Pin::new(to).poll_shutdown(cx);
            }
            let mut space = [MaybeUninit::uninit(); PIECE];
            let mut piece = ReadBuf::uninit(&mut space);
            match Pin::new(&mut *from).poll_read(cx, &mut piece) {
                Poll::Ready(Ok(())) => {}
                // Many clients disconnect without TLS's close_notify.
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    if self.unflushed {
                        ready!(Pin::new(to).poll_flush(cx))?;
                        self.unflushed = false;
                    }
                    return Poll::Pending;
                }
            }
            let Some(last) = piece.filled().last() else {
                self.has_ended = true;
                continue;
            };
            let length = piece.filled().len() as u64;
            (self.last, self.moved) = (Some(*last), self.moved + length);
            self.counted.0.add(self.counted.1, length);
            self.write(cx, piece.filled(), to)?;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Writes as much as is accepted; the rest is buffered.
    fn write(&mut self, cx: &mut Context<'_>, mut piece: &[u8], to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        self.unflushed = true;
        while !piece.is_empty() {
            match Pin::new(&mut *to).poll_write(cx, piece) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(count)) => piece = &piece[count..],
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => {
                    (self.waiting, self.written) = (piece.to_vec(), 0);
                    break;
                }
            }
        }
        Ok(())
    }

    fn poll_waiting(&mut self, cx: &mut Context<'_>, to: &mut (impl AsyncWrite + Unpin)) -> Poll<io::Result<()>> {
        while self.written < self.waiting.len() {
            match ready!(Pin::new(&mut *to).poll_write(cx, &self.waiting[self.written..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.written += count,
            }
        }
        (self.waiting, self.written) = (Vec::new(), 0);
        Poll::Ready(Ok(()))
    }

    fn may_begin_line(&self) -> bool {
        self.waiting.is_empty() && matches!(self.last, None | Some(b'\n'))
    }
}

#[cfg(test)]
#[path = "relay_tests.rs"]
mod tests;
