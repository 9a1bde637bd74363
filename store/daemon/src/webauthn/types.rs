//! What goes into a ceremony, what comes out of it, and its limits.

use super::base64url;
use serde::{Deserialize, Serialize};

/// Bytes of a challenge. The specification asks for 16 at least (13.4.3).
pub const CHALLENGE_LEN: usize = 32;
/// How long the browser is told to wait for the key, in milliseconds (15.1 recommends five minutes).
pub const TIMEOUT_MS: u32 = 300_000;
/// Bytes of a response, JSON as it came from the browser, at most. A key of RSA-8192 takes about 5 KiB.
pub const MAX_RESPONSE: usize = 16 * 1024;
/// Bytes of a credential's id at most (7.1, step 25).
pub const MAX_CREDENTIAL_ID: usize = 1023;

/// Random bytes that one ceremony signs.
pub type Challenge = [u8; CHALLENGE_LEN];

/// Whom a key is registered for.
#[derive(Clone, Copy, Debug)]
pub struct User<'a> {
    /// 1 to 64 bytes that stand for the account. Keys may give them to whoever holds the key, so no name is in them.
    pub handle: &'a [u8],
    /// What the browser calls the account when it asks which to use.
    pub mailbox: &'a str,
}

/// A key as it is stored. Nothing in it is a secret, but the id of somebody's key is nobody else's business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// The id that the key gave it; at most [`MAX_CREDENTIAL_ID`] bytes.
    #[serde(with = "base64url")]
    pub id: Vec<u8>,
    /// The public key, in COSE form.
    #[serde(with = "base64url")]
    pub public_key: Vec<u8>,
    /// The signature counter when it was made; stays zero with keys that do not count.
    pub counter: u32,
    /// How the key is reached (`usb`, `nfc`, …): a hint for the browser.
    pub transports: Vec<String>,
}

/// A key has signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the counter is to be judged and kept (step 22), or a copy of the key goes unseen"]
pub struct Assertion<'a> {
    /// The one of the allowed credentials that it was.
    pub credential: &'a Credential,
    /// Its counter, which the key has signed.
    pub counter: u32,
}
