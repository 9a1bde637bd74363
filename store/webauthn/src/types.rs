//! The inputs and outputs of a ceremony, and its limits.

use super::base64url;
use serde::{Deserialize, Serialize};

/// Length of a challenge in bytes. The specification requires at least 16 (13.4.3).
pub const CHALLENGE_LEN: usize = 32;
/// Timeout for the key in milliseconds, for the browser (15.1 recommends five minutes).
pub const TIMEOUT_MS: u32 = 300_000;
/// Maximum length in bytes of a response, JSON as received from the browser. A key of RSA-8192 takes about 5 KiB.
pub const MAX_RESPONSE: usize = 16 * 1024;
/// Maximum length in bytes of a credential's id (7.1, step 25).
pub const MAX_CREDENTIAL_ID: usize = 1023;

/// Random bytes that are signed in one ceremony.
pub type Challenge = [u8; CHALLENGE_LEN];

/// The user that a key is registered for.
#[derive(Clone, Copy, Debug)]
pub struct User<'a> {
    /// The user handle of the account: 1 to 64 bytes. A key may reveal it to anyone who holds the key, so it contains
    /// no name.
    pub handle: &'a [u8],
    /// The name that the browser displays for the account when the user has to choose one.
    pub mailbox: &'a str,
}

/// A key as it is stored. It contains no secrets, but a key's id is personal data and must not be disclosed to others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// The id that the key assigned; at most [`MAX_CREDENTIAL_ID`] bytes.
    #[serde(with = "base64url")]
    pub id: Vec<u8>,
    /// The public key, in COSE form.
    #[serde(with = "base64url")]
    pub public_key: Vec<u8>,
    /// The signature counter at registration; stays zero for keys that do not count.
    pub counter: u32,
    /// The transports of the key (`usb`, `nfc`, …): a hint for the browser.
    pub transports: Vec<String>,
}

/// The result of an assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the counter is to be judged and kept (step 22), or a copy of the key goes unseen"]
pub struct Assertion<'a> {
    /// The credential that signed.
    pub credential: &'a Credential,
    /// The key's counter, which is part of the signed data.
    pub counter: u32,
}
