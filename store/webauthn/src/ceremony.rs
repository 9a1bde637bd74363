//! The two ceremonies: registration and assertion.

use super::authenticator_data::{self, AuthenticatorData};
use super::cose::PublicKey;
use super::options;
use super::rejected::Rejected;
use super::relying_party::RelyingParty;
use super::response::{AssertionResponse, Ceremony, RegistrationResponse};
use super::types::{Assertion, Challenge, Credential, MAX_CREDENTIAL_ID, User};
use ring::digest::{SHA256, digest};

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

    /// Verifies the browser's `RegistrationResponseJSON`, and returns the key, to be stored.
    ///
    /// Attestation is not requested, and is not read if present: without a list of trusted manufacturers it proves
    /// nothing more than a response without attestation.
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

    /// Verifies the browser's `AuthenticationResponseJSON`, and returns which of `allowed`, the keys of the account
    /// with `user_handle`, has signed it.
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
