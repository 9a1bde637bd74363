//! What is stored under which key.
//!
//! | key | record |
//! |---|---|
//! | `account/MAILBOX` | [`Account`] |
//! | `alias/NAME` | the [`Mailbox`] that it means |
//! | `key/HASH` | the [`Mailbox`] whose security key has the credential id of that SHA-256 |
//! | `platform/NAME` | [`Platform`] |
//! | `ends/TIME/MAILBOX` | an index: whose account has something that ends, and when; see [`Account::ends`] |
//! | `audit/TIME.COUNT` | [`crate::audit::Record`] |
//! | `meta/notice/TIME/ID` | a notice that is to be sent |

use postern_rules::{Account, Kind, Mailbox, Time};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Every request's key begins so.
pub const REQUEST: &[u8] = b"request/";
/// Every account's key begins so.
pub const ACCOUNT: &[u8] = b"account/";
/// Set while an import writes; found at start, it tells of one that was broken off.
pub const IMPORTING: &[u8] = b"meta/importing";
/// Every platform's key begins so.
pub const PLATFORM: &[u8] = b"platform/";
/// Every key of the index of ends begins so.
pub const ENDS: &[u8] = b"ends/";
/// Every key of the index of suspensions, which was there before that of ends, begins so.
pub const SUSPENDED: &[u8] = b"suspended/";

/// Where an account is stored.
pub fn account_key(mailbox: &Mailbox) -> Vec<u8> {
    [ACCOUNT, mailbox.as_str().as_bytes()].concat()
}

/// Where an alias is stored.
pub fn alias_key(name: &Mailbox) -> Vec<u8> {
    [b"alias/", name.as_str().as_bytes()].concat()
}

/// Where it is stored whose security key has this credential id.
pub(crate) fn credential_key(credential: &[u8]) -> Vec<u8> {
    let hash = Sha256::digest(credential);
    [b"key/".as_slice(), hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>().as_bytes()].concat()
}

/// The credential ids of an account's security keys.
pub(crate) fn credentials(account: &Account) -> impl Iterator<Item = &[u8]> {
    account.factors.iter().filter_map(|factor| match &factor.kind {
        Kind::Key(key) => Some(key.id.as_slice()),
        Kind::Totp(_) | Kind::Sms(_) | Kind::Email(_) => None,
    })
}

/// Where a platform is stored.
pub fn platform_key(name: &str) -> Vec<u8> {
    [PLATFORM, name.as_bytes()].concat()
}

/// The places of an account in the index of ends.
pub(crate) fn end_keys(account: &Account) -> BTreeSet<Vec<u8>> {
    let key = |time| [&end_prefix(time)[..], b"/", account.mailbox.as_str().as_bytes()].concat();
    account.ends().into_iter().map(|(time, _)| key(time)).collect()
}

/// Whether something of the account ends at the time of this key of the index.
pub fn is_end_of(key: &[u8], account: &Account) -> bool {
    end_keys(account).contains(key)
}

/// In the order of time: times before 1970 do not occur, since nothing ends before it was made.
pub(crate) fn end_prefix(time: Time) -> Vec<u8> {
    [ENDS, format!("{:016x}", time.unsigned()).as_bytes()].concat()
}
