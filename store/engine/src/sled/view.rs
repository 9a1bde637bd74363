//! The readers' view: durable values only.
//!
//! sled shows a batch as soon as it is applied, before it is on disk. A verdict that is based on such a value would
//! survive a power failure, but the value would not. So the writer first covers the batch's keys with a mask of their
//! old values, and removes the mask when the batch is durable. If that fails the mask stays: readers continue with the
//! last durable state until the database has been reopened.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use ::sled::Db;

use super::contain::contain;
use super::stored::{Stored, too_short, unreadable};
use crate::contract::{Entry, is_key};
use crate::error::{EngineError, Failure};
use crate::revision::{Key, Revision};

/// The durable values of some keys; `None`: no record.
pub(super) type Mask = BTreeMap<Key, Option<Stored>>;

pub(super) struct View {
    dir: PathBuf,
    sight: RwLock<Sight>,
}

/// Readers hold it shared during a whole read, so that none sees a part of a batch.
struct Sight {
    /// `None` while the database is closed: between two attempts to open it, or permanently.
    db: Option<Db>,
    mask: Mask,
    /// Why writes are refused.
    failure: Option<Failure>,
    closed: bool,
}

impl View {
    pub(super) fn new(db: Db, dir: &Path) -> Self {
        let sight = Sight { db: Some(db), mask: Mask::new(), failure: None, closed: false };
        Self { dir: dir.to_owned(), sight: RwLock::new(sight) }
    }

    pub(super) fn load(&self, key: &[u8]) -> Result<Option<(Vec<u8>, Revision)>, EngineError> {
        let sight = self.read();
        let stored = match sight.mask.get(key) {
            Some(masked) => masked.clone(),
            // The engine's own keys are not records.
            None if !is_key(key) => None,
            None => Stored::read(sight.db()?, &self.dir, key)?,
        };
        Ok(stored.map(|Stored { revision, value }| (value, revision)))
    }

    pub(super) fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Entry>, EngineError> {
        let sight = self.read();
        let db = sight.db()?;
        let follows = |key: &[u8]| key.starts_with(prefix) && after.is_none_or(|after| key > after);
        let start = after.filter(|after| *after >= prefix).unwrap_or(prefix);
        // The mask may remove as many entries as it has; the entries that it adds are among these or after the page.
        let wanted = limit.saturating_add(sight.mask.len());
        let mut found = BTreeMap::new();
        contain(|| {
            for pair in db.range(start..) {
                let (key, bytes) = pair?;
                if !key.starts_with(prefix) || found.len() == wanted {
                    break;
                }
                if follows(&key) && is_key(&key) {
                    found.insert(key.to_vec(), bytes);
                }
            }
            Ok::<_, ::sled::Error>(())
        })
        .map_err(|error| unreadable(&self.dir, &error))?;
        let mut page = BTreeMap::new();
        for (key, bytes) in found {
            if !sight.mask.contains_key(&key) {
                let stored = Stored::from_bytes(&bytes).ok_or_else(|| too_short(&key))?;
                page.insert(key, stored);
            }
        }
        for (key, stored) in &sight.mask {
            if let Some(stored) = stored.as_ref().filter(|_| follows(key)) {
                page.insert(key.clone(), stored.clone());
            }
        }
        let entries = page.into_iter().map(|(key, Stored { revision, value })| Entry { key, value, revision });
        Ok(entries.take(limit).collect())
    }

    pub(super) fn health(&self) -> Result<(), EngineError> {
        let sight = self.read();
        match &sight.failure {
            Some(failure) => Err(EngineError::Unavailable(failure.clone())),
            None => sight.db().map(|_| ()),
        }
    }

    /// Hides a batch before it is applied.
    pub(super) fn cover(&self, before: Mask) {
        self.write().mask = before;
    }

    /// Shows the batch: it is durable.
    pub(super) fn uncover(&self) {
        self.write().mask.clear();
    }

    /// Writes fail from now on; the readers' view does not change.
    pub(super) fn fail(&self, failure: Failure) {
        self.write().failure = Some(failure);
    }

