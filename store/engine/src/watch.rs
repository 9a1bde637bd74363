//! What was committed, as those who watch are told of it.

use crate::error::EngineError;
use crate::revision::{Key, Revision};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender};

/// Writes that a watcher may be behind before it misses some.
const BACKLOG: usize = 1024;

/// One write that is durable: of one commit, or of several that came to disk together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The revision of all that it wrote. Later writes have greater ones.
    pub revision: Revision,
    /// The records that it made, replaced or removed.
    pub keys: Vec<Key>,
}

/// What a watcher is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// This was written.
    Written(Arc<Written>),
    /// Some writes were missed: the watcher was too slow, or the store has failed and was taken up again. What the watcher
    /// goes by has to be read anew; what is written from now on is told.
    Missed,
}

/// The writes from one moment on, in their order, each once.
#[derive(Debug)]
pub struct Watch(Receiver<Told>);

impl Watch {
    /// The next write. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`EngineError::Closed`], when the engine is closed and all was told.
    pub async fn next(&mut self) -> Result<Told, EngineError> {
        match self.0.recv().await {
            Ok(told) => Ok(told),
            Err(RecvError::Lagged(_)) => Ok(Told::Missed),
            Err(RecvError::Closed) => Err(EngineError::Closed),
        }
    }
}

/// Those who watch an engine.
#[derive(Debug)]
pub struct Watchers(Mutex<Option<Sender<Told>>>);

impl Default for Watchers {
    fn default() -> Self {
        Self(Mutex::new(Some(Sender::new(BACKLOG))))
    }
}

impl Watchers {
    /// One more, from now on.
    ///
    /// # Errors
    /// [`EngineError::Closed`].
    pub fn watch(&self) -> Result<Watch, EngineError> {
        let told = self.with(|sender| sender.subscribe());
        told.map(Watch).ok_or(EngineError::Closed)
    }

    /// Tells of a write, after readers can see it and before its commit is answered.
    pub fn tell(&self, revision: Revision, keys: Vec<Key>) {
        // An error says that nobody watches.
        let _ = self.with(|sender| sender.send(Told::Written(Arc::new(Written { revision, keys }))));
    }

    /// Tells that writes may have been missed.
    pub fn tell_of_a_gap(&self) {
        let _ = self.with(|sender| sender.send(Told::Missed));
    }

    /// Ends all watches, once they have told what is left to tell.
    pub fn close(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn with<T>(&self, act: impl FnOnce(&Sender<Told>) -> T) -> Option<T> {
        // Each change is one assignment, so what is behind a poisoned lock is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(act)
    }
}
