//! The engine of one host, on sled 0.34.7.
//!
//! One thread writes ([`writer`]): it takes every commit that waits, checks them one after the other, and puts
//! what is left to disk as one batch: apply, flush, `fdatasync`, and only then the answers. So a hundred commits at
//! once cost one wait for the disk, and no two can both win.
//!
//! Readers look through a [`view::View`], which hides what is not yet durable. sled itself is only ever touched
//! under [`contain`], since it panics on some of the errors that a disk can give.
//!
//! A store is a directory: sled's own files, and `postern.store` beside them ([`marker`]). A sled database that has
//! lost records may open without a word; [`tally`] notices.

mod batch;
mod files;
mod marker;
mod open;
mod tally;
mod view;
mod writer;

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::{Semaphore, oneshot};

use self::open::Opened;
use self::view::View;
use self::writer::{Commit, Request, Snapshot, Writer};
use super::{
    Change, Engine, EngineError, Entry, Failure, Key, OpenError, Pending, RESERVED, Repair, Revision, Swap, Visitor,
    check, is_key,
};
use crate::clock::Stopwatch;
use crate::metrics::{self, METRICS};

/// How many requests may wait for the writer before the next caller has to wait for a place.
const WAITING_MAX: usize = 1024;

/// A store on the disk of this host.
pub struct SledEngine {
    view: Arc<View>,
    requests: Sender<Request>,
    /// A place among those who wait. Taken before a request is sent and given back with its answer.
    connection_limits: Arc<Semaphore>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl SledEngine {
    /// Makes an empty store in `dir`, which must be empty or not exist.
    ///
    /// # Errors
    /// [`OpenError::Exists`] where anything is there, [`OpenError::Io`] when it can't be written.
    pub fn init(dir: &Path) -> Result<Self, OpenError> {
        open::init(dir).and_then(Self::start)
    }

    /// Opens the store in `dir`, whole or not at all, and says what had to be put right. Reads every record once.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(dir: &Path) -> Result<(Self, Vec<Repair>), OpenError> {
        let mut repairs = Vec::new();
        let opened = open::open(dir, &mut repairs)?;
        Ok((Self::start(opened)?, repairs))
    }

    fn start(opened: Opened) -> Result<Self, OpenError> {
        let (requests, waiting) = std::sync::mpsc::channel();
        let view = Arc::new(View::new(opened.database.db.clone(), &opened.dir));
        let writer = Writer::new(opened, view.clone(), waiting);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(OpenError::io("start the thread that writes the store"))?;
        Ok(Self {
            view,
            requests,
            connection_limits: Arc::new(Semaphore::new(WAITING_MAX)),
            writer: Mutex::new(Some(thread)),
        })
    }

    /// Writes what was asked for before this call, then closes the files. What is asked for later is refused with
    /// [`EngineError::Closed`]. Waits for the disk; dropping the engine does the same.
    pub fn close(&self) {
        // A writer that is gone already needs no word to stop.
        let _ = self.requests.send(Request::Close);
        let thread = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // The writer catches its own panics and closes the view on every way out.
            let _ = thread.join();
        }
    }

    fn ask<T: Send + 'static>(
        &self,
        request: impl FnOnce(writer::Answer<T>) -> Request + Send + 'static,
    ) -> Pending<T> {
        let (requests, connection_limits) = (self.requests.clone(), self.connection_limits.clone());
        Box::pin(async move {
            let place = connection_limits.acquire_owned().await.map_err(|_| EngineError::Closed)?;
            let (sender, answer) = oneshot::channel();
            requests.send(request(writer::Answer::new(sender, place))).map_err(|_| EngineError::Closed)?;
            answer.await.map_err(|_| EngineError::Closed)?
        })
    }
}

impl Engine for SledEngine {
    fn load(&self, key: &[u8]) -> Result<Option<(Vec<u8>, Revision)>, EngineError> {
        self.view.load(key)
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Entry>, EngineError> {
        self.view.scan(prefix, after, limit)
    }

    fn commit(&self, changes: Vec<Change>) -> Pending<Swap> {
        match check(&changes) {
            Ok(()) => {
                let since = Stopwatch::start();
                let answer = self.ask(move |answer| Request::Commit(Commit { changes, answer }));
                Box::pin(async move {
                    let outcome = answer.await;
                    METRICS.commits.observe(metrics::Commit::of(&outcome), since.elapsed());
                    outcome
                })
            }
            Err(refusal) => Box::pin(std::future::ready(Err(refusal))),
        }
    }

    fn snapshot(&self, visit: Visitor) -> Pending<u64> {
        self.ask(move |answer| Request::Snapshot(Snapshot { visit, answer }))
    }

    fn health(&self) -> Result<(), EngineError> {
        self.view.health()
    }
}

impl Drop for SledEngine {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for SledEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SledEngine").finish_non_exhaustive()
    }
}

/// A value as it stands in sled: its revision, then the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stored {
    revision: Revision,
    value: Vec<u8>,
}

impl Stored {
    fn to_bytes(&self) -> Vec<u8> {
        [&self.revision.0.to_be_bytes(), self.value.as_slice()].concat()
    }

    /// `None` when the bytes are too few to be one.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (revision, value) = bytes.split_first_chunk()?;
        Some(Self { revision: Revision(u64::from_be_bytes(*revision)), value: value.to_vec() })
    }

    /// What sled has for `key` at this moment, durable or not.
    fn read(db: &::sled::Db, dir: &Path, key: &[u8]) -> Result<Option<Self>, EngineError> {
        let bytes = contain(|| db.get(key)).map_err(|error| unreadable(dir, &error))?;
        bytes.map(|bytes| Self::from_bytes(&bytes).ok_or_else(|| too_short(key))).transpose()
    }
}

/// Makes an error of a panic: where an invariant of sled's does not hold, it panics instead of returning.
fn contain<T, E: Into<io::Error>>(call: impl FnOnce() -> Result<T, E>) -> io::Result<T> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(Into::into),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            Err(io::Error::other(Panicked(text.unwrap_or("without a word").to_owned())))
        }
    }
}

/// A panic that was contained.
#[derive(Debug)]
struct Panicked(String);

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a part of the store gave up: {}", self.0)
    }
}

impl std::error::Error for Panicked {}

fn too_short(key: &[u8]) -> EngineError {
    EngineError::Damaged { what: format!("the record {}", key.escape_ascii()) }
}

/// The refusal of a reader whom the disk failed.
fn unreadable(dir: &Path, error: &io::Error) -> EngineError {
    if error.kind() == io::ErrorKind::InvalidData {
        return EngineError::Damaged { what: format!("the store at {}", dir.display()) };
    }
    EngineError::Unavailable(Failure::new(format!("the store at {} cannot be read", dir.display()), error))
}
