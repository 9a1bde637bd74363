//! The requests of an HTTP/2 connection, from their heads until the client has taken the last byte of the answers.
//!
//! A client chooses the window of each response, which may be zero, and can answer pings for ever. So the bytes
//! themselves report when they are sent: a response that waits for the webmail has no queued bytes, and may take long.

use crate::body::BoxError;
use crate::guarded::STALL;
use bytes::{Buf, Bytes};
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::sleep;

/// Bytes of a response that a client must read within [`STALL`], so that a few bytes now and then are not enough.
const STEP: usize = 16 * 1024;

/// The requests of a connection, and the queued bytes of their responses.
#[derive(Default)]
pub(super) struct Requests {
    begun: AtomicUsize,
    ended: AtomicUsize,
    /// Which of the two counts belongs to the present turn; a turn lasts for [`STALL`].
    turn: AtomicUsize,
    /// Pieces, by the turn in which they last made progress.
    untaken: [AtomicUsize; 2],
}

impl Requests {
    pub(super) fn begin(self: &Arc<Self>) -> Running {
        self.begun.fetch_add(1, Ordering::Relaxed);
        Running(Arc::new(Request(Arc::clone(self))))
    }

    /// Completes when no request has begun or run for at least `idle`.
    pub(super) async fn cease(&self, idle: Duration) {
        loop {
            let begun = self.begun.load(Ordering::Relaxed);
            let is_running = begun != self.ended.load(Ordering::Relaxed);
            sleep(idle).await;
            if !is_running && begun == self.begun.load(Ordering::Relaxed) {
                return;
            }
        }
    }

    /// Completes when something has been queued for at least [`STALL`], and at most twice that.
    pub(super) async fn stall(&self) {
        loop {
            sleep(STALL).await;
            let other = 1 - self.turn.load(Ordering::Relaxed);
            if self.untaken[other].load(Ordering::Relaxed) > 0 {
                return;
            }
            self.turn.store(other, Ordering::Relaxed);
        }
    }
}

struct Request(Arc<Requests>);

impl Drop for Request {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// A request; it runs until this and all pieces of its response are dropped.
#[derive(Clone)]
pub(super) struct Running(Arc<Request>);

impl Running {
    pub(super) fn answer<B>(self, body: B) -> Answer<B> {
        Answer { body, running: self }
    }

    fn requests(&self) -> &Requests {
        &self.0.0
    }
}

/// The content of a response.
pub(super) struct Answer<B> {
    body: B,
    running: Running,
}

impl<B> hyper::body::Body for Answer<B>
where
    B: hyper::body::Body<Data = Bytes, Error = BoxError> + Unpin,
{
    type Data = Piece;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Piece>, BoxError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        frame.map_ok(|frame| frame.map_data(|bytes| Piece::new(bytes, self.running.clone())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Queued bytes, until this is dropped.
pub(super) struct Piece {
    bytes: Bytes,
    /// The number of bytes that were read since it last made progress.
    taken: usize,
    turn: usize,
    running: Running,
}

impl Piece {
    fn new(bytes: Bytes, running: Running) -> Self {
        let turn = running.requests().turn.load(Ordering::Relaxed);
        running.requests().untaken[turn].fetch_add(1, Ordering::Relaxed);
        Self { bytes, taken: 0, turn, running }
    }

    fn has_moved(&mut self) {
        let requests = self.running.requests();
        let turn = requests.turn.load(Ordering::Relaxed);
        if turn != self.turn {
            requests.untaken[turn].fetch_add(1, Ordering::Relaxed);
            requests.untaken[self.turn].fetch_sub(1, Ordering::Relaxed);
        }
        (self.taken, self.turn) = (0, turn);
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.bytes
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        self.taken += count;
        if self.taken >= STEP {
            self.has_moved();
        }
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.running.requests().untaken[self.turn].fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{Instant, timeout};

    /// How long a response is kept if this many of its bytes are read every ten seconds.
    async fn lies(step: usize) -> Duration {
        let requests = Arc::new(Requests::default());
        let mut piece = Piece::new(vec![0; STEP * 100].into(), requests.begin());
        let began = Instant::now();
        let stall = requests.stall();
        let mut stall = std::pin::pin!(stall);
        while timeout(Duration::from_secs(10), stall.as_mut()).await.is_err() && piece.remaining() > step {
            piece.advance(step);
        }
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_client_is_waited_for_and_one_that_pretends_is_not() {
        assert!(lies(STEP / 4).await >= STALL * 60);
        for pretence in [0, 1, STEP / 20] {
            assert!((STALL..=STALL * 2).contains(&lies(pretence).await), "{pretence}");
        }
    }

    #[test]
    fn what_has_left_is_not_counted_in_any_turn() {
        let requests = Arc::new(Requests::default());
        let mut piece = Piece::new(vec![0; STEP * 2].into(), requests.begin());
        requests.turn.store(1, Ordering::Relaxed);
        piece.advance(STEP);
        let counts = || requests.untaken.each_ref().map(|count| count.load(Ordering::Relaxed));
        assert_eq!((counts(), requests.ended.load(Ordering::Relaxed)), ([0, 1], 0));
        drop(piece);
        assert_eq!((counts(), requests.ended.load(Ordering::Relaxed)), ([0, 0], 1));
    }
}
