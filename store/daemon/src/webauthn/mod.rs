//! Security keys: the relying party's side of WebAuthn, for U2F-era keys and FIDO2 keys as a second factor.
//!
//! Pure functions: challenges are arguments, and nothing is read or written. A ceremony begins with options, JSON for
//! the browser's `navigator.credentials`, and ends with the browser's response, JSON again. Who calls keeps the
//! challenge in between, lets each be used once and for a limited time, judges the counter and keeps the new one in one
//! swap with the sign-in, and refuses a credential whose id another account has already.
//!
//! The numbers in comments are the steps of Web Authentication Level 3, section 7.1 ("Registering a New Credential")
//! and 7.2 ("Verifying an Authentication Assertion"). Those about verified users, copies of credentials, attestation
//! and extensions have nothing to do here, as none of that is asked for. Why it is done by hand:
//! `docs/decisions/0011-webauthn.md`.

pub mod keys;

mod authenticator_data;
mod base64url;
mod ceremony;
mod cose;
mod options;
mod rejected;
mod relying_party;
mod response;
mod types;

pub use rejected::Rejected;
pub use relying_party::{NoRelyingParty, RelyingParty};
pub use types::{Assertion, CHALLENGE_LEN, Challenge, Credential, MAX_CREDENTIAL_ID, MAX_RESPONSE, TIMEOUT_MS, User};
