//! Security keys' responses: any bytes, with the browser's JSON around them or without, give a value or a refusal; an
//! accepted new key can be requested again; and no sign-in succeeds without a key.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use postern_webauthn::{Challenge, Credential, MAX_CREDENTIAL_ID, Rejected, RelyingParty};
use serde_json::json;
use std::sync::LazyLock;

const CHALLENGE: Challenge = [7; 32];
const HANDLE: &[u8] = b"handle";

static RELYING_PARTY: LazyLock<RelyingParty> =
    LazyLock::new(|| RelyingParty::new("https://example.org/", "Postern").expect("an https host"));

/// SHA-256 of `example.org`, the beginning of authenticator data.
static RP_ID_HASH: LazyLock<Vec<u8>> =
    LazyLock::new(|| bytes("bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b5"));

/// The only key of the account: a point of P-256, for which no input contains a signature.
static KNOWN: LazyLock<Credential> = LazyLock::new(|| {
    let public_key = "a5010203262001215820\
                      6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296225820\
                      4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
    Credential { id: b"known".to_vec(), public_key: bytes(public_key), counter: 0, transports: Vec::new() }
});

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
}

/// Valid client data, so that the checks after it are reached.
fn client_data(kind: &str) -> String {
    json!({ "type": kind, "challenge": URL_SAFE_NO_PAD.encode(CHALLENGE), "origin": "https://example.org" }).to_string()
}

fn registers(response: &str) -> Option<Credential> {
    let credential = RELYING_PARTY.finish_registration(&CHALLENGE, response).ok()?;
    assert!((1..=MAX_CREDENTIAL_ID).contains(&credential.id.len()));
    let options = RELYING_PARTY.begin_assertion([&credential], &CHALLENGE);
    assert!(options.contains(&URL_SAFE_NO_PAD.encode(&credential.id)));
    Some(credential)
}

fn signs_in(known: &Credential, response: &str) -> Result<(), Rejected> {
    RELYING_PARTY.finish_assertion(HANDLE, [known], &CHALLENGE, response).map(|_| ())
}

/// The JSON around both responses.
fn credential(id: &[u8], response: serde_json::Value) -> String {
    let id = URL_SAFE_NO_PAD.encode(id);
    json!({ "id": id, "rawId": id, "type": "public-key", "response": response }).to_string()
}

fn registration(id: &[u8], attestation_object: &[u8], transport: &str) -> String {
    let response = json!({
        "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data("webauthn.create")),
        "attestationObject": URL_SAFE_NO_PAD.encode(attestation_object),
        "transports": [transport],
    });
    credential(id, response)
}

fn assertion(id: &[u8], authenticator_data: &[u8], signature: &[u8]) -> String {
    let response = json!({
        "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data("webauthn.get")),
        "authenticatorData": URL_SAFE_NO_PAD.encode(authenticator_data),
        "signature": URL_SAFE_NO_PAD.encode(signature),
    });
    credential(id, response)
}

fuzz_target!(|input: (&str, &[u8], &[u8], &[u8])| {
    let (raw, id, data, signature) = input;
    registers(raw);
    assert!(signs_in(&KNOWN, raw).is_err());
    registers(&registration(id, data, raw));
    assert!(signs_in(&KNOWN, &assertion(&KNOWN.id, data, signature)).is_err());

    // Valid JSON, and the hash that no fuzzer guesses.
    let data = [&RP_ID_HASH, data].concat();
    assert!(signs_in(&KNOWN, &assertion(&KNOWN.id, &data, signature)).is_err());
    let Ok(length) = u16::try_from(data.len()) else { return };
    let object = [b"\xa1\x68authData\x59", &length.to_be_bytes()[..], &data].concat();
    if let Some(own) = registers(&registration(id, &object, raw)) {
        // Anyone may be able to sign for a key that the fuzzer has chosen. It must only not panic.
        let _ = signs_in(&own, &assertion(&own.id, &data, signature));
    }
});
