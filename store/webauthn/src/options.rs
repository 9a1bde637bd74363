//! The options of both ceremonies for the browser, in the JSON form of WebAuthn Level 3 (5.1.8 and 5.1.9).

use serde_json::{Value, json};

use super::relying_party::RelyingParty;
use super::types::{Challenge, Credential, TIMEOUT_MS, User};
use super::{base64url, cose};

/// `PublicKeyCredentialCreationOptionsJSON`. Every kind of key is accepted: it need not store the credential itself nor
/// verify its user, and its manufacturer does not matter.
pub(super) fn creation<'a>(
    relying_party: &RelyingParty,
    user: User<'_>,
    exclude: impl IntoIterator<Item = &'a Credential>,
    challenge: &Challenge,
) -> String {
    let algorithms: Vec<Value> =
        cose::ALGORITHMS.iter().map(|number| json!({ "type": "public-key", "alg": number })).collect();
    script_safe(&json!({
        "rp": { "id": relying_party.id(), "name": relying_party.name() },
        "user": { "id": base64url::encode(user.handle), "name": user.mailbox, "displayName": user.mailbox },
        "challenge": base64url::encode(challenge),
        "pubKeyCredParams": algorithms,
        "timeout": TIMEOUT_MS,
        "excludeCredentials": descriptors(exclude),
        "authenticatorSelection": {
            "residentKey": "discouraged",
            "requireResidentKey": false,
            "userVerification": "discouraged",
        },
        "attestation": "none",
    }))
}

/// `PublicKeyCredentialRequestOptionsJSON`. The password was checked already, so the key need not verify its user.
pub(super) fn request<'a>(
    relying_party: &RelyingParty,
    allowed: impl IntoIterator<Item = &'a Credential>,
    challenge: &Challenge,
) -> String {
    script_safe(&json!({
        "challenge": base64url::encode(challenge),
        "timeout": TIMEOUT_MS,
        "rpId": relying_party.id(),
        "allowCredentials": descriptors(allowed),
        "userVerification": "discouraged",
    }))
}

fn descriptors<'a>(credentials: impl IntoIterator<Item = &'a Credential>) -> Vec<Value> {
    let descriptor = |credential: &Credential| {
        let mut descriptor = json!({ "type": "public-key", "id": base64url::encode(&credential.id) });
        // An empty list would mean that the key has no transport; no list means that the transports are unknown.
        if !credential.transports.is_empty() {
            descriptor["transports"] = json!(credential.transports);
        }
        descriptor
    };
    credentials.into_iter().map(descriptor).collect()
}

/// Escapes `<`, which in JSON occurs inside strings only, where an escape is equivalent. So a name cannot end the
/// surrounding script element.
fn script_safe(options: &Value) -> String {
    options.to_string().replace('<', "\\u003c")
}
