//! What names a record, and what names one write of it.

/// The name of a record, such as `account/bob@example.com`: 1 to [`KEY_LEN_MAX`](crate::KEY_LEN_MAX) bytes, the first not zero.
pub type Key = Vec<u8>;

/// Stands for one write of one key. It never comes back, not even when the key is deleted and made anew, so a
/// decision taken on an old reading can't be mistaken for one on the present record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub(crate) u64);
