//! The one thread that writes.
//!
//! ```text
//! Writing ──apply, flush or fdatasync fails──▶ Failed ──trial works, database opens whole──▶ Writing
//! ```
//!
//! In the failed state, every batch of requests, and every [`RETRY_EVERY`] without any, is one attempt to recover.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::batch::Batch;
use super::contain::contain;
use super::files::{self, Files};
use super::marker::Marker;
use super::open::{Database, Opened, open_database};
use super::stored::unreadable;
use super::tally::{Amiss, add_up};
use super::view::View;
use crate::contract::{Change, Swap, Visitor};
use crate::error::{EngineError, Failure, OpenError};
use crate::metrics::METRICS;
use crate::revision::Revision;
use crate::watch::Watchers;

/// The most commits that share one wait for the disk. With more, the first of them would wait too long for the checks.
const BATCH_MAX: usize = 256;
/// The interval between recovery attempts of a failed store without write requests.
const RETRY_EVERY: Duration = Duration::from_secs(1);

pub(super) enum Request {
    Commit(Commit),
    Snapshot(Snapshot),
    Close,
}

pub(super) struct Commit {
    pub(super) changes: Vec<Change>,
    pub(super) answer: Answer<Swap>,
}

pub(super) struct Snapshot {
    pub(super) visit: Visitor,
    pub(super) answer: Answer<u64>,
}

/// The receiver of an answer, and the place in the queue that is released with it.
pub(super) struct Answer<T> {
    sender: oneshot::Sender<Result<T, EngineError>>,
    _place: OwnedSemaphorePermit,
}

impl<T> Answer<T> {
    pub(super) fn new(sender: oneshot::Sender<Result<T, EngineError>>, place: OwnedSemaphorePermit) -> Self {
        Self { sender, _place: place }
    }

    fn give(self, answer: Result<T, EngineError>) {
        // A receiver that has stopped waiting treats that as a refusal.
        let _ = self.sender.send(answer);
    }
}

pub(super) struct Writer {
    dir: PathBuf,
    view: Arc<View>,
    watchers: Arc<Watchers>,
    waiting: Receiver<Request>,
    marker: Marker,
    state: State,
}

enum State {
    Writing(Database),
    Failed(Failure),
}

impl Writer {
    pub(super) fn new(opened: Opened, view: Arc<View>, watchers: Arc<Watchers>, waiting: Receiver<Request>) -> Self {
        let Opened { dir, marker, database } = opened;
        Self { dir, view, watchers, waiting, marker, state: State::Writing(database) }
    }

    /// Serves requests until it is closed or there are no senders left.
    pub(super) fn run(mut self) {
        // A panic here is a bug in this crate. The view is closed in that case too, so that no reader uses a store
        // without a writer; waiting requests fail, since their answers are dropped.
        let served = catch_unwind(AssertUnwindSafe(|| while self.serve() {}));
        if served.is_err() {
            tracing::error!("the thread that writes the store has panicked; the store is closed");
        }
        self.close();
    }

    /// Takes the waiting requests and answers them; `false` if there will be no more.
    fn serve(&mut self) -> bool {
        let failed = matches!(self.state, State::Failed(_));
        let first = match failed {
            false => self.waiting.recv().map_err(RecvTimeoutError::from),
            true => self.waiting.recv_timeout(RETRY_EVERY),
        };
        if failed {
            self.recover();
        }
        let mut next = match first {
            Ok(request) => Some(request),
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        };
        let mut commits = Vec::new();
        while let Some(Request::Commit(commit)) = next {
            commits.push(commit);
            next = if commits.len() < BATCH_MAX { self.waiting.try_recv().ok() } else { None };
        }
        self.commit(commits);
        match next {
            Some(Request::Snapshot(Snapshot { visit, answer })) => answer.give(self.snapshot(visit)),
            Some(Request::Close) => return false,
            Some(Request::Commit(_)) | None => {}
        }
        true
    }

    /// Writes the commits as one batch, then answers them.
    fn commit(&mut self, commits: Vec<Commit>) {
        let (answers, changes): (Vec<_>, Vec<_>) =
            commits.into_iter().map(|Commit { changes, answer }| (answer, changes)).unzip();
        match self.write(changes) {
            Ok(outcomes) => answers.into_iter().zip(outcomes).for_each(|(answer, outcome)| answer.give(outcome)),
            Err(failure) => {
                answers.into_iter().for_each(|answer| answer.give(Err(EngineError::Unavailable(failure.clone()))))
            }
        }
    }

