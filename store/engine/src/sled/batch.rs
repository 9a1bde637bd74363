//! Several commits on their way to becoming one write.

use std::collections::btree_map::Entry::{Occupied, Vacant};
use std::path::Path;

use ::sled::Db;

use super::stored::Stored;
use super::tally::{TALLY_KEY, Tally};
use super::view::Mask;
use crate::contract::{Change, Swap};
use crate::error::EngineError;
use crate::revision::{Key, Revision};

pub(super) struct Batch<'a> {
    db: &'a Db,
    dir: &'a Path,
    /// The number of this batch.
    revision: Revision,
    /// What durably stands at every key that a commit names.
    before: Mask,
    /// What shall stand at the keys that are written.
    after: Mask,
}

impl<'a> Batch<'a> {
    /// Begins the batch that follows the one `last` was written with.
    pub(super) fn new(db: &'a Db, dir: &'a Path, last: &Tally) -> Self {
        Self { db, dir, revision: Revision(last.batch + 1), before: Mask::new(), after: Mask::new() }
    }

    /// Takes a commit in, whole or not at all, as if those taken in before it were written already.
    pub(super) fn decide(&mut self, changes: Vec<Change>) -> Result<Swap, EngineError> {
        for Change { key, expected, .. } in &changes {
            if self.revision_of(key)? != *expected {
                return Ok(Swap::Conflict { key: key.clone() });
            }
        }
        for Change { key, expected, next } in changes {
            // Nothing that stays nothing is a condition only.
            if expected.is_some() || next.is_some() {
                self.after.insert(key, next.map(|value| Stored { revision: self.revision, value }));
            }
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

    /// What sled has to write, with the tally that belongs to it, the mask to hide it with, and the keys; `None` when no commit
    /// writes anything.
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
