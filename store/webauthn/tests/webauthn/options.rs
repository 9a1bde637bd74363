//! The options for the browser, the stored data of a key, and the user that a key belongs to.

use postern_webauthn::{Credential, NoRelyingParty, Rejected, RelyingParty, User};
use serde_json::{Value, json};

use super::soft_key::SoftKey;
use super::{CHALLENGE, HANDLE, base64url, example_org};

fn usb() -> Credential {
    Credential { transports: vec!["usb".to_owned()], ..SoftKey::new(b"one").credential(0) }
}

#[test]
fn creation_asks_for_any_key_that_is_not_there_yet() {
    let user = User { handle: HANDLE, mailbox: "zoé@example.org" };
    let options = example_org().begin_registration(user, [&usb()], &CHALLENGE);
    let expected = json!({
        "rp": { "id": "example.org", "name": "Postern" },
        "user": { "id": base64url(HANDLE), "name": "zoé@example.org", "displayName": "zoé@example.org" },
        "challenge": base64url(CHALLENGE),
        "pubKeyCredParams": [
            { "type": "public-key", "alg": -8 },
            { "type": "public-key", "alg": -7 },
            { "type": "public-key", "alg": -257 },
        ],
        "timeout": 300_000,
        "excludeCredentials": [{ "type": "public-key", "id": base64url("one"), "transports": ["usb"] }],
        "authenticatorSelection": {
            "residentKey": "discouraged", "requireResidentKey": false, "userVerification": "discouraged",
        },
        "attestation": "none",
    });
    assert_eq!(serde_json::from_str::<Value>(&options).unwrap(), expected);
}

#[test]
fn a_request_names_the_account_s_keys() {
    let options = example_org().begin_assertion([&usb(), &SoftKey::new(b"two").credential(9)], &CHALLENGE);
    let expected = json!({
        "challenge": base64url(CHALLENGE),
        "timeout": 300_000,
        "rpId": "example.org",
        "allowCredentials": [
            { "type": "public-key", "id": base64url("one"), "transports": ["usb"] },
            { "type": "public-key", "id": base64url("two") },
        ],
        "userVerification": "discouraged",
    });
    assert_eq!(serde_json::from_str::<Value>(&options).unwrap(), expected);
}

#[test]
fn no_name_ends_the_script_element_around_the_options() {
    let name = "</script><!--<script>";
    let relying_party = RelyingParty::new("https://example.org", name).unwrap();
    let options = relying_party.begin_registration(User { handle: HANDLE, mailbox: name }, [], &CHALLENGE);
    assert!(!options.contains('<'), "{options}");
    let options: Value = serde_json::from_str(&options).unwrap();
    assert_eq!((&options["rp"]["name"], &options["user"]["name"]), (&json!(name), &json!(name)));
}

#[test]
fn a_credential_is_kept_as_json() {
    let json = json!({
        "id": base64url("one"), "public_key": base64url(usb().public_key), "counter": 0, "transports": ["usb"],
    });
    let mut kept = usb();
    kept.public_key = serde_json::from_value::<Credential>(json.clone()).unwrap().public_key;
    assert_eq!(serde_json::from_value::<Credential>(serde_json::to_value(&kept).unwrap()).unwrap(), kept);
    assert_eq!(serde_json::to_value(&kept).unwrap(), json);
}

#[test]
fn ways_to_a_key_that_are_not_known_are_left_out() {
    let key = SoftKey::new(b"key");
    let mut response = key.register(&key.creation());
    for (sent, kept) in [
        (json!(["nfc", "usb", "nfc", "<b>", "pigeon"]), vec!["usb", "nfc"]),
        (json!([]), vec![]),
        (json!(["hybrid", "internal", "ble", "smart-card"]), vec!["ble", "smart-card", "hybrid", "internal"]),
    ] {
        response["response"]["transports"] = sent;
        let credential = example_org().finish_registration(&CHALLENGE, &response.to_string()).unwrap();
        assert_eq!(credential.transports, kept);
    }
}

#[test]
fn a_relying_party_is_an_https_host() {
    for (url, id, origin) in [
        ("https://webmail.example.com/", "webmail.example.com", "https://webmail.example.com"),
        ("https://webmail.example.com", "webmail.example.com", "https://webmail.example.com"),
        ("https://Webmail.Example.COM:443/mail?x#y", "webmail.example.com", "https://webmail.example.com"),
        ("https://localhost:8443/", "localhost", "https://localhost:8443"),
        ("https://xn--caf-dma.example/", "xn--caf-dma.example", "https://xn--caf-dma.example"),
    ] {
        let relying_party = RelyingParty::new(url, "Postern").unwrap();
        assert_eq!((relying_party.id(), relying_party.origin()), (id, origin), "{url}");
    }
    let without_https = [
        "http://example.org/",
        "example.org",
        "https://example.org:port/",
        "https://example.org:+443/",
        "https://example.org:65536/",
    ];
    let without_name = [
        "https://",
        "https:///path",
        "https://.example.org/",
        "https://example.org./",
        "https://user@example.org/",
        "https://192.0.2.1/",
        "https://[2001:db8::1]:8443/",
        "https://café.example/",
    ];
    let refused = without_https.map(|url| (url, NoRelyingParty::NotHttps)).into_iter();
    for (url, why) in refused.chain(without_name.map(|url| (url, NoRelyingParty::NotAName))) {
        assert_eq!(RelyingParty::new(url, "Postern"), Err(why), "{url}");
    }
}

#[test]
fn a_refusal_tells_little_of_unverified_input() {
    let told = Rejected::WrongOrigin("\n\u{1b}[31m".repeat(1000)).to_string();
    assert!(told.len() < 1000 && !told.contains(['\n', '\u{1b}']), "{told}");
}
