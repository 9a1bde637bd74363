//! The examples of the specification.

use std::collections::BTreeMap;

use postern_webauthn::{Challenge, Credential, Rejected};
use serde::{Deserialize, Deserializer, de};

use super::{HANDLE, assertion, example_org, registration};

#[derive(Deserialize)]
struct Vector {
    credential_id: Hex,
    registration: Registration,
    assertion: Assertion,
}

#[derive(Deserialize)]
struct Registration {
    challenge: Hex,
    client_data: Hex,
    attestation_object: Hex,
}

#[derive(Deserialize)]
struct Assertion {
    challenge: Hex,
    client_data: Hex,
    authenticator_data: Hex,
    signature: Hex,
}

struct Hex(Vec<u8>);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let byte = |at| u8::from_str_radix(&text[at..at + 2], 16);
        (0..text.len()).step_by(2).map(byte).collect::<Result<_, _>>().map(Hex).map_err(de::Error::custom)
    }
}

impl Vector {
    fn register(&self) -> Result<Credential, Rejected> {
        let Registration { challenge, client_data, attestation_object } = &self.registration;
        let response = registration(&self.credential_id.0, &client_data.0, &attestation_object.0);
        example_org().finish_registration(&challenge.to_challenge(), &response.to_string())
    }

    fn assert(&self, credential: &Credential) -> Result<u32, Rejected> {
        let Assertion { challenge, client_data, authenticator_data, signature } = &self.assertion;
        let response = assertion(&self.credential_id.0, &client_data.0, &authenticator_data.0, &signature.0);
        example_org()
            .finish_assertion(HANDLE, [credential], &challenge.to_challenge(), &response.to_string())
            .map(|assertion| assertion.counter)
    }
}

impl Hex {
    fn to_challenge(&self) -> Challenge {
        self.0.as_slice().try_into().unwrap()
    }
}

fn vectors() -> BTreeMap<String, Vector> {
    toml::from_str(include_str!("vectors.toml")).unwrap()
}

/// The expected refusal of an example: keys of algorithms that are not offered, and pages in a frame of another origin.
fn refusal(name: &str) -> Option<Rejected> {
    match name {
        "packed-es384" => Some(Rejected::UnsupportedAlgorithm(-35)),
        "packed-ed448" => Some(Rejected::UnsupportedAlgorithm(-53)),
        "none-es256-crossOrigin" | "none-es256-topOrigin" => Some(Rejected::CrossOrigin),
        _ => None,
    }
}

/// The names and keys of the examples that are not refused.
fn registered() -> Vec<(String, Vector, Credential)> {
    let right = vectors().into_iter().filter(|(name, _)| refusal(name).is_none());
    right
        .map(|(name, vector)| {
            let credential = vector.register().unwrap_or_else(|why| panic!("{name}: {why}"));
            (name, vector, credential)
        })
        .collect()
}

#[test]
fn every_example_registers_or_is_refused_for_its_reason() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 14);
    for (name, vector) in vectors {
        match (vector.register(), refusal(&name)) {
            (Ok(credential), None) => {
                assert_eq!((credential.id, credential.counter), (vector.credential_id.0, 0), "{name}")
            }
            (Err(why), Some(expected)) => assert_eq!(why, expected, "{name}"),
            (got, _) => panic!("{name}: {got:?}"),
        }
    }
}

#[test]
fn every_example_signs_in() {
    for (name, vector, credential) in registered() {
        assert_eq!(vector.assert(&credential), Ok(0), "{name}");
    }
}

#[test]
fn an_example_does_not_sign_in_with_the_key_of_another() {
    let all = registered();
    for (name, vector, credential) in &all {
        for (_, _, other) in all.iter().filter(|(other, _, _)| other != name) {
            let mixed = Credential { public_key: other.public_key.clone(), ..credential.clone() };
            assert_eq!(vector.assert(&mixed), Err(Rejected::BadSignature), "{name}");
        }
    }
}

#[test]
fn no_byte_of_an_assertion_can_be_changed() {
    type Part = fn(&mut Assertion) -> &mut Hex;
    let parts: [Part; 3] = [
        |assertion| &mut assertion.client_data,
        |assertion| &mut assertion.authenticator_data,
        |assertion| &mut assertion.signature,
    ];
    for (name, mut vector, credential) in registered() {
        for part in parts {
            for at in 0..part(&mut vector.assertion).0.len() {
                part(&mut vector.assertion).0[at] ^= 1;
                assert!(vector.assert(&credential).is_err(), "{name}: byte {at}");
                part(&mut vector.assertion).0[at] ^= 1;
            }
        }
        assert_eq!(vector.assert(&credential), Ok(0), "{name}");
    }
}

#[test]
fn a_registration_that_is_broken_off_is_refused() {
    for (name, mut vector, _) in registered() {
        let whole = vector.registration.attestation_object.0.clone();
        for end in 0..whole.len() {
            vector.registration.attestation_object.0.truncate(0);
            vector.registration.attestation_object.0.extend_from_slice(&whole[..end]);
            assert!(vector.register().is_err(), "{name}: {end} bytes");
        }
        vector.registration.attestation_object.0 = [&whole[..], &[0]].concat();
        assert!(vector.register().is_err(), "{name}: one byte too many");
    }
}
