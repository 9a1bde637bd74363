//! After sign-in: bytes both ways, as they are.
//!
//! Nothing is looked at, and nothing is kept: a piece is read onto the stack when there is one and written on at once.
//! Only what the other side does not take waits, and while it waits no more is read. So a session that is idle costs
//! its two connections and nothing else.

use crate::metrics::{Direction, METRICS};
use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, sleep_until, timeout};

/// Bytes that are read at once: two full TLS records, which go out with one call of the kernel.
pub const PIECE: usize = 32 * 1024;
/// Pieces that one direction moves before others have their turn.
const TURN: usize = 16;
/// How long the backend may go on when the client has said that it will say no more.
pub const HALF_OPEN: Duration = Duration::from_secs(600);
/// When the front stops, a session ends in the first moment of this length in which nothing is said.
pub const QUIET: Duration = Duration::from_millis(500);
/// How long a session that never falls silent goes on when the front stops.
pub const DRAIN: Duration = Duration::from_secs(10);
/// How long a client may take to hear the last words.
pub const FAREWELL: Duration = Duration::from_secs(2);

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// One of the two sides ended it, or broke off.
    ByItself,
    /// It was cut.
    Cut,
    /// The front stops.
    Stopped,
}

/// What each side is to hear before anything else.
#[derive(Default)]
pub struct First {
    /// What the backend has said to the sign-in.
    pub to_client: Vec<u8>,
    /// What the client has said behind it.
    pub to_backend: Vec<u8>,
}

/// Moves bytes until one side ends it, `cut` is done, or `stop` is done and nothing is being said.
pub async fn relay<C, B>(
    client: &mut C,
    backend: &mut B,
    first: First,
    cut: impl Future<Output = ()>,
    stop: impl Future<Output = ()>,
) -> Ended
where
    C: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    let up = Way::holding(first.to_backend, Direction::ToBackend);
    let down = Way::holding(first.to_client, Direction::ToClient);
    let mut pair = Pair { client, backend, up, down };
    let (ended, words) = tokio::select! {
        biased;
        () = cut => (Ended::Cut, "* BYE The account has changed, sign in again\r\n"),
        () = pair.run() => (Ended::ByItself, ""),
        () = stop => return pair.drain().await,
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
    /// Until the backend has ended, or either broke off, or the client has ended for [`HALF_OPEN`].
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

    /// Ends in a quiet moment.
    async fn drain(mut self) -> Ended {
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
        let words = if ended == Ended::Stopped { "* BYE The server is being restarted\r\n" } else { "" };
        self.part(words).await;
        ended
    }

    /// Closes both, with last words where a line may begin. In the middle of one they would become part of it; within
    /// a message they might still, and the client then misses the rest of that message and fetches it again.
    async fn part(&mut self, words: &str) {
        let farewell = async {
            if self.down.may_begin_line() {
                self.client.write_all(words.as_bytes()).await?;
            }
            self.client.shutdown().await
        };
        // Whoever is not there any more needs none.
        drop(timeout(FAREWELL, farewell).await);
        drop(timeout(FAREWELL, self.backend.shutdown()).await);
    }
}

/// One direction.
struct Way {
    direction: Direction,
    /// What was read and not taken yet, from `written` on.
    waiting: Vec<u8>,
    written: usize,
    /// The source has ended.
    has_ended: bool,
    /// Written, and perhaps not sent.
    unflushed: bool,
    last: Option<u8>,
    moved: u64,
}

impl Way {
    fn holding(first: Vec<u8>, direction: Direction) -> Self {
        let (last, unflushed) = (first.last().copied(), !first.is_empty());
        Self { direction, last, unflushed, waiting: first, written: 0, has_ended: false, moved: 0 }
    }

    /// Ready when the source has ended and the target knows it.
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
                // Many clients leave without TLS's own goodbye.
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
            METRICS.imap_bytes.add(self.direction, length);
            self.write(cx, piece.filled(), to)?;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Writes what is taken; the rest waits.
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
