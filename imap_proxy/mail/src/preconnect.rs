//! Connections to the backend that are greeted in advance, so that a sign-in costs one round trip.
//!
//! As many are kept as were taken lately. A connection that is taken is owned by the taker: one used for a sign-in is
//! never returned.

use crate::connection::BackendError;
use crate::target::Greeted;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

/// Maximum number of connections that are kept.
pub const MAX_WARM: usize = 8;
/// One is kept for each that was taken within this time.
pub const LATELY: Duration = Duration::from_secs(60);
/// The age at which a connection is closed, or replaced if needed. Exchange closes one without a sign-in after a minute
/// (`PreAuthenticatedConnectionTimeout`), Dovecot after three; [`crate::target::CONNECT`] may be part of it.
pub const MAX_AGE: Duration = Duration::from_secs(45);
/// The wait after the backend could not be reached; each further one is twice as long, up to [`LONGEST_PAUSE`].
pub const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest of these waits. A sign-in does not wait: it connects by itself.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The connections, and the task that keeps them; both end when this is dropped.
pub(crate) struct PreconnectPool<O> {
    shelf: Arc<Shelf<O>>,
    _keeper: JoinSet<()>,
}

struct Shelf<O> {
    state: Mutex<State<O>>,
    /// Notified when one was taken.
    taken: Notify,
}

struct State<O> {
    /// Oldest first, with the time when it was greeted.
    ready: VecDeque<(Instant, Greeted<O>)>,
    /// When one was requested: the last [`MAX_WARM`] times, oldest first.
    asked: VecDeque<Instant>,
}

/// What the keeper task does next.
enum Next {
    /// Connects.
    Open,
    /// Waits until one is taken, or until that time.
    Rest(Option<Instant>),
}

impl<O: Send + 'static> PreconnectPool<O> {
    /// Keeps connections that `open` opens. None is opened before the first [`Self::take`].
    pub(crate) fn keep<F>(open: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Greeted<O>, BackendError>> + Send + 'static,
    {
        let state = State { ready: VecDeque::new(), asked: VecDeque::new() };
        let shelf = Arc::new(Shelf { state: Mutex::new(state), taken: Notify::new() });
        let mut keeper = JoinSet::new();
        keeper.spawn(keep(Arc::clone(&shelf), open));
        Self { shelf, _keeper: keeper }
    }

    /// Takes a connection that is alive, as far as is known here; none: the caller connects.
    pub(crate) async fn take(&self) -> Option<Greeted<O>> {
        self.shelf.lock().note(Instant::now());
        self.shelf.taken.notify_one();
        loop {
            let mut greeted = self.shelf.lock().pop(Instant::now())?;
            // What a backend sends without a command on an idle connection is a BYE.
            if greeted.dialogue.is_quiet().await {
                return Some(greeted);
            }
        }
    }
}

async fn keep<O, F>(shelf: Arc<Shelf<O>>, open: impl Fn() -> F)
where
    F: Future<Output = Result<Greeted<O>, BackendError>>,
{
    let mut pause = FIRST_PAUSE;
    loop {
        let next = shelf.lock().next(Instant::now());
        match next {
            Next::Open => match open().await {
                Ok(greeted) => {
                    shelf.lock().ready.push_back((Instant::now(), greeted));
                    pause = FIRST_PAUSE;
                }
                Err(_) => {
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            },
            Next::Rest(None) => shelf.taken.notified().await,
            Next::Rest(Some(until)) => tokio::select! {
                () = shelf.taken.notified() => {}
                () = sleep_until(until) => {}
            },
        }
    }
}

impl<O> Shelf<O> {
    fn lock(&self) -> MutexGuard<'_, State<O>> {
        // Each change is one insertion or removal.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<O> State<O> {
    fn note(&mut self, now: Instant) {
        if self.asked.len() == MAX_WARM {
            self.asked.pop_front();
        }
        self.asked.push_back(now);
    }

    fn pop(&mut self, now: Instant) -> Option<Greeted<O>> {
        self.drop_old(now);
        self.ready.pop_front().map(|(_, greeted)| greeted)
    }

    fn next(&mut self, now: Instant) -> Next {
        self.drop_old(now);
        if self.ready.len() < self.asked.len() {
            return Next::Open;
        }
        Next::Rest(self.ready.front().map(|(greeted, _)| *greeted + MAX_AGE))
    }

    fn drop_old(&mut self, now: Instant) {
        self.ready.retain(|(greeted, _)| now.duration_since(*greeted) < MAX_AGE);
        self.asked.retain(|asked| now.duration_since(*asked) < LATELY);
    }
}

#[cfg(test)]
#[path = "preconnect_tests.rs"]
mod tests;
