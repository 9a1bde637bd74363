//! Security keys: the relying party's side of WebAuthn, for U2F-era keys and FIDO2 keys as a second factor.
//!
//! Pure functions: challenges are arguments, and there is no I/O. A ceremony begins with options, JSON for the
//! browser's `navigator.credentials`, and ends with the browser's response, which is JSON as well. The caller keeps the
//! challenge in between, accepts each challenge once and for a limited time, checks the counter and stores the new one
//! in the same swap as the sign-in, and refuses a credential whose id another account already has.
//!
//! The numbers in comments are the steps of Web Authentication Level 3, section 7.1 ("Registering a New Credential")
//! and 7.2 ("Verifying an Authentication Assertion"). Steps about user verification, copies of credentials, attestation
//! and extensions do not apply, since none of them is requested. Why this is implemented by hand:
//! `docs/decisions/0011-webauthn.md`.

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
