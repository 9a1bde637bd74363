//! Responses with a single error: each is refused for that error.

use postern_webauthn::{Credential, Rejected};
use serde_json::{Value, json};

use super::soft_key::{ATTESTED, BACKUP_STATE, Draft, EXTENSIONS, SoftKey, USER_PRESENT};
use super::{CHALLENGE, HANDLE, base64url, bytes, example_org};

type Change<T> = fn(&mut T);

/// Correctly signed, but wrong for the relying party.
fn wrongly_signed() -> Vec<(Change<Draft>, Rejected)> {
    let origin = |origin: &str| Rejected::WrongOrigin(origin.to_owned());
    vec![
        (|draft| draft.client_data["type"] = json!("payment.get"), Rejected::WrongType),
        (|draft| draft.client_data["challenge"] = json!(base64url([8; 32])), Rejected::WrongChallenge),
        (|draft| draft.client_data["challenge"] = json!(base64url([7; 31])), Rejected::WrongChallenge),
        (|draft| draft.client_data["challenge"] = json!(""), Rejected::WrongChallenge),
        (|draft| draft.client_data["origin"] = json!("https://example.com"), origin("https://example.com")),
        (|draft| draft.client_data["origin"] = json!("https://a.example.org"), origin("https://a.example.org")),
        (|draft| draft.client_data["origin"] = json!("https://example.org:8443"), origin("https://example.org:8443")),
        (|draft| draft.client_data["origin"] = json!("https://example.org/"), origin("https://example.org/")),
        (|draft| draft.client_data["origin"] = json!("http://example.org"), origin("http://example.org")),
        (|draft| draft.client_data["crossOrigin"] = json!(true), Rejected::CrossOrigin),
        (|draft| draft.client_data["topOrigin"] = json!("https://example.com"), Rejected::CrossOrigin),
        (|draft| draft.rp_id = "example.com".to_owned(), Rejected::WrongRelyingParty),
        (|draft| draft.rp_id = "https://example.org".to_owned(), Rejected::WrongRelyingParty),
        (|draft| draft.flags &= !USER_PRESENT, Rejected::UserNotPresent),
        (|draft| draft.flags |= BACKUP_STATE, malformed("a key that can't be copied says that it has been")),
        (|draft| draft.rest.push(0), malformed("there is more behind the authenticator data")),
        (|draft| draft.flags |= EXTENSIONS, malformed("the CBOR is broken off or of another kind")),
        (|draft| (draft.flags |= EXTENSIONS, draft.rest.push(0x80)).1, malformed("the extensions are no map")),
    ]
}

/// Malformed.
fn malformed_json() -> Vec<(Change<Value>, Rejected)> {
    let json = || malformed("the JSON lacks a member or has a wrong one");
    vec![
        (|value| *value = json!([]), json()),
        (|value| value["type"] = json!("password"), malformed("the credential is no public key")),
        (|value| value["id"] = json!(base64url("another")), malformed("id and rawId differ")),
        (|value| value["rawId"] = json!(base64url("another")), malformed("id and rawId differ")),
        (|value| drop(value["response"].take()), json()),
        (|value| value["response"]["clientDataJSON"] = json!("="), malformed("a member is not base64url")),
        (
            |value| value["response"]["clientDataJSON"] = json!(base64url("{}")),
            malformed("the client data lacks a member or has a wrong one"),
        ),
    ]
}

fn malformed(what: &'static str) -> Rejected {
    Rejected::Malformed(what)
}

fn register(response: &Value) -> Result<Credential, Rejected> {
    example_org().finish_registration(&CHALLENGE, &response.to_string())
}

fn sign_in(known: &Credential, response: &Value) -> Result<u32, Rejected> {
    let assertion = example_org().finish_assertion(HANDLE, [known], &CHALLENGE, &response.to_string())?;
    assert_eq!(assertion.credential, known);
    Ok(assertion.counter)
}

#[test]
fn what_is_right_passes() {
    let key = SoftKey::new(b"key");
    let credential = register(&key.register(&key.creation())).unwrap();
    assert_eq!(credential, Credential { transports: vec!["usb".to_owned()], ..key.credential(0) });
    assert_eq!(sign_in(&credential, &key.sign(&key.request(1))), Ok(1));
}

#[test]
fn what_is_wrong_is_refused_in_both_ceremonies() {
    let key = SoftKey::new(b"key");
    let (creation, request) = (key.creation(), key.request(1));
    for (at, (change, why)) in wrongly_signed().into_iter().enumerate() {
        let (mut creation, mut request) = (creation.clone(), request.clone());
        change(&mut creation);
        change(&mut request);
        assert_eq!(register(&key.register(&creation)), Err(why.clone()), "registration, line {at}");
        assert_eq!(sign_in(&key.credential(0), &key.sign(&request)), Err(why), "assertion, line {at}");
    }
    for (at, (change, why)) in malformed_json().into_iter().enumerate() {
        let (mut creation, mut request) = (key.register(&creation), key.sign(&request));
        change(&mut creation);
        change(&mut request);
        assert_eq!(register(&creation), Err(why.clone()), "registration, line {at}");
        assert_eq!(sign_in(&key.credential(0), &request), Err(why), "assertion, line {at}");
    }
}

