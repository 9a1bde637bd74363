//! Records in memory, for tests and trials: the contract of an engine without its durability.

use std::collections::BTreeMap;
use std::future::ready;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::contract::{Change, Engine, Entry, Next, Pending, Swap, Visitor, check};
use crate::error::EngineError;
use crate::revision::{Key, Revision};
use crate::watch::{Watch, Watchers};

/// Keeps records until it is dropped.
#[derive(Debug, Default)]
pub struct MemoryEngine {
    records: Mutex<Records>,
    watchers: Watchers,
}

#[derive(Debug, Default)]
struct Records {
    by_key: BTreeMap<Key, (Vec<u8>, Revision)>,
    /// The number of commits so far: the next has this revision plus one.
    commits: u64,
}

impl MemoryEngine {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        // A visitor that panicked has changed nothing: the records in a poisoned lock are consistent.
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Records {
    fn swap(&mut self, changes: Vec<Change>) -> Result<Swap, EngineError> {
        check(&changes)?;
        for Change { key, expected, .. } in &changes {
            if self.by_key.get(key).map(|(_, revision)| *revision) != *expected {
                return Ok(Swap::Conflict { key: key.clone() });
            }
        }
        self.commits += 1;
        let revision = Revision(self.commits);
        for Change { key, next, .. } in changes {
            match next {
                Next::Value(value) => {
                    self.by_key.insert(key, (value, revision));
                }
                Next::Gone => {
                    self.by_key.remove(&key);
                }
                Next::Same => {}
            }
        }
        Ok(Swap::Done(revision))
    }

    fn entries_after<'a>(&'a self, start: Bound<&'a [u8]>) -> impl Iterator<Item = Entry> + 'a {
        self.by_key.range::<[u8], _>((start, Bound::Unbounded)).map(|(key, (value, revision))| Entry {
            key: key.clone(),
            value: value.clone(),
            revision: *revision,
        })
    }
}

impl Engine for MemoryEngine {
    fn load(&self, key: &[u8]) -> Pending<Option<(Vec<u8>, Revision)>> {
        Box::pin(ready(Ok(self.records().by_key.get(key).cloned())))
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Pending<Vec<Entry>> {
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let records = self.records();
        let page = records.entries_after(start).take_while(|entry| entry.key.starts_with(prefix)).take(limit);
        Box::pin(ready(Ok(page.collect())))
    }

    fn commit(&self, changes: Vec<Change>) -> Pending<Swap> {
        // Reported before another commit can be made, so that watchers receive them in order.
        let mut records = self.records();
        let keys: Vec<Key> = changes.iter().filter(|change| change.writes()).map(|change| change.key.clone()).collect();
        let swap = records.swap(changes);
        if let Ok(Swap::Done(revision)) = swap
            && !keys.is_empty()
        {
            self.watchers.tell(revision, keys);
        }
        Box::pin(ready(swap))
    }

    fn snapshot(&self, mut visit: Visitor) -> Pending<u64> {
        let records = self.records();
        let mut entries = records.entries_after(Bound::Unbounded);
        let shown = entries.try_for_each(|entry| visit(&entry)).map(|()| records.by_key.len() as u64);
        Box::pin(ready(shown.map_err(EngineError::Visitor)))
    }

    fn watch(&self) -> Pending<Watch> {
        Box::pin(ready(self.watchers.watch()))
    }

    fn health(&self) -> Result<(), EngineError> {
        Ok(())
    }
}
