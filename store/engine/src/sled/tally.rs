//! A checksum over all records of the database.
//!
//! sled recovers what it can from a damaged log and opens: a log that is cut in half gives half a store, and a missing
//! account would be treated as one without a second factor. So every batch also writes the number of records and the
//! sum of a hash over their keys and revisions, and opening computes them again. The number of the batch, compared with
//! the marker's, shows whether the end of the log is missing.

use std::io;

use ::sled::Db;
use sha2::{Digest, Sha256};

use super::contain::contain;
use super::stored::Stored;
use crate::contract::{Entry, RESERVED, is_key};
use crate::revision::Revision;

/// The key of the tally: one of the engine's own.
pub(super) const TALLY_KEY: &[u8] = &[RESERVED, b't', b'a', b'l', b'l', b'y'];

/// The size of the tally's record: batch, count and sum.
const TALLY_LEN: usize = 8 + 8 + 16;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// The last batch. Its number is the revision of all its writes.
    pub(super) batch: u64,
    /// The number of records.
    pub(super) count: u64,
    pub(super) sum: u128,
}

impl Tally {
    pub(super) fn add(&mut self, key: &[u8], revision: Revision) {
        self.count = self.count.wrapping_add(1);
        self.sum = self.sum.wrapping_add(fingerprint(key, revision));
    }

    pub(super) fn subtract(&mut self, key: &[u8], revision: Revision) {
        self.count = self.count.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(fingerprint(key, revision));
    }

    pub(super) fn to_bytes(self) -> Vec<u8> {
        [self.batch.to_be_bytes().as_slice(), &self.count.to_be_bytes(), &self.sum.to_be_bytes()].concat()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; TALLY_LEN] = bytes.try_into().ok()?;
        let (batch, rest) = bytes.split_first_chunk()?;
        let (count, rest) = rest.split_first_chunk()?;
        Some(Self {
            batch: u64::from_be_bytes(*batch),
            count: u64::from_be_bytes(*count),
            sum: u128::from_be_bytes(rest.try_into().ok()?),
        })
    }
}

/// Why the records could not be verified.
#[derive(Debug)]
pub(super) enum Amiss {
    /// They differ from what was written; with the difference.
    Records(String),
    /// They could not be read.
    Disk(io::Error),
    /// The visitor returned an error.
    Visitor(io::Error),
}

/// Passes every record to `visit` and compares the records with the tally of the last batch.
pub(super) fn add_up(db: &Db, mut visit: impl FnMut(&Entry) -> io::Result<()>) -> Result<Tally, Amiss> {
    let expected = contain(|| db.get(TALLY_KEY)).map_err(Amiss::Disk)?;
    let expected = expected.and_then(|bytes| Tally::from_bytes(&bytes));
    let expected = expected.ok_or_else(|| Amiss::Records("it has lost count of its records".to_owned()))?;
    let mut found = Tally { batch: expected.batch, ..Tally::default() };
    let mut pairs = db.iter();
    while let Some((key, bytes)) = contain(|| pairs.next().transpose()).map_err(Amiss::Disk)? {
        if is_key(&key) {
            let Stored { revision, value } = Stored::from_bytes(&bytes)
                .ok_or_else(|| Amiss::Records(format!("the record {} is too short", key.escape_ascii())))?;
            found.add(&key, revision);
            visit(&Entry { key: key.to_vec(), value, revision }).map_err(Amiss::Visitor)?;
        }
    }
    if found.count != expected.count {
        return Err(Amiss::Records(format!("it should hold {} records and holds {}", expected.count, found.count)));
    }
    if found != expected {
        return Err(Amiss::Records("some of its records are not the last that were written".to_owned()));
    }
    Ok(expected)
}

/// A hash of one record. The sum does not depend on the order; with a hash, two losses do not cancel out.
fn fingerprint(key: &[u8], revision: Revision) -> u128 {
    let digest = Sha256::new().chain_update(revision.0.to_be_bytes()).chain_update(key).finalize();
    digest.iter().take(size_of::<u128>()).fold(0, |number, &byte| number << 8 | u128::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_and_subtracted_cancels_in_any_order() {
        let mut tally = Tally { batch: 7, ..Tally::default() };
        tally.add(b"a", Revision(1));
        tally.add(b"b", Revision(2));
        let both = tally;
        tally.add(b"c", Revision(3));
        tally.subtract(b"a", Revision(1));
        assert_ne!(tally, both);
        tally.subtract(b"c", Revision(3));
        tally.add(b"a", Revision(1));
        assert_eq!(tally, both);
        assert_eq!(Tally::from_bytes(&both.to_bytes()), Some(both));
    }

    #[test]
    fn another_revision_or_key_is_another_sum() {
        let of = |key: &[u8], revision| {
            let mut tally = Tally::default();
            tally.add(key, Revision(revision));
            tally
        };
        assert_ne!(of(b"a", 1), of(b"a", 2));
        assert_ne!(of(b"a", 1), of(b"b", 1));
    }

    #[test]
    fn a_tally_of_another_length_is_none() {
        assert_eq!(Tally::from_bytes(&[0; TALLY_LEN - 1]), None);
        assert_eq!(Tally::from_bytes(&[0; TALLY_LEN + 1]), None);
    }

    #[test]
    fn a_record_that_is_missing_added_or_of_another_time_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let db = ::sled::open(dir.path()).unwrap();
        let mut tally = Tally { batch: 2, ..Tally::default() };
        let write = |key: &str, revision| {
            db.insert(key, Stored { revision: Revision(revision), value: vec![] }.to_bytes()).unwrap();
        };
        for (key, revision) in [("a", 1), ("b", 2)] {
            write(key, revision);
            tally.add(key.as_bytes(), Revision(revision));
        }
        assert!(matches!(add_up(&db, |_| Ok(())), Err(Amiss::Records(_))), "no tally at all");
        db.insert(TALLY_KEY, tally.to_bytes()).unwrap();
        assert_eq!(add_up(&db, |_| Ok(())).unwrap(), tally);

        let noticed = || match add_up(&db, |_| Ok(())) {
            Err(Amiss::Records(why)) => why,
            other => panic!("{other:?}"),
        };
        write("b", 1);
        assert!(noticed().contains("not the last"));
        db.remove("b").unwrap();
        assert!(noticed().contains("should hold 2 records and holds 1"));
        write("c", 2);
        assert!(noticed().contains("not the last"));
        write("b", 2);
        assert!(noticed().contains("should hold 2 records and holds 3"));
        db.remove("c").unwrap();
        assert_eq!(add_up(&db, |_| Ok(())).unwrap(), tally);
        db.insert("b", b"short").unwrap();
        assert!(noticed().contains("the record b is too short"));
    }
}