#[test]
fn a_response_is_of_its_own_ceremony() {
    let key = SoftKey::new(b"key");
    let (mut creation, mut request) = (key.creation(), key.request(1));
    std::mem::swap(&mut creation.client_data, &mut request.client_data);
    assert_eq!(register(&key.register(&creation)), Err(Rejected::WrongType));
    assert_eq!(sign_in(&key.credential(0), &key.sign(&request)), Err(Rejected::WrongType));
    assert!(matches!(register(&key.sign(&key.request(1))), Err(Rejected::Malformed(_))));
    assert!(matches!(sign_in(&key.credential(0), &key.register(&key.creation())), Err(Rejected::Malformed(_))));
}

#[test]
fn what_was_signed_can_not_be_changed_afterwards() {
    let key = SoftKey::new(b"key");
    let signed = key.sign(&key.request(1));
    let another = key.sign(&key.request(2));
    for member in ["authenticatorData", "signature"] {
        let mut mixed = signed.clone();
        mixed["response"][member] = another["response"][member].clone();
        assert_eq!(sign_in(&key.credential(0), &mixed), Err(Rejected::BadSignature), "{member}");
    }
    let mut spaced = signed.clone();
    let client_data = bytes(spaced["response"]["clientDataJSON"].as_str().unwrap());
    spaced["response"]["clientDataJSON"] = json!(base64url([&client_data[..], b" "].concat()));
    assert_eq!(sign_in(&key.credential(0), &spaced), Err(Rejected::BadSignature));
}

#[test]
fn only_the_account_s_keys_sign_in() {
    let (key, other) = (SoftKey::new(b"key"), SoftKey::new(b"other"));
    let response = key.sign(&key.request(1));
    assert_eq!(sign_in(&other.credential(0), &response), Err(Rejected::UnknownCredential));
    let none = example_org().finish_assertion(HANDLE, [], &CHALLENGE, &response.to_string()).map(|_| ());
    assert_eq!(none, Err(Rejected::UnknownCredential));

    let both = [other.credential(5), key.credential(0)];
    let assertion = example_org().finish_assertion(HANDLE, &both, &CHALLENGE, &response.to_string()).unwrap();
    assert_eq!((assertion.credential, assertion.counter), (&both[1], 1));

    // Another key that uses the same id.
    let thief = SoftKey::new(b"key");
    assert_eq!(sign_in(&key.credential(0), &thief.sign(&thief.request(1))), Err(Rejected::BadSignature));
}

#[test]
fn the_user_handle_is_the_account_s_when_it_comes() {
    let key = SoftKey::new(b"key");
    let mut response = key.sign(&key.request(1));
    for (sent, expected) in [
        (json!(base64url(HANDLE)), Ok(1)),
        (json!(null), Ok(1)),
        (json!(""), Ok(1)),
        (json!(base64url("somebody else's")), Err(Rejected::WrongUser)),
    ] {
        response["response"]["userHandle"] = sent.clone();
        assert_eq!(sign_in(&key.credential(0), &response), expected, "{sent}");
    }
}

#[test]
fn the_counter_is_the_key_s_own_word() {
    let key = SoftKey::new(b"key");
    for sent in [0, 1, u32::MAX] {
        assert_eq!(sign_in(&key.credential(2), &key.sign(&key.request(sent))), Ok(sent));
    }
    let thief = SoftKey::new(b"key");
    assert_eq!(sign_in(&key.credential(2), &thief.sign(&thief.request(3))), Err(Rejected::BadSignature));
}

#[test]
fn a_registration_has_a_key_with_the_id_that_the_browser_gives() {
    let key = SoftKey::new(b"key");
    let mut draft = key.creation();
    draft.flags &= !ATTESTED;
    draft.rest.clear();
    assert_eq!(register(&key.register(&draft)), Err(malformed("there is no key in it")));
    let other = SoftKey::new(b"other").creation();
    let mixed = key.register(&other);
    assert_eq!(register(&mixed), Err(malformed("the browser and the key give different ids")));
}

#[test]
fn extensions_that_come_unasked_are_passed_over() {
    let key = SoftKey::new(b"key");
    let (mut creation, mut request) = (key.creation(), key.request(1));
    for draft in [&mut creation, &mut request] {
        draft.flags |= EXTENSIONS;
        draft.rest.extend_from_slice(b"\xa1\x6bcredProtect\x02");
    }
    let credential = register(&key.register(&creation)).unwrap();
    assert_eq!(credential.public_key, key.cose());
    assert_eq!(sign_in(&credential, &key.sign(&request)), Ok(1));
}