    /// Removes the database, to be closed. No reader uses it any more when this returns.
    pub(super) fn take(&self) -> Option<Db> {
        self.write().db.take()
    }

    /// Shows a database that was reopened, in its state on disk.
    pub(super) fn replace(&self, db: Db) {
        *self.write() = Sight { db: Some(db), mask: Mask::new(), failure: None, closed: false };
    }

    /// Removes the database permanently.
    pub(super) fn close(&self) -> Option<Db> {
        let mut sight = self.write();
        sight.closed = true;
        sight.db.take()
    }

    // Nothing panics while it holds the write lock, so the content of a poisoned lock is consistent.
    fn read(&self) -> RwLockReadGuard<'_, Sight> {
        self.sight.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Sight> {
        self.sight.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sight {
    fn db(&self) -> Result<&Db, EngineError> {
        match (&self.db, &self.failure) {
            (Some(db), _) if !self.closed => Ok(db),
            (None, Some(failure)) if !self.closed => Err(EngineError::Unavailable(failure.clone())),
            _ => Err(EngineError::Closed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DURABLE: u64 = 1;
    const UNDER_WAY: u64 = 2;

    fn stored(revision: u64) -> Stored {
        Stored { revision: Revision(revision), value: revision.to_string().into_bytes() }
    }

    /// A database with a batch in progress: `a` and `d` changed, `b` and `c` removed, `e` and `f` created, `g` and `h`
    /// unchanged; with its readers' view.
    fn under_way(dir: &Path) -> View {
        let db = ::sled::open(dir).unwrap();
        let mut mask = Mask::new();
        for key in ["a", "b", "c", "d", "g", "h"] {
            db.insert(key, stored(DURABLE).to_bytes()).unwrap();
        }
        let view = View::new(db.clone(), dir);
        for (key, before) in [("a", true), ("b", true), ("c", true), ("d", true), ("e", false), ("f", false)] {
            mask.insert(key.into(), before.then(|| stored(DURABLE)));
        }
        view.cover(mask);
        for key in ["a", "d", "e", "f"] {
            db.insert(key, stored(UNDER_WAY).to_bytes()).unwrap();
        }
        for key in ["b", "c"] {
            db.remove(key).unwrap();
        }
        view
    }

    fn scan(view: &View, after: Option<&[u8]>, limit: usize) -> String {
        let page = view.scan(b"", after, limit).unwrap();
        page.iter().map(|entry| format!("{}{} ", entry.key.escape_ascii(), entry.revision.0)).collect()
    }

    #[test]
    fn a_batch_is_seen_when_it_is_durable_and_then_whole() {
        let dir = tempfile::tempdir().unwrap();
        let view = under_way(dir.path());
        assert_eq!(view.load(b"a").unwrap(), Some((b"1".to_vec(), Revision(DURABLE))));
        assert_eq!(view.load(b"b").unwrap(), Some((b"1".to_vec(), Revision(DURABLE))));
        assert_eq!(view.load(b"e").unwrap(), None);
        assert_eq!(scan(&view, None, 10), "a1 b1 c1 d1 g1 h1 ");
        view.uncover();
        assert_eq!(view.load(b"e").unwrap(), Some((b"2".to_vec(), Revision(UNDER_WAY))));
        assert_eq!(view.load(b"b").unwrap(), None);
        assert_eq!(scan(&view, None, 10), "a2 d2 e2 f2 g1 h1 ");
    }

    #[test]
    fn pages_are_full_whatever_the_mask_takes_away_or_adds() {
        let dir = tempfile::tempdir().unwrap();
        let view = under_way(dir.path());
        assert_eq!(scan(&view, None, 2), "a1 b1 ");
        assert_eq!(scan(&view, Some(b"b"), 2), "c1 d1 ");
        assert_eq!(scan(&view, Some(b"d"), 2), "g1 h1 ");
        assert_eq!(scan(&view, Some(b"d"), 1), "g1 ");
        assert_eq!(scan(&view, Some(b"h"), 1), "");
        assert_eq!(scan(&view, None, 0), "");
    }
}
