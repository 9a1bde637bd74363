//! A security key in software, for what browsers do not allow a key to do: the same credential on two accounts, a
//! counter that decreases; and for measurements. Its CBOR is written by hand, byte by byte (WebAuthn Level 3).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{During, Error, Result};

/// Flags of authenticator data (6.1): user present.
const USER_PRESENT: u8 = 0x01;
/// Attested credential data is included.
const ATTESTED: u8 = 0x40;
/// Length in bytes of a coordinate on P-256.
const COORDINATE: usize = 32;

/// See the module.
pub struct SecurityKey {
    pair: EcdsaKeyPair,
    random: SystemRandom,
    id: Vec<u8>,
}

impl SecurityKey {
    /// A key with one credential, which has this id wherever it is registered.
    pub fn new(id: &[u8]) -> Result<SecurityKey> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).during("making a key")?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).during("making a key")?;
        Ok(SecurityKey { pair, random, id: id.to_vec() })
    }

    /// The `RegistrationResponseJSON` for a page of `origin` with these options.
    pub fn register(&self, options: &str, origin: &str) -> Result<String> {
        let options = read(options)?;
        let client = client_data("webauthn.create", &options, origin);
        // No AAGUID, the id, and the public key: {1: 2, 3: -7, -1: 1, -2: x, -3: y}
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(COORDINATE);
        let key = [b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", x, b"\x22\x58\x20", y].concat();
        let credential = [&[0; 16][..], &length(&self.id)?, &self.id, &key].concat();
        let data = [authenticator_data(&options["rp"]["id"], ATTESTED, 0), credential].concat();
        // {"fmt": "none", "attStmt": {}, "authData": h'…'}
        let object = [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59", &length(&data)?[..], &data].concat();
        Ok(self.response(json!({
            "clientDataJSON": base64url(client),
            "attestationObject": base64url(object),
            "transports": ["usb"],
        })))
    }

    /// The `AuthenticationResponseJSON` for a page of `origin` with these options, with the counter value `counter`.
    pub fn sign(&self, options: &str, origin: &str, counter: u32) -> Result<String> {
        let options = read(options)?;
        let client = client_data("webauthn.get", &options, origin);
        let data = authenticator_data(&options["rpId"], 0, counter);
        let message = [&data[..], &Sha256::digest(&client)].concat();
        let signature = self.pair.sign(&self.random, &message).during("signing")?;
        Ok(self.response(json!({
            "clientDataJSON": base64url(client),
            "authenticatorData": base64url(data),
            "signature": base64url(signature),
        })))
    }

    fn response(&self, response: Value) -> String {
        let id = base64url(&self.id);
        json!({ "id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": {} })
            .to_string()
    }
}

fn read(options: &str) -> Result<Value> {
    serde_json::from_str(options).during("reading the options")
}

fn client_data(kind: &str, options: &Value, origin: &str) -> String {
    json!({ "type": kind, "challenge": options["challenge"], "origin": origin, "crossOrigin": false }).to_string()
}

fn authenticator_data(party: &Value, flags: u8, counter: u32) -> Vec<u8> {
    let party = Sha256::digest(party.as_str().unwrap_or_default());
    [&party[..], &[USER_PRESENT | flags], &counter.to_be_bytes()].concat()
}

fn length(bytes: &[u8]) -> Result<[u8; 2]> {
    let length = u16::try_from(bytes.len()).map_err(|_| Error::new("a key's answer is too long"))?;
    Ok(length.to_be_bytes())
}

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
