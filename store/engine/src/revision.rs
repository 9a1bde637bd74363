//! Identifiers of records and of writes.

/// The name of a record, such as `account/bob@example.com`: 1 to [`KEY_LEN_MAX`](crate::KEY_LEN_MAX) bytes, the first not zero.
pub type Key = Vec<u8>;

/// Identifies one write of one key. It is never used again, not even when the key is deleted and created again, so a
/// decision that is based on an old read cannot be applied to a newer record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub(crate) u64);