#[test]
fn an_attestation_has_authenticator_data_once() {
    let key = SoftKey::new(b"key");
    let right = key.register(&key.creation());
    let object = bytes(right["response"]["attestationObject"].as_str().unwrap());
    let member = object.windows(9).position(|bytes| bytes == b"\x68authData").unwrap();
    let (before, data) = object.split_at(member);
    for (object, why) in [
        ([b"\xa4", &before[1..], data, data].concat(), malformed("there is authenticator data twice")),
        ([b"\xa2", &before[1..]].concat(), malformed("there is no authenticator data")),
        ([b"\xbf", &before[1..], data, b"\xff"].concat(), malformed("the attestation is a map without a length")),
        ([&object[..], b"\0"].concat(), malformed("there is more behind the attestation")),
    ] {
        let mut response = right.clone();
        response["response"]["attestationObject"] = json!(base64url(object));
        assert_eq!(register(&response), Err(why));
    }
}

/// Registers a key whose public key is `cose`.
fn register_public_key(cose: &[u8]) -> Result<Credential, Rejected> {
    let key = SoftKey::new(b"key");
    let mut draft = key.creation();
    draft.rest.truncate(draft.rest.len() - key.cose().len());
    draft.rest.extend_from_slice(cose);
    register(&key.register(&draft))
}

#[test]
fn a_public_key_has_the_parameters_of_its_algorithm_and_no_others() {
    let bytes = |head: &[u8], length| [head, &vec![1; length]].concat();
    let (x, y) = (&bytes(b"\x21\x58\x20", 32)[..], &bytes(b"\x22\x58\x20", 32)[..]);
    let (n, e) = (&bytes(b"\x20\x59\x01\x00", 256)[..], b"\x21\x43\x01\x00\x01".as_slice());
    let (largest, too_large) = (&bytes(b"\x20\x59\x04\x00", 1024)[..], &bytes(b"\x20\x59\x04\x01", 1025)[..]);
    let (short_y, long_x) = (&bytes(b"\x22\x58\x1f", 31)[..], &bytes(b"\x21\x58\x21", 33)[..]);
    let too_small = &bytes(b"\x20\x58\xff", 255)[..];
    for right in [
        [b"\xa5\x01\x02\x03\x26\x20\x01", x, y].concat(),      // ES256
        [b"\xa5", y, x, b"\x20\x01\x03\x26\x01\x02"].concat(), // in another order
        [b"\xa4\x01\x01\x03\x27\x20\x06", x].concat(),         // EdDSA
        [b"\xa4\x01\x03\x03\x39\x01\x00", n, e].concat(),      // RS256
        [b"\xa4\x01\x03\x03\x39\x01\x00", largest, e].concat(),
    ] {
        assert_eq!(register_public_key(&right).map(|key| key.public_key), Ok(right));
    }

    for wrong in [
        [b"\xa5\x01\x02\x03\x26\x20\x02", x, y].concat(),    // on another curve
        [b"\xa5\x01\x01\x03\x26\x20\x01", x, y].concat(),    // another type of key
        [b"\xa4\x01\x02\x03\x26\x20\x01", x].concat(),       // no y
        [b"\xa4\x01\x02\x20\x01", x, y].concat(),            // no algorithm
        [b"\xa6\x01\x02\x03\x26\x20\x01", x, y, y].concat(), // y twice
        [b"\xa6\x01\x02\x03\x26\x20\x01", x, y, b"\x23\x01"].concat(), // one more
        [b"\xa5\x01\x02\x03\x26\x20\x01", x, short_y].concat(), // a short y
        [b"\xa4\x01\x02\x03\x27\x20\x06", x].concat(),       // EdDSA with another type of key
        [b"\xa4\x01\x01\x03\x27\x20\x07", x].concat(),       // on another curve
        [b"\xa5\x01\x01\x03\x27\x20\x06", x, y].concat(),    // one more
        [b"\xa4\x01\x01\x03\x27\x20\x06", long_x].concat(),  // a long x
        [b"\xa4\x01\x02\x03\x39\x01\x00", n, e].concat(),    // RS256 with another type of key
        [b"\xa5\x01\x03\x03\x39\x01\x00", n, e, y].concat(), // one more
        [b"\xa4\x01\x03\x03\x39\x01\x00", too_large, e].concat(),
        [b"\xa4\x01\x03\x03\x39\x01\x00", too_small, e].concat(), // too small
        [b"\xa4\x01\x03\x03\x39\x01\x00", n, b"\x21\x45\x01\x00\x00\x00\x01"].concat(), // a long exponent
    ] {
        let why = malformed("the public key lacks a parameter, or has one too many");
        assert_eq!(register_public_key(&wrong), Err(why), "{wrong:x?}");
    }

    // A point with one coordinate and a sign, which WebAuthn does not allow; and ES384.
    let compressed = [b"\xa5\x01\x02\x03\x26\x20\x01", x, b"\x22\xf5"].concat();
    assert_eq!(register_public_key(&compressed), Err(malformed("the CBOR is broken off or of another kind")));
    let es384 = [b"\xa5\x01\x02\x03\x38\x22\x20\x01", x, y].concat();
    assert_eq!(register_public_key(&es384), Err(Rejected::UnsupportedAlgorithm(-35)));
}
