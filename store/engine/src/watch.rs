//! Notifications of commits to watchers.

use crate::error::EngineError;
use crate::revision::{Key, Revision};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::broadcast::{Receiver, Sender};

/// Writes that may be pending for a watcher before it misses some.
const BACKLOG: usize = 1024;

/// One durable write: of one commit, or of several that were written together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The revision of all its records. Later writes have greater ones.
    pub revision: Revision,
    /// The records that it created, replaced or removed.
    pub keys: Vec<Key>,
}

/// A notification to a watcher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A write.
    Written(Arc<Written>),
    /// Some writes were missed: the watcher was too slow, or the store has failed and recovered. The watcher has to
    /// read its data again; later writes are reported.
    Missed,
}

/// A stream of writes from one point on, in order, each once.
#[derive(Debug)]
pub struct Watch(Receiver<Told>);

impl Watch {
    /// The next write. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`EngineError::Closed`], if the engine is closed and all writes were reported.
    pub async fn next(&mut self) -> Result<Told, EngineError> {
        match self.0.recv().await {
            Ok(told) => Ok(told),
            Err(RecvError::Lagged(_)) => Ok(Told::Missed),
            Err(RecvError::Closed) => Err(EngineError::Closed),
        }
    }

    /// The next write, if it is already reported; does not wait.
    pub fn ready(&mut self) -> Option<Told> {
        match self.0.try_recv() {
            Ok(told) => Some(told),
            Err(TryRecvError::Lagged(_)) => Some(Told::Missed),
            Err(TryRecvError::Empty | TryRecvError::Closed) => None,
        }
    }
}

/// The watchers of an engine.
#[derive(Debug)]
pub struct Watchers(Mutex<Option<Sender<Told>>>);

impl Default for Watchers {
    fn default() -> Self {
        Self(Mutex::new(Some(Sender::new(BACKLOG))))
    }
}

impl Watchers {
    /// Adds a watcher, from now on.
    ///
    /// # Errors
    /// [`EngineError::Closed`].
    pub fn watch(&self) -> Result<Watch, EngineError> {
        let told = self.with(|sender| sender.subscribe());
        told.map(Watch).ok_or(EngineError::Closed)
    }

    /// Reports a write, after readers can see it and before its commit is answered.
    pub fn tell(&self, revision: Revision, keys: Vec<Key>) {
        // An error means that there are no watchers.
        let _ = self.with(|sender| sender.send(Told::Written(Arc::new(Written { revision, keys }))));
    }

    /// Reports that writes may have been missed.
    pub fn tell_of_a_gap(&self) {
        let _ = self.with(|sender| sender.send(Told::Missed));
    }

    /// Ends all watches, after their pending notifications.
    pub fn close(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn with<T>(&self, act: impl FnOnce(&Sender<Told>) -> T) -> Option<T> {
        // Each change is one assignment, so the content of a poisoned lock is consistent.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(act)
    }
}
