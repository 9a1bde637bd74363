//! Changes of a person's own account: each is shown to the daemon with the proof that was brought for it, and with no
//! other; and a script in the webmail comes to none of our pages.

use crate::browser::ORIGIN;
use crate::front::*;
use http::Method;

const LANDING: &str = "/?_task=mail&_token=secret";
const SHOWN: &str = r#"{"verdict":"shown","mailbox":"alice@example.com","methods":[
    {"id":"t1","kind":"totp","description":"Phone","created":1}],"kinds":["totp"],"browsers":[],
    "backup_codes_left":3,"can_make_app_passwords":true,"takes_app_passwords":true}"#;
const NOT_FRESH: &str = r#"{"verdict":"refused","reason":"not_fresh"}"#;
const DONE: &str = r#"{"verdict":"done","standing":"s2","proof":"signed-in-2","backup_codes":["aaaa-bbbb"]}"#;

fn accepted(proof: &str) -> String {
    ACCEPTED.replace('}', &format!(r#","proof":"{proof}"}}"#))
}

/// Signed in with a code.
async fn signed_in(world: &World) -> crate::browser::Browser {
    world.daemon.on("Ask", CHALLENGE);
    world.daemon.on("Answer", accepted("signed-in").as_str());
    world.daemon.on("ShowSecurity", SHOWN);
    let mut browser = world.browser();
    browser.sign_in(ALICE, "right").await.leads_to("/postern/code");
    browser.post("/postern/code", &[("code", "123456")]).await.leads_to(LANDING);
    browser
}

#[tokio::test]
async fn a_change_is_carried_out_with_the_proof_that_was_brought_for_it() {
    let world = World::start().await;
    let mut browser = signed_in(&world).await;
    let call = world.daemon.calls("Answer").pop().unwrap();
    assert!(!call.contains("proves"), "a sign-in is for no change: {call}");
    let change = [("change", "backup-codes")];
    world.daemon.on("ChangeSecurity", NOT_FRESH);
    browser.post("/postern/security/change", &change).await.leads_to("/postern/code");
    browser.get("/postern/code").await.shows(200, "To make new backup codes, confirm that it is you");
    world.daemon.on("Answer", accepted("for-the-codes").as_str());
    world.daemon.on("ChangeSecurity", DONE);
    browser.post("/postern/code", &[("code", "123457")]).await.leads_to("/postern/backup-codes");
    let answer = world.daemon.calls("Answer").pop().unwrap();
    assert!(answer.contains(r#""proves":{"change":"make_backup_codes"}"#), "{answer}");
    let calls = world.daemon.calls("ChangeSecurity");
    let proofs: Vec<bool> = calls.iter().map(|call| call.contains(r#""proof":"for-the-codes""#)).collect();
    assert_eq!(proofs, [false, true], "{calls:?}");
    // It is not kept: the next change is asked for on the word of the sign-in.
    browser.post("/postern/saved", &[("saved", "yes")]).await.leads_to("/postern/security");
    world.daemon.on("ChangeSecurity", NOT_FRESH);
    browser.post("/postern/security/change", &change).await.leads_to("/postern/code");
    let last = world.daemon.calls("ChangeSecurity").pop().unwrap();
    assert!(last.contains(r#""proof":"signed-in-2""#), "{last}");
    let shown = world.daemon.calls("ShowSecurity");
    assert!(shown.iter().all(|call| !call.contains("for-the-codes")), "{shown:?}");
}

#[tokio::test]
async fn the_mail_password_is_asked_for_behind_the_code() {
    let world = World::start().await;
    let mut browser = signed_in(&world).await;
    let path = "/postern/security/change?change=app-password";
    let page = browser.get(path).await;
    assert!(!page.text.contains("type=\"password\""), "{}", page.text);
    world.daemon.on("ChangeSecurity", NOT_FRESH);
    let asked = [("change", "app-password"), ("description", "Phone"), ("password", "too early")];
    browser.post("/postern/security/change", &asked).await.leads_to("/postern/code");
    assert!(!world.daemon.calls("ChangeSecurity").pop().unwrap().contains("too early"));
    world.daemon.on("Answer", accepted("for-the-app").as_str());
    browser.post("/postern/code", &[("code", "123457")]).await.leads_to(&format!("{path}&description=Phone"));
    browser.get(path).await.shows(200, "type=\"password\"");
    world.daemon.on("ChangeSecurity", r#"{"verdict":"refused","reason":"wrong"}"#);
    let with = |password| [("change", "app-password"), ("description", "Phone"), ("password", password)];
    browser.post("/postern/security/change", &with("wrong")).await.shows(403, "not the password of this mailbox");
    let made = r#"{"verdict":"done","standing":"s2","proof":"p2","app_password":"abcde-fghij"}"#;
    world.daemon.on("ChangeSecurity", made);
    browser.post("/postern/security/change", &with("right")).await.leads_to("/postern/security/app-password");
    let call = world.daemon.calls("ChangeSecurity").pop().unwrap();
    assert!(call.contains(r#""proof":"for-the-app""#) && call.contains(r#""password":"right""#), "{call}");
}

#[tokio::test]
async fn a_script_in_the_webmail_gets_nothing_of_our_pages() {
    let world = World::start().await;
    let mut browser = signed_in(&world).await;
    let seen = |world: &World| (world.daemon.calls("ShowSecurity").len(), world.daemon.calls("ChangeSecurity").len());
    let before = seen(&world);
    let form = ("content-type", "application/x-www-form-urlencoded");
    let script = [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")];
    let frame = [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
    for sent in [script, frame] {
        for path in ["/postern/security", "/postern/security/change?change=backup-codes", "/postern/set-up"] {
            let got = browser.send(Method::GET, path, &sent, String::new()).await;
            assert_eq!(got.status, 403, "{path}");
        }
        for path in ["/postern/security/change", "/postern/code", "/postern/set-up-with", "/postern/codes.txt"] {
            let headers = [&sent[..], &[form, ("origin", ORIGIN)]].concat();
            let body = "change=backup-codes&code=123456&method=totp".to_owned();
            assert_eq!(browser.send(Method::POST, path, &headers, body).await.status, 403, "{path}");
        }
    }
    assert_eq!(seen(&world), before);
    assert_eq!(world.daemon.calls("Answer").len(), 1);
    // The person's own way there, and the parts of the pages.
    let person = [("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    let page = browser.send(Method::GET, "/postern/security", &person, String::new()).await;
    page.shows(200, "Phone");
    for name in ["cross-origin-opener-policy", "cross-origin-resource-policy"] {
        assert_eq!(page.header(name), "same-origin", "{name}");
    }
    let part = [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "style")];
    assert_eq!(browser.send(Method::GET, "/postern/style.css", &part, String::new()).await.status, 200);
}

#[tokio::test]
async fn what_cannot_be_an_id_is_a_bad_request() {
    let world = World::start().await;
    let mut browser = signed_in(&world).await;
    let (long, longer) = ("x".repeat(5000), "x".repeat(60_000));
    for kind in ["remove-method", "rename", "revoke", "revoke-trust"] {
        for id in [&long, &longer] {
            let form = [("change", kind), ("which", id.as_str())];
            browser.post("/postern/security/change", &form).await.shows(400, "");
        }
    }
    assert!(world.daemon.calls("ChangeSecurity").is_empty());
    browser.get("/postern/security").await.shows(200, "Phone");
}
