//! Security keys: what the specification gives as right, what real browsers have sent, and every way to get it wrong.

mod limits;
mod options;
mod recorded;
mod soft_key;
mod tampered;
mod vectors;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use posternd::webauthn::{CHALLENGE_LEN, Challenge, RelyingParty};
use serde_json::{Value, json};

/// The relying party of the specification's examples.
fn example_org() -> RelyingParty {
    RelyingParty::new("https://example.org/", "Postern").unwrap()
}

/// Any challenge.
const CHALLENGE: Challenge = [7; CHALLENGE_LEN];
/// The account's user handle.
const HANDLE: &[u8] = b"0123456789abcdef";

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn bytes(base64url: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(base64url).unwrap()
}

/// A `RegistrationResponseJSON`.
fn registration(id: &[u8], client_data: &[u8], attestation_object: &[u8]) -> Value {
    json!({
        "id": base64url(id),
        "rawId": base64url(id),
        "type": "public-key",
        "response": {
            "clientDataJSON": base64url(client_data),
            "attestationObject": base64url(attestation_object),
            "transports": ["usb"],
        },
        "clientExtensionResults": {},
    })
}

/// An `AuthenticationResponseJSON`.
fn assertion(id: &[u8], client_data: &[u8], authenticator_data: &[u8], signature: &[u8]) -> Value {
    json!({
        "id": base64url(id),
        "rawId": base64url(id),
        "type": "public-key",
        "response": {
            "clientDataJSON": base64url(client_data),
            "authenticatorData": base64url(authenticator_data),
            "signature": base64url(signature),
        },
        "clientExtensionResults": {},
    })
}
