//! Values at their length limits.

use postern_webauthn::{MAX_CREDENTIAL_ID, MAX_RESPONSE, Rejected};

use super::soft_key::SoftKey;
use super::{CHALLENGE, HANDLE, example_org};

#[test]
fn a_response_has_a_bound() {
    let key = SoftKey::new(b"key");
    let (creation, request) = (key.register(&key.creation()).to_string(), key.sign(&key.request(1)).to_string());
    for (length, fits) in [(MAX_RESPONSE, true), (MAX_RESPONSE + 1, false)] {
        let registered = example_org().finish_registration(&CHALLENGE, &format!("{creation:length$}")).map(|_| ());
        let known = key.credential(0);
        let signed =
            example_org().finish_assertion(HANDLE, [&known], &CHALLENGE, &format!("{request:length$}")).map(|_| ());
        let expected = if fits { Ok(()) } else { Err(Rejected::TooLong) };
        assert_eq!((registered, signed), (expected.clone(), expected), "{length}");
    }
}

#[test]
fn an_id_has_a_bound() {
    for (length, fits) in [(0, false), (1, true), (MAX_CREDENTIAL_ID, true), (MAX_CREDENTIAL_ID + 1, false)] {
        let key = SoftKey::new(&vec![1; length]);
        let registered =
            example_org().finish_registration(&CHALLENGE, &key.register(&key.creation()).to_string()).is_ok();
        assert_eq!(registered, fits, "{length}");
    }
}

#[test]
fn cbor_that_nests_for_ever_or_promises_too_much_is_refused() {
    let key = SoftKey::new(b"key");
    let right = key.creation().rest;
    let head = &right[..right.len() - key.cose().len()];
    for cbor in [
        vec![0x81; 4096],                                                           // arrays in arrays
        vec![0x9f; 4096],                                                           // without a length
        vec![0xc1; 4096],                                                           // tags of tags
        b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),                           // a map of 2^64 - 1
        b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),                           // as many bytes
        [b"\xa5\x01\x02\x03\x26\x20\x01\x21\x5f".as_slice(), &[0x40; 64]].concat(), // bytes in pieces without an end
    ] {
        let mut draft = key.creation();
        draft.rest = [head, &cbor].concat();
        let refused = example_org().finish_registration(&CHALLENGE, &key.register(&draft).to_string());
        assert!(matches!(refused, Err(Rejected::Malformed(_))), "{refused:?}");
    }
}
