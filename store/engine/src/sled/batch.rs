//! Combines several commits to one write.

use std::collections::btree_map::Entry::{Occupied, Vacant};
use std::path::Path;

use ::sled::Db;

use super::stored::Stored;
use super::tally::{TALLY_KEY, Tally};
use super::view::Mask;
use crate::contract::{Change, Next, Swap};
use crate::error::EngineError;
use crate::revision::{Key, Revision};

pub(super) struct Batch<'a> {
    db: &'a Db,
    dir: &'a Path,
    /// The number of this batch.
    revision: Revision,
    /// The durable value of every key that a commit names.
    before: Mask,
    /// The new value of every key that is written.
    after: Mask,
}

impl<'a> Batch<'a> {
    /// Begins the batch after the one that has the tally `last`.
    pub(super) fn new(db: &'a Db, dir: &'a Path, last: &Tally) -> Self {
        Self { db, dir, revision: Revision(last.batch + 1), before: Mask::new(), after: Mask::new() }
    }

    /// Adds a commit, completely or not at all, as if the earlier ones of the batch were already written.
    pub(super) fn decide(&mut self, changes: Vec<Change>) -> Result<Swap, EngineError> {
        for Change { key, expected, .. } in &changes {
            if self.revision_of(key)? != *expected {
                return Ok(Swap::Conflict { key: key.clone() });
            }
        }
        for Change { key, next, .. } in changes.into_iter().filter(Change::writes) {
            let next = match next {
                Next::Value(value) => Some(Stored { revision: self.revision, value }),
                Next::Gone | Next::Same => None,
            };
            self.after.insert(key, next);
        }
        Ok(Swap::Done(self.revision))
    }

    fn revision_of(&mut self, key: &Key) -> Result<Option<Revision>, EngineError> {
        let stored = match (self.after.get(key), self.before.entry(key.clone())) {
            (Some(next), _) => next,
            (None, Occupied(read)) => &*read.into_mut(),
            (None, Vacant(unread)) => &*unread.insert(Stored::read(self.db, self.dir, key)?),
        };
        Ok(stored.as_ref().map(|stored| stored.revision))
    }

    /// The batch for sled, with its tally, the mask to hide it, and the keys; `None` if no commit writes anything.
    pub(super) fn finish(self, last: Tally) -> Option<(::sled::Batch, Tally, Mask, Vec<Key>)> {
        let Self { revision, before, after, .. } = self;
        if after.is_empty() {
            return None;
        }
        let mut tally = Tally { batch: revision.0, ..last };
        let mut writes = ::sled::Batch::default();
        let keys = after.keys().cloned().collect();
        for (key, next) in after {
            if let Some(Some(replaced)) = before.get(&key) {
                tally.subtract(&key, replaced.revision);
            }
            match next {
                Some(stored) => {
                    tally.add(&key, stored.revision);
                    writes.insert(key, stored.to_bytes());
                }
                None => writes.remove(key),
            }
        }
        writes.insert(TALLY_KEY, tally.to_bytes());
        Some((writes, tally, before, keys))
    }
}
