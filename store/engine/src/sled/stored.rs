//! The form of a record in sled, and the error if it cannot be read.

use super::contain::contain;
use crate::error::{EngineError, Failure};
use crate::revision::Revision;
use std::io;
use std::path::Path;

/// A value in sled: its revision, then the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) revision: Revision,
    pub(super) value: Vec<u8>,
}

impl Stored {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        [&self.revision.0.to_be_bytes(), self.value.as_slice()].concat()
    }

    /// `None` if there are too few bytes.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (revision, value) = bytes.split_first_chunk()?;
        Some(Self { revision: Revision(u64::from_be_bytes(*revision)), value: value.to_vec() })
    }

    /// The value that sled has for `key` now, durable or not.
    pub(super) fn read(db: &::sled::Db, dir: &Path, key: &[u8]) -> Result<Option<Self>, EngineError> {
        let bytes = contain(|| db.get(key)).map_err(|error| unreadable(dir, &error))?;
        bytes.map(|bytes| Self::from_bytes(&bytes).ok_or_else(|| too_short(key))).transpose()
    }
}

pub(super) fn too_short(key: &[u8]) -> EngineError {
    EngineError::Damaged { what: format!("the record {}", key.escape_ascii()) }
}

/// The error of a read that failed because of the disk.
pub(super) fn unreadable(dir: &Path, error: &io::Error) -> EngineError {
    if error.kind() == io::ErrorKind::InvalidData {
        return EngineError::Damaged { what: format!("the store at {}", dir.display()) };
    }
    EngineError::Unavailable(Failure::new(format!("the store at {} cannot be read", dir.display()), error))
}
