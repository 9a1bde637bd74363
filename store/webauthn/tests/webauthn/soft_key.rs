//! A software security key that the test controls. Its CBOR is written by hand, byte by byte.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postern_webauthn::{CHALLENGE_LEN, Challenge, Credential, RelyingParty};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

/// The relying party of the specification's examples.
pub(crate) fn example_org() -> RelyingParty {
    RelyingParty::new("https://example.org/", "Postern").unwrap()
}

/// Any challenge.
pub(crate) const CHALLENGE: Challenge = [7; CHALLENGE_LEN];

/// Flags of authenticator data (6.1).
pub(crate) const USER_PRESENT: u8 = 0x01;
pub(crate) const BACKUP_STATE: u8 = 0x10;
pub(crate) const ATTESTED: u8 = 0x40;
pub(crate) const EXTENSIONS: u8 = 0x80;

pub(crate) struct SoftKey {
    pair: EcdsaKeyPair,
    random: SystemRandom,
    pub(crate) id: Vec<u8>,
}

/// The data that is about to be signed; the test can change all of it.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) client_data: Value,
    pub(crate) rp_id: String,
    pub(crate) flags: u8,
    pub(crate) counter: u32,
    /// What follows the counter.
    pub(crate) rest: Vec<u8>,
}

impl SoftKey {
    pub(crate) fn new(id: &[u8]) -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random).unwrap();
        Self { pair, random, id: id.to_vec() }
    }

    /// A valid registration.
    pub(crate) fn creation(&self) -> Draft {
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let rest = [&[0; 16], &length[..], &self.id, &self.cose()].concat();
        Draft { flags: USER_PRESENT | ATTESTED, rest, counter: 0, ..Draft::new("webauthn.create", &CHALLENGE) }
    }

    /// A valid assertion.
    pub(crate) fn request(&self, counter: u32) -> Draft {
        Draft { counter, ..Draft::new("webauthn.get", &CHALLENGE) }
    }

    pub(crate) fn register(&self, draft: &Draft) -> Value {
        let data = draft.authenticator_data();
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        // {"fmt": "none", "attStmt": {}, "authData": h'…'}
        let object = [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59", &length[..], &data].concat();
        registration(&self.id, draft.client_data.to_string().as_bytes(), &object)
    }

    pub(crate) fn sign(&self, draft: &Draft) -> Value {
        let (client_data, data) = (draft.client_data.to_string(), draft.authenticator_data());
        let message = [&data[..], digest(&SHA256, client_data.as_bytes()).as_ref()].concat();
        let signature = self.pair.sign(&self.random, &message).unwrap();
        assertion(&self.id, client_data.as_bytes(), &data, signature.as_ref())
    }

    /// A registered credential with this counter.
    pub(crate) fn credential(&self, counter: u32) -> Credential {
        Credential { id: self.id.clone(), public_key: self.cose(), counter, transports: Vec::new() }
    }

    /// {1: 2, 3: -7, -1: 1, -2: x, -3: y}
    pub(crate) fn cose(&self) -> Vec<u8> {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        [b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", x, b"\x22\x58\x20", y].concat()
    }
}

impl Draft {
    fn new(kind: &str, challenge: &Challenge) -> Self {
        let client_data = json!({
            "type": kind,
            "challenge": base64url(challenge),
            "origin": example_org().origin(),
            "crossOrigin": false,
        });
        Self { client_data, rp_id: "example.org".to_owned(), flags: USER_PRESENT, counter: 0, rest: Vec::new() }
    }

    fn authenticator_data(&self) -> Vec<u8> {
        let hash = digest(&SHA256, self.rp_id.as_bytes());
        [hash.as_ref(), &[self.flags], &self.counter.to_be_bytes(), &self.rest].concat()
    }
}

pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A `RegistrationResponseJSON`.
pub(crate) fn registration(id: &[u8], client_data: &[u8], attestation_object: &[u8]) -> Value {
    let (client_data, object) = (base64url(client_data), base64url(attestation_object));
    credential(id, json!({ "clientDataJSON": client_data, "attestationObject": object, "transports": ["usb"] }))
}

/// The object around either response (a `PublicKeyCredential` as JSON).
fn credential(id: &[u8], response: Value) -> Value {
    let id = base64url(id);
    json!({ "id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": {} })
}

/// An `AuthenticationResponseJSON`.
pub(crate) fn assertion(id: &[u8], client_data: &[u8], authenticator_data: &[u8], signature: &[u8]) -> Value {
    let response =
        [("clientDataJSON", client_data), ("authenticatorData", authenticator_data), ("signature", signature)];
    credential(id, Value::from_iter(response.map(|(name, bytes)| (name, base64url(bytes)))))
}
