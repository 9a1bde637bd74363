//! The keys under which records are stored.
//!
//! | key | record |
//! |---|---|
//! | `account/MAILBOX` | [`Account`] |
//! | `alias/NAME` | the [`Mailbox`] of the alias |
//! | `key/HASH` | the [`Mailbox`] with the security key whose credential id has this SHA-256 |
//! | `platform/NAME` | [`Platform`](postern_rules::Platform) |
//! | `ends/TIME/MAILBOX` | an index of accounts by the expiry of their grants; see [`Account::ends`] |
//! | `audit/TIME.COUNT` | [`crate::audit::Record`] |
//! | `meta/notice/TIME/ID` | a notice that is to be sent |
//! | `meta/importing` | an import writes, or was interrupted |
//! | `meta/platforms` | nothing; its revision is that of the set of platforms |
//! | `meta/sessions/MAILBOX` | nothing; it is rewritten when sessions of this mailbox may be over |
//! | `meta/plus-names` | nothing; its revision is that of the protected names with a plus |

use postern_rules::{Account, Kind, Mailbox, Time};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The prefix of every request's key.
pub const REQUEST: &[u8] = b"request/";
/// The prefix of every account's key.
pub const ACCOUNT: &[u8] = b"account/";
/// Present while an import writes, and rewritten with each of its commits. One that stays as it is belongs to an import
/// that was interrupted.
pub const IMPORTING: &[u8] = b"meta/importing";
/// Rewritten with every platform, and at the begin and the end of an import. A decision that depends on the platforms
/// expects it as it was when they were read.
pub const PLATFORMS: &[u8] = b"meta/platforms";
/// The prefix of the keys that are rewritten when sessions of a mailbox may be over.
pub const SESSIONS: &[u8] = b"meta/sessions/";
/// The prefix of every alias's key.
pub const ALIAS: &[u8] = b"alias/";
/// Rewritten when a name with a plus becomes protected. Switching plus-addressing on, which would hide such names,
/// expects it as it was before the accounts were read.
pub const PLUS_NAMES: &[u8] = b"meta/plus-names";
/// The prefix of every platform's key.
pub const PLATFORM: &[u8] = b"platform/";
/// The prefix of every key of the index of ends.
pub const ENDS: &[u8] = b"ends/";
/// The prefix of every key of the index of suspensions, which the index of ends has replaced.
pub const SUSPENDED: &[u8] = b"suspended/";

/// The key of an account.
pub fn account_key(mailbox: &Mailbox) -> Vec<u8> {
    [ACCOUNT, mailbox.as_str().as_bytes()].concat()
}

/// The key of an alias.
pub fn alias_key(name: &Mailbox) -> Vec<u8> {
    [ALIAS, name.as_str().as_bytes()].concat()
}

/// The key that is rewritten when sessions of this mailbox may be over.
pub fn sessions_key(mailbox: &Mailbox) -> Vec<u8> {
    [SESSIONS, mailbox.as_str().as_bytes()].concat()
}

/// The key of the mailbox that has a security key with this credential id.
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

/// The key of a platform.
pub fn platform_key(name: &str) -> Vec<u8> {
    [PLATFORM, name.as_bytes()].concat()
}

/// The keys of an account in the index of ends.
pub(crate) fn end_keys(account: &Account) -> BTreeSet<Vec<u8>> {
    let key = |time| [&end_prefix(time)[..], b"/", account.mailbox.as_str().as_bytes()].concat();
    account.ends().into_iter().map(|(time, _)| key(time)).collect()
}

/// Whether a grant of the account expires at the time in this index key.
pub fn is_end_of(key: &[u8], account: &Account) -> bool {
    end_keys(account).contains(key)
}

/// The prefix for a time, in the order of time: times before 1970 do not occur, since a grant ends after it was made.
pub(crate) fn end_prefix(time: Time) -> Vec<u8> {
    [ENDS, format!("{:016x}", time.unsigned()).as_bytes()].concat()
}
