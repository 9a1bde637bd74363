//! The engine: it passes requests to the writer, and reads through the view.

use std::fmt;
use std::future::ready;
use std::path::Path;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::{Semaphore, oneshot};

use super::open::{self, Opened};
use super::view::View;
use super::writer::{self, Commit, Request, Snapshot, Writer};
use crate::contract::{Change, Engine, Entry, Pending, Swap, Visitor, check};
use crate::error::{EngineError, OpenError, Repair};
use crate::metrics::{self, METRICS};
use crate::revision::Revision;
use crate::watch::{Watch, Watchers};
use postern_process::clock::Stopwatch;

/// How many requests may wait for the writer before the next caller has to wait.
const WAITING_MAX: usize = 1024;

/// A store on the disk of this host.
pub struct SledEngine {
    view: Arc<View>,
    watchers: Arc<Watchers>,
    requests: Sender<Request>,
    /// A place in the queue. Acquired before a request is sent and released with its answer.
    places: Arc<Semaphore>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl SledEngine {
    /// Creates an empty store in `dir`, which must be empty or not exist.
    ///
    /// # Errors
    /// [`OpenError::Exists`] if `dir` is not empty, [`OpenError::Io`] if it cannot be written.
    pub fn init(dir: &Path) -> Result<Self, OpenError> {
        open::init(dir).and_then(Self::start)
    }

    /// Opens the store in `dir`, completely or not at all, and returns the repairs. Reads every record once.
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
        let watchers = Arc::new(Watchers::default());
        let writer = Writer::new(opened, view.clone(), watchers.clone(), waiting);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(OpenError::io("start the thread that writes the store"))?;
        Ok(Self {
            view,
            watchers,
            requests,
            places: Arc::new(Semaphore::new(WAITING_MAX)),
            writer: Mutex::new(Some(thread)),
        })
    }

    /// Writes all earlier requests, then closes the files. Later requests fail with [`EngineError::Closed`]. Waits for
    /// the disk; dropping the engine does the same.
    pub fn close(&self) {
        // A writer that has already ended needs no request to close.
        let _ = self.requests.send(Request::Close);
        let thread = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // The writer catches its own panics and closes the view in every case.
            let _ = thread.join();
        }
    }

    fn ask<T: Send + 'static>(
        &self,
        request: impl FnOnce(writer::Answer<T>) -> Request + Send + 'static,
    ) -> Pending<T> {
        let (requests, places) = (self.requests.clone(), self.places.clone());
        Box::pin(async move {
            let place = places.acquire_owned().await.map_err(|_| EngineError::Closed)?;
            let (sender, answer) = oneshot::channel();
            requests.send(request(writer::Answer::new(sender, place))).map_err(|_| EngineError::Closed)?;
            answer.await.map_err(|_| EngineError::Closed)?
        })
    }
}

impl Engine for SledEngine {
    fn load(&self, key: &[u8]) -> Pending<Option<(Vec<u8>, Revision)>> {
        Box::pin(ready(self.view.load(key)))
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Pending<Vec<Entry>> {
        Box::pin(ready(self.view.scan(prefix, after, limit)))
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
            Err(refusal) => Box::pin(ready(Err(refusal))),
        }
    }

    fn snapshot(&self, visit: Visitor) -> Pending<u64> {
        self.ask(move |answer| Request::Snapshot(Snapshot { visit, answer }))
    }

    fn watch(&self) -> Pending<Watch> {
        Box::pin(ready(self.watchers.watch()))
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
