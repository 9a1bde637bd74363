//! Security keys: the specification's valid examples, responses of real browsers, and all kinds of invalid responses.

mod limits;
mod options;
mod recorded;
mod soft_key;
mod tampered;
mod vectors;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use soft_key::{CHALLENGE, assertion, base64url, example_org, registration};

/// The account's user handle.
const HANDLE: &[u8] = b"0123456789abcdef";

fn bytes(base64url: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(base64url).unwrap()
}
