//! The contract of an engine: keys, values, revisions, commits and their limits.

use crate::error::EngineError;
use crate::revision::{Key, Revision};
use crate::watch::Watch;
use std::future::Future;
use std::io;
use std::pin::Pin;

/// The longest key, in bytes: a mailbox name has at most 320, and a prefix comes before it.
pub const KEY_LEN_MAX: usize = 512;
/// The longest value, in bytes: the size of one frame on the wire.
pub const VALUE_LEN_MAX: usize = 64 * 1024;
/// The most records that one commit writes. A commit is one decision: an account, its aliases, an audit event.
pub const CHANGES_MAX: usize = 64;
/// The most records that one commit expects to be as they were read, besides those that it writes: the names of as many
/// aliases as a mailbox may have, the platforms, and that no import is being written.
pub const EXPECTED_MAX: usize = 48;

/// Keys that begin with this byte are the engine's own and not visible to callers.
pub(crate) const RESERVED: u8 = 0;

/// One key of a commit: the revision that the decision is based on, and what becomes of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The record's name.
    pub key: Key,
    /// The revision that was read; `None`: there must be no record.
    pub expected: Option<Revision>,
    /// What becomes of the record.
    pub next: Next,
}

/// What a commit does with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing is written: the commit only requires the expected revision.
    Same,
    /// This value is written.
    Value(Vec<u8>),
    /// The record is removed. If there is none, nothing is written.
    Gone,
}

impl Change {
    /// Creates a record; conflicts if there is one.
    pub fn create(key: impl Into<Key>, value: impl Into<Vec<u8>>) -> Self {
        Self::write(key, None, value)
    }

    /// Replaces the record that was read as `revision`.
    pub fn update(key: impl Into<Key>, revision: Revision, value: impl Into<Vec<u8>>) -> Self {
        Self::write(key, Some(revision), value)
    }

    /// Writes a record over what was read: a revision, or `None` if there was no record.
    pub fn write(key: impl Into<Key>, expected: Option<Revision>, value: impl Into<Vec<u8>>) -> Self {
        Self { key: key.into(), expected, next: Next::Value(value.into()) }
    }

    /// Removes the record that was read as `revision`.
    pub fn delete(key: impl Into<Key>, revision: Revision) -> Self {
        Self { key: key.into(), expected: Some(revision), next: Next::Gone }
    }

    /// Writes nothing, and requires that the record is as it was read: a revision, or `None` if there was no record.
    pub fn expect(key: impl Into<Key>, expected: Option<Revision>) -> Self {
        Self { key: key.into(), expected, next: Next::Same }
    }

    /// Whether it writes something if its expectation holds.
    pub(crate) fn writes(&self) -> bool {
        match self.next {
            Next::Same => false,
            Next::Value(_) => true,
            Next::Gone => self.expected.is_some(),
        }
    }
}

/// A record, from [`Engine::scan`] and [`Engine::snapshot`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The record's name.
    pub key: Key,
    /// The value.
    pub value: Vec<u8>,
    /// The revision of its last write.
    pub revision: Revision,
}

/// The result of a commit.
#[must_use = "a conflict means that nothing was written"]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Swap {
    /// Every change is on disk. All written keys now have this revision, so the next change needs no read. If nothing
    /// was to be written, every expectation was met, and the revision is that of no record.
    Done(Revision),
    /// Nothing was changed: `key` is not at the expected revision. Load again and decide again.
    Conflict {
        /// The first key, in the order of the commit, that differs.
        key: Key,
    },
}

/// A pending result. Dropping the future does not cancel the request.
pub type Pending<T> = Pin<Box<dyn Future<Output = Result<T, EngineError>> + Send>>;

/// Receives every record of a snapshot, in key order. It runs while writes wait, so it must be quick, and it must not
/// wait for a write itself. An error ends the snapshot.
pub type Visitor = Box<dyn FnMut(&Entry) -> io::Result<()> + Send>;

/// A store of records. Readers see durable values only: what [`Engine::load`] returns survives a power failure.
///
/// If writing fails (disk full, read-only, I/O error) the commit fails with [`EngineError::Unavailable`], readers
/// continue with the last durable state, and the engine recovers by itself.
pub trait Engine: Send + Sync + 'static {
    /// Returns the record of `key`, or `None` if there is none. Takes no longer than one read of the disk.
    ///
    /// # Errors
    /// Any failure to read. It never means "no such record".
    fn load(&self, key: &[u8]) -> Pending<Option<(Vec<u8>, Revision)>>;

    /// Returns at most `limit` records whose key begins with `prefix`, in key order; the next page begins after the
    /// last key of this one (`after`).
    ///
    /// # Errors
    /// As [`Engine::load`].
    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Pending<Vec<Entry>>;

    /// Makes all changes or none, and completes when they are durable. A commit may consist of expectations alone.
    ///
    /// # Errors
    /// [`EngineError::Limit`] if the commit is malformed: nothing was written. [`EngineError::Unavailable`] if the disk
    /// failed: either all changes or none will be found later.
    fn commit(&self, changes: Vec<Change>) -> Pending<Swap>;

    /// Passes all records to `visit`, as they are between two commits, and returns their number.
    ///
    /// # Errors
    /// [`EngineError::Visitor`] with the error of `visit`; [`EngineError::Damaged`] if records are missing, so that an
    /// incomplete export is never made.
    fn snapshot(&self, visit: Visitor) -> Pending<u64>;

    /// Watches commits from now on. Commits that completed before this call completes are not reported; later ones are,
    /// in order, with the keys that were written. A notification contains no values: the watcher has to read them.
    ///
    /// # Errors
    /// [`EngineError::Closed`].
    fn watch(&self) -> Pending<Watch>;

    /// Checks whether writes are possible.
    ///
    /// # Errors
    /// Why they are not.
    fn health(&self) -> Result<(), EngineError>;
}

/// Refuses a commit that is not valid for any engine.
pub(crate) fn check(changes: &[Change]) -> Result<(), EngineError> {
    let expected = changes.iter().filter(|change| change.next == Next::Same).count();
    let changed = changes.len() - expected;
    if changes.is_empty() || changed > CHANGES_MAX || expected > EXPECTED_MAX {
        return Err(EngineError::Limit(format!(
            "a commit has 1 to {CHANGES_MAX} changes and at most {EXPECTED_MAX} expectations, not {changed} and {expected}"
        )));
    }
    for (index, Change { key, next, .. }) in changes.iter().enumerate() {
        if !is_key(key) {
            let len = key.len();
            return Err(EngineError::Limit(format!(
                "a key has 1 to {KEY_LEN_MAX} bytes and does not begin with a zero byte; this one has {len} bytes"
            )));
        }
        if let Next::Value(value) = next
            && value.len() > VALUE_LEN_MAX
        {
            let len = value.len();
            return Err(EngineError::Limit(format!(
                "the value of {} has {len} bytes; at most {VALUE_LEN_MAX} are kept in one record",
                key.escape_ascii()
            )));
        }
        if changes[..index].iter().any(|earlier| earlier.key == *key) {
            return Err(EngineError::Limit(format!("the commit names {} twice", key.escape_ascii())));
        }
    }
    Ok(())
}

/// Whether `key` is a valid name of a record.
pub(crate) fn is_key(key: &[u8]) -> bool {
    key.len() <= KEY_LEN_MAX && key.first().is_some_and(|&first| first != RESERVED)
}
