//! The browser's responses: `RegistrationResponseJSON` and `AuthenticationResponseJSON` (5.1.7), and the client data
//! (5.8.1), in which the browser reports the origin of the ceremony.
//!
//! Unknown members are ignored, as the specification requires; a duplicate member is refused.

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::base64url;
use super::rejected::Rejected;
use super::relying_party::RelyingParty;
use super::types::{Challenge, MAX_RESPONSE};

/// Transports that are stored (5.8.4); others that a browser may name are ignored.
const TRANSPORTS: [&str; 6] = ["usb", "nfc", "ble", "smart-card", "hybrid", "internal"];

/// The two ceremonies.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ceremony {
    Registration,
    Assertion,
}

/// The decoded response to [`begin_registration`](RelyingParty::begin_registration).
pub(super) struct RegistrationResponse {
    pub(super) id: Vec<u8>,
    pub(super) client_data: ClientData,
    pub(super) attestation_object: Vec<u8>,
    pub(super) transports: Vec<String>,
}

/// The decoded response to [`begin_assertion`](RelyingParty::begin_assertion).
pub(super) struct AssertionResponse {
    pub(super) id: Vec<u8>,
    pub(super) client_data: ClientData,
    pub(super) authenticator_data: Vec<u8>,
    pub(super) signature: Vec<u8>,
    /// None from keys that do not store it; U2F keys never do.
    pub(super) user_handle: Option<Vec<u8>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PublicKeyCredential<R> {
    id: String,
    raw_id: String,
    #[serde(rename = "type")]
    kind: String,
    response: R,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AttestationJson {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    attestation_object: String,
    #[serde(default)]
    transports: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssertionJson {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    authenticator_data: String,
    signature: String,
    user_handle: Option<String>,
}

impl RegistrationResponse {
    pub(super) fn parse(json: &str) -> Result<Self, Rejected> {
        let (id, response) = parse::<AttestationJson>(json)?;
        let named = |known: &&str| response.transports.iter().any(|named| named == known);
        Ok(Self {
            id,
            client_data: ClientData::parse(decode(&response.client_data)?)?,
            attestation_object: decode(&response.attestation_object)?,
            transports: TRANSPORTS.into_iter().filter(named).map(str::to_owned).collect(),
        })
    }
}

impl AssertionResponse {
    pub(super) fn parse(json: &str) -> Result<Self, Rejected> {
        let (id, response) = parse::<AssertionJson>(json)?;
        let user_handle = response.user_handle.as_deref().map(decode).transpose()?;
        Ok(Self {
            id,
            client_data: ClientData::parse(decode(&response.client_data)?)?,
            authenticator_data: decode(&response.authenticator_data)?,
            signature: decode(&response.signature)?,
            // Some browsers send an empty value instead of none.
            user_handle: user_handle.filter(|handle| !handle.is_empty()),
        })
    }
}

/// Parses the credential's id, and the part that is specific to the ceremony.
fn parse<R: DeserializeOwned>(json: &str) -> Result<(Vec<u8>, R), Rejected> {
    if json.len() > MAX_RESPONSE {
        return Err(Rejected::TooLong);
    }
    let credential: PublicKeyCredential<R> =
        serde_json::from_str(json).map_err(|_| Rejected::Malformed("the JSON lacks a member or has a wrong one"))?;
    if credential.kind != "public-key" {
        return Err(Rejected::Malformed("the credential is no public key"));
    }
    if credential.id != credential.raw_id {
        return Err(Rejected::Malformed("id and rawId differ"));
    }
    Ok((decode(&credential.raw_id)?, credential.response))
}

fn decode(text: &str) -> Result<Vec<u8>, Rejected> {
    base64url::decode(text).map_err(|_| Rejected::Malformed("a member is not base64url"))
}

/// The browser's data about the ceremony; the key signs its hash.
pub(super) struct ClientData {
    bytes: Vec<u8>,
    collected: CollectedClientData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CollectedClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    /// Older browsers omit it.
    #[serde(default)]
    cross_origin: bool,
    top_origin: Option<IgnoredAny>,
}

impl ClientData {
    fn parse(bytes: Vec<u8>) -> Result<Self, Rejected> {
        let collected = serde_json::from_slice(&bytes)
            .map_err(|_| Rejected::Malformed("the client data lacks a member or has a wrong one"))?;
        Ok(Self { bytes, collected })
    }

    /// The received bytes, whose hash was signed.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Checks that it is for this ceremony and for our own origin. Steps 7 to 11 of a registration, 10 to 14 of an
    /// assertion.
    pub(super) fn check(
        &self,
        ceremony: Ceremony,
        challenge: &Challenge,
        relying_party: &RelyingParty,
    ) -> Result<(), Rejected> {
        let kind = match ceremony {
            Ceremony::Registration => "webauthn.create",
            Ceremony::Assertion => "webauthn.get",
        };
        if self.collected.kind != kind {
            return Err(Rejected::WrongType);
        }
        if self.collected.challenge != base64url::encode(challenge) {
            return Err(Rejected::WrongChallenge);
        }
        if self.collected.origin != relying_party.origin() {
            return Err(Rejected::WrongOrigin(self.collected.origin.clone()));
        }
        if self.collected.cross_origin || self.collected.top_origin.is_some() {
            return Err(Rejected::CrossOrigin);
        }
        Ok(())
    }
}
