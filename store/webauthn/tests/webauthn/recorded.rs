//! Recorded responses of Chromium with its virtual authenticators: a U2F key, a FIDO2 key with Ed25519, and a built-in
//! one whose credentials may be copied. The JSON was created by the portal's own script.

use std::collections::BTreeMap;

use postern_webauthn::{Credential, Rejected, RelyingParty};
use serde::Deserialize;
use serde_json::Value;

use super::{CHALLENGE, HANDLE};

#[derive(Deserialize)]
struct Recorded {
    registration: Value,
    assertion: Value,
}

#[test]
fn what_a_browser_sends_is_understood() {
    let relying_party = RelyingParty::new("https://webmail.example.com:8443/", "Postern").unwrap();
    let all: BTreeMap<String, Recorded> = serde_json::from_str(include_str!("recorded.json")).unwrap();
    assert_eq!(all.keys().collect::<Vec<_>>(), ["ctap2", "platform", "u2f"]);
    for (name, Recorded { registration, assertion }) in all {
        let key = relying_party.finish_registration(&CHALLENGE, &registration.to_string()).unwrap();
        assert_eq!(key.transports, [if name == "platform" { "internal" } else { "usb" }], "{name}");

        let sign_in = |key: &Credential| {
            let signed = relying_party.finish_assertion(HANDLE, [key], &CHALLENGE, &assertion.to_string());
            signed.map(|signed| signed.counter)
        };
        assert_eq!(sign_in(&key), Ok(2), "{name}");

        let elsewhere = RelyingParty::new("https://webmail.example.com/", "Postern").unwrap();
        let refused = elsewhere.finish_registration(&CHALLENGE, &registration.to_string());
        assert_eq!(refused, Err(Rejected::WrongOrigin(relying_party.origin().to_owned())), "{name}");
    }
}
