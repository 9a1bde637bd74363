//! An engine that interleaves its callers, for tests of concurrent processes.

use postern_engine::{Change, Engine, EngineError, Entry, Pending, Revision, Swap, Visitor, Watch};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// An engine whose calls wait their turns: before each, the caller is behind as many others as the next number says.
pub(crate) struct Turns {
    pub(crate) engine: Arc<dyn Engine>,
    /// Shared by all the callers.
    pub(crate) turns: Arc<Mutex<VecDeque<u8>>>,
}

impl Turns {
    fn wait<T: 'static>(&self, call: impl FnOnce(&dyn Engine) -> Pending<T> + Send + 'static) -> Pending<T> {
        let (engine, turns) = (self.engine.clone(), self.turns.clone());
        Box::pin(async move {
            let turns = turns.lock().unwrap().pop_front().unwrap_or(0);
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            call(&*engine).await
        })
    }
}

impl Engine for Turns {
    fn load(&self, key: &[u8]) -> Pending<Option<(Vec<u8>, Revision)>> {
        let key = key.to_vec();
        self.wait(move |engine| engine.load(&key))
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Pending<Vec<Entry>> {
        let (prefix, after) = (prefix.to_vec(), after.map(<[u8]>::to_vec));
        self.wait(move |engine| engine.scan(&prefix, after.as_deref(), limit))
    }

    fn commit(&self, changes: Vec<Change>) -> Pending<Swap> {
        self.wait(move |engine| engine.commit(changes))
    }

    fn snapshot(&self, visit: Visitor) -> Pending<u64> {
        self.engine.snapshot(visit)
    }

    fn watch(&self) -> Pending<Watch> {
        self.engine.watch()
    }

    fn health(&self) -> Result<(), EngineError> {
        self.engine.health()
    }
}
