//! The contract of an engine: keys, values, revisions, commits and their limits.

use crate::error::EngineError;
use crate::revision::{Key, Revision};
use crate::watch::Watch;
use std::future::Future;
use std::io;
use std::pin::Pin;

/// The longest key, in bytes: a mailbox name has at most 320, and a prefix comes before it.
pub const KEY_LEN_MAX: usize = 512;
/// The longest value, in bytes: as much as one frame on the wire carries.
pub const VALUE_LEN_MAX: usize = 64 * 1024;
/// The most changes in one commit. A commit is one decision: an account, its aliases, an audit event.
pub const CHANGES_MAX: usize = 64;

/// Keys that begin with this byte are the engine's own and never seen outside.
pub(crate) const RESERVED: u8 = 0;

/// One key of a commit: what the decision was taken on, and what shall stand there next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The record's name.
    pub key: Key,
    /// The revision that was read; `None`: there was no record.
    pub expected: Option<Revision>,
    /// The value to write; `None`: there shall be no record. With `expected: None` too, nothing is written and the
    /// commit only depends on the key being free.
    pub next: Option<Vec<u8>>,
}

impl Change {
    /// Makes a record; conflicts when there is one.
    pub fn create(key: impl Into<Key>, value: impl Into<Vec<u8>>) -> Self {
        Self { key: key.into(), expected: None, next: Some(value.into()) }
    }

    /// Replaces the record that was read as `revision`.
    pub fn update(key: impl Into<Key>, revision: Revision, value: impl Into<Vec<u8>>) -> Self {
        Self { key: key.into(), expected: Some(revision), next: Some(value.into()) }
    }

    /// Whether it writes: nothing that stays nothing is a condition only.
    pub(crate) fn writes(&self) -> bool {
        self.expected.is_some() || self.next.is_some()
    }

    /// Removes the record that was read as `revision`.
    pub fn delete(key: impl Into<Key>, revision: Revision) -> Self {
        Self { key: key.into(), expected: Some(revision), next: None }
    }
}

/// A record as [`Engine::scan`] and [`Engine::snapshot`] show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The record's name.
    pub key: Key,
    /// What was committed.
    pub value: Vec<u8>,
    /// Which write it is from.
    pub revision: Revision,
}

/// What became of a commit.
#[must_use = "a conflict means that nothing was written"]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Swap {
    /// Every change is on disk. All written keys now have this revision, so the next change needs no reading.
    Done(Revision),
    /// Nothing was changed: `key` is not at the expected revision. Load again and decide anew.
    Conflict {
        /// The first key, in the order of the commit, that differs.
        key: Key,
    },
}

/// An answer that comes when the disk has it. Dropping the future doesn't take the request back.
pub type Pending<T> = Pin<Box<dyn Future<Output = Result<T, EngineError>> + Send>>;

/// Is shown every record of a snapshot, in key order. It runs while writes wait, so it must be quick, and it must
/// not wait for a write itself. An error ends the snapshot.
pub type Visitor = Box<dyn FnMut(&Entry) -> io::Result<()> + Send>;

/// A place for records. Readers see durable values only: what [`Engine::load`] shows survives a power cut.
///
/// When writing fails (disk full, read-only, I/O error) the commit is answered with [`EngineError::Unavailable`],
/// readers go on with the last durable state, and the engine takes up writing again by itself.
pub trait Engine: Send + Sync + 'static {
    /// The record of `key`, or `None` when there is none. Takes no longer than one read of the disk.
    ///
    /// # Errors
    /// Whatever keeps the engine from knowing. Never to be taken for "no such record".
    fn load(&self, key: &[u8]) -> Pending<Option<(Vec<u8>, Revision)>>;

    /// At most `limit` records whose key begins with `prefix`, in key order; the next page begins after the last
    /// key of this one (`after`).
    ///
    /// # Errors
    /// As [`Engine::load`].
    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Pending<Vec<Entry>>;

    /// Makes all changes or none, and answers when they are durable.
    ///
    /// # Errors
    /// [`EngineError::Limit`] when the commit is malformed: nothing was written. [`EngineError::Unavailable`] when
    /// the disk failed: the changes may or may not be found later, but all of them or none.
    fn commit(&self, changes: Vec<Change>) -> Pending<Swap>;

    /// Shows `visit` all records as they stand between two commits, and answers how many there were.
    ///
    /// # Errors
    /// [`EngineError::Visitor`] with what `visit` returned; [`EngineError::Damaged`] when the records are not all
    /// there, so that a whole export is never made of half a store.
    fn snapshot(&self, visit: Visitor) -> Pending<u64>;

    /// What is committed from now on. What was answered before this answers is not told again; what is answered later is
    /// told, in the order of the commits, with the keys that were written. It says that something changed, and never what
    /// stands there: whoever decides reads.
    ///
    /// # Errors
    /// [`EngineError::Closed`].
    fn watch(&self) -> Pending<Watch>;

    /// Whether writes are taken.
    ///
    /// # Errors
    /// Why not.
    fn health(&self) -> Result<(), EngineError>;
}

/// Refuses a commit that no engine takes.
pub(crate) fn check(changes: &[Change]) -> Result<(), EngineError> {
    if changes.is_empty() || changes.len() > CHANGES_MAX {
        return Err(EngineError::Limit(format!("a commit has 1 to {CHANGES_MAX} changes, not {}", changes.len())));
    }
    for (index, Change { key, next, .. }) in changes.iter().enumerate() {
        if !is_key(key) {
            let len = key.len();
            return Err(EngineError::Limit(format!(
                "a key has 1 to {KEY_LEN_MAX} bytes and does not begin with a zero byte; this one has {len} bytes"
            )));
        }
        if let Some(len) = next.as_ref().map(Vec::len).filter(|&len| len > VALUE_LEN_MAX) {
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

/// Whether `key` can be the name of a record at all.
pub(crate) fn is_key(key: &[u8]) -> bool {
    key.len() <= KEY_LEN_MAX && key.first().is_some_and(|&first| first != RESERVED)
}
