//! Security keys: the relying party's side of WebAuthn, for U2F-era keys and FIDO2 keys as a second factor.
//!
//! Pure functions: challenges are arguments, and nothing is read or written. A ceremony begins with options, JSON for
//! the browser's `navigator.credentials`, and ends with the browser's response, JSON again. Who calls keeps the
//! challenge in between, lets each be used once and for a limited time, judges the counter and keeps the new one in one
//! swap with the sign-in, and refuses a credential owner id another account has already.
//!
//! The numbers in comments are the steps of Web Authentication Level 3, section 7.1 ("Registering a New Credential")
//! and 7.2 ("Verifying an Authentication Assertion"). Those about verified users, copies of credentials, attestation
//! and extensions have nothing to do here, as none of that is asked for. Why it is done by hand:
//! `docs/decisions/0011-webauthn.md`.

pub mod keys;

mod authenticator_data;
mod base64url;
mod cose;
mod options;
mod rejected;
mod relying_party;
mod response;

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use authenticator_data::AuthenticatorData;
use cose::PublicKey;
pub use rejected::Rejected;
pub use relying_party::{NoRelyingParty, RelyingParty};
use response::{AssertionResponse, Ceremony, RegistrationResponse};

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

impl RelyingParty {
    /// Options for `navigator.credentials.create`, as `PublicKeyCredentialCreationOptionsJSON`. Keys in `exclude`,
    /// those that the account has, refuse to be registered twice.
    ///
    /// The JSON has no `<` in it, so it may stand in a `script` element as it is.
    #[must_use]
    pub fn begin_registration<'a>(
        &self,
        user: User<'_>,
        exclude: impl IntoIterator<Item = &'a Credential>,
        challenge: &Challenge,
    ) -> String {
        options::creation(self, user, exclude, challenge)
    }

    /// The key that the browser's `RegistrationResponseJSON` is about, to be stored.
    ///
    /// Attestation is not asked for, and any that comes is not read: without a list of makers to trust it proves
    /// nothing that a response without one does not.
    ///
    /// # Errors
    /// See [`Rejected`].
    pub fn finish_registration(&self, challenge: &Challenge, response: &str) -> Result<Credential, Rejected> {
        let response = RegistrationResponse::parse(response)?; // 3, 5, 6
        response.client_data.check(Ceremony::Registration, challenge, self)?; // 7 to 11
        let authenticator_data = authenticator_data::of_attestation(&response.attestation_object)?; // 13
        let authenticator_data = AuthenticatorData::parse(authenticator_data)?;
        authenticator_data.check(self)?; // 14, 15, 17
        let attested = authenticator_data.attested.ok_or(Rejected::Malformed("there is no key in it"))?;
        PublicKey::parse(attested.public_key)?; // 20
        if attested.id.is_empty() || attested.id.len() > MAX_CREDENTIAL_ID {
            return Err(Rejected::Malformed("the credential's id is empty or longer than 1023 bytes")); // 25
        }
        if attested.id != response.id {
            return Err(Rejected::Malformed("the browser and the key give different ids"));
        }
        // 27
        Ok(Credential {
            id: response.id,
            public_key: attested.public_key.to_vec(),
            counter: authenticator_data.counter,
            transports: response.transports,
        })
    }

    /// Options for `navigator.credentials.get`, as `PublicKeyCredentialRequestOptionsJSON`: one of `allowed` signs.
    ///
    /// The JSON has no `<` in it, so it may stand in a `script` element as it is.
    #[must_use]
    pub fn begin_assertion<'a>(
        &self,
        allowed: impl IntoIterator<Item = &'a Credential>,
        challenge: &Challenge,
    ) -> String {
        options::request(self, allowed, challenge)
    }

    /// Which of `allowed`, the keys of the account with `user_handle`, has signed the browser's
    /// `AuthenticationResponseJSON`.
    ///
    /// # Errors
    /// See [`Rejected`].
    pub fn finish_assertion<'a>(
        &self,
        user_handle: &[u8],
        allowed: impl IntoIterator<Item = &'a Credential>,
        challenge: &Challenge,
        response: &str,
    ) -> Result<Assertion<'a>, Rejected> {
        let response = AssertionResponse::parse(response)?; // 3, 7 to 9
        let credential =
            allowed.into_iter().find(|known| known.id == response.id).ok_or(Rejected::UnknownCredential)?; // 5, 6
        if response.user_handle.is_some_and(|sent| sent != user_handle) {
            return Err(Rejected::WrongUser); // 6
        }
        response.client_data.check(Ceremony::Assertion, challenge, self)?; // 10 to 14
        let authenticator_data = AuthenticatorData::parse(&response.authenticator_data)?;
        authenticator_data.check(self)?; // 15, 16, 18

        let hash = digest(&SHA256, response.client_data.bytes()); // 20
        let signed = [&response.authenticator_data, hash.as_ref()].concat();
        PublicKey::parse(&credential.public_key)?.verify(&signed, &response.signature)?; // 21
        Ok(Assertion { credential, counter: authenticator_data.counter })
    }
}