    /// Returns the result of each commit once all of them are on disk. Conflicts have to wait for that too: they may be
    /// with a commit of the same batch.
    fn write(&mut self, commits: Vec<Vec<Change>>) -> Result<Vec<Result<Swap, EngineError>>, Failure> {
        let database = match &mut self.state {
            State::Writing(database) => database,
            State::Failed(failure) => return Err(failure.clone()),
        };
        let mut batch = Batch::new(&database.db, &self.dir, &database.tally);
        let outcomes = commits.into_iter().map(|changes| batch.decide(changes)).collect();
        let Some((writes, tally, before, keys)) = batch.finish(database.tally) else {
            return Ok(outcomes);
        };
        self.view.cover(before);
        let written = contain(|| database.db.apply_batch(writes))
            .and_then(|()| contain(|| database.db.flush()))
            .and_then(|_| database.files.make_durable());
        if let Err(error) = written {
            let failure = Failure::new(format!("the store at {} cannot be written", self.dir.display()), &error);
            self.fail(failure.clone());
            return Err(failure);
        }
        METRICS.batches.count(());
        database.tally = tally;
        self.view.uncover();
        self.watchers.tell(Revision(tally.batch), keys);
        // Only a lower bound, so it may fail: on a copy-on-write file system, a full disk refuses even this.
        let _ = self.marker.advance(tally.batch);
        Ok(outcomes)
    }

    /// Stops writing. sled cannot undo what it has applied, so the database has to be reopened.
    fn fail(&mut self, failure: Failure) {
        tracing::error!("{failure}. Writes are refused until then");
        self.view.fail(failure.clone());
        self.state = State::Failed(failure);
    }

    /// Reopens the database if the disk can be written again. Until then the readers' view does not change.
    fn recover(&mut self) {
        match self.reopen() {
            Ok(database) => {
                tracing::info!("the store at {} takes writes again", self.dir.display());
                self.view.replace(database.db.clone());
                // The batch in progress at the failure is on disk, or is not: it was not reported to watchers.
                self.watchers.tell_of_a_gap();
                self.state = State::Writing(database);
            }
            Err(failure) => {
                self.view.fail(failure.clone());
                self.state = State::Failed(failure);
            }
        }
    }

    fn reopen(&mut self) -> Result<Database, Failure> {
        let failure =
            |error: &io::Error| Failure::new(format!("the store at {} cannot be written", self.dir.display()), error);
        files::try_writing(&self.dir).map_err(|error| failure(&error))?;
        let_go(self.view.take());
        Files::open(&self.dir).and_then(|files| files.forget_cached()).map_err(|error| failure(&error))?;
        let mut repairs = Vec::new();
        let database = open_database(&self.dir, self.marker.batch(), &mut repairs);
        repairs.iter().for_each(|repair| tracing::warn!("{repair}"));
        database.map_err(OpenError::into_failure)
    }

    /// Passes every record to the visitor and checks that none is missing.
    fn snapshot(&mut self, mut visit: Visitor) -> Result<u64, EngineError> {
        let database = match &self.state {
            State::Writing(database) => database,
            State::Failed(failure) => return Err(EngineError::Unavailable(failure.clone())),
        };
        let shown = add_up(&database.db, |entry| contain(|| visit(entry)));
        shown.map(|tally| tally.count).map_err(|amiss| match amiss {
            Amiss::Visitor(error) => EngineError::Visitor(error),
            Amiss::Disk(error) => unreadable(&self.dir, &error),
            Amiss::Records(why) => {
                EngineError::Damaged { what: format!("the store at {} ({why})", self.dir.display()) }
            }
        })
    }

    fn close(self) {
        let Self { view, watchers, state, marker, .. } = self;
        let_go((state, view.close()));
        watchers.close();
        // A lower bound here too. The marker's lock is released with it, after sled's own.
        let _ = marker.sync();
    }
}

/// Drops a value that holds the database. sled flushes when it is dropped, and panics if that fails.
fn let_go<T>(holder: T) {
    let dropped = contain(|| {
        drop(holder);
        Ok::<_, io::Error>(())
    });
    if let Err(error) = dropped {
        tracing::warn!("closing the database of the store: {error}");
    }
}
