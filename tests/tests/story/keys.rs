//! Security keys that do what they must not: one that was copied, of either generation, in Chromium; and in software one
//! that is brought to two accounts.

use super::person::Person;
use super::visitor::Visitor;
use super::world;
use postern_tests::browser::Look;
use postern_tests::security_key::SecurityKey;
use serde_json::json;

#[tokio::test]
async fn a_copied_key_is_found_out_by_its_counter() {
    let world = world();
    for (protocol, name) in [("ctap2", "alice"), ("u2f", "bob")] {
        let mailbox = world.mailbox(name);
        world.enable(&mailbox);
        let person = Person::at(&world, Look::DESKTOP).await;
        let key = person.plugs_in(protocol).await;
        person.signs_in(&mailbox).await;
        person.follows("button[value=key]").await;
        person.follows("button.main").await;
        person.saves_codes().await;
        person.is_in(&mailbox).await;
        person.signs_out().await;
        let kept = json!({ "authenticatorId": key });
        let mut kept = person.browser.devtools("WebAuthn.getCredentials", kept).await.unwrap()["credentials"][0].take();
        // A key of the first generation does not know it.
        kept["rpId"] = json!("localhost");
        // The owner goes on using it: the copy stays behind.
        person.signs_in(&mailbox).await;
        person.is_in(&mailbox).await;
        person.signs_out().await;

        let thief = Person::at(&world, Look::DESKTOP).await;
        let copy = thief.plugs_in(protocol).await;
        let add = json!({ "authenticatorId": copy, "credential": kept });
        thief.browser.devtools("WebAuthn.addCredential", add).await.unwrap();
        thief.signs_in(&mailbox).await;
        thief.sees("main .problem").await;
        thief.is_at("/postern/code").await;

        // Nobody can tell the two apart: the owner is not asked for the key any more, and goes another way.
        person.signs_in(&mailbox).await;
        person.is_at("/postern/code").await;
        person.sees("form[action$='/postern/backup-code']").await;
    }
}

/// What the page hands to the browser for the key.
fn options(visitor: &Visitor, path: &str) -> String {
    let page = visitor.get(path);
    page.between("id=\"options\"", "</script>").split_once('>').unwrap().1.to_owned()
}

#[test]
fn a_key_belongs_to_one_account_and_its_counter_grows() {
    let world = world();
    let key = SecurityKey::new(b"the same on both").unwrap();
    let enrols = |name: &str| {
        world.enable(&world.mailbox(name));
        let visitor = Visitor::enrolling(&world, &world.mailbox(name));
        visitor.post("/postern/set-up-with", &[("method", "key")]).leads_to("/postern/set-up");
        let response = key.register(&options(&visitor, "/postern/set-up"), &visitor.address("")).unwrap();
        let answer = visitor.post("/postern/set-up", &[("response", &response)]);
        (visitor, answer)
    };
    let (alice, answer) = enrols("alice");
    answer.leads_to("/postern/backup-codes");
    alice.post("/postern/saved", &[("saved", "yes")]);
    assert!(alice.is_in());
    let (bob, answer) = enrols("bob");
    answer.shows(answer.status, "This key is set up already");
    bob.get("/postern/backup-codes").leads_to("/postern/set-up");
    assert!(!bob.is_in());
    let shown = world.admin_json("account show bob@example.com");
    assert_eq!((&shown["state"], &shown["methods"]), (&json!("enrolling"), &json!([])));

    let asked = || {
        let visitor = Visitor::challenged(&world, &world.mailbox("alice"));
        let question = options(&visitor, "/postern/code");
        (visitor, question)
    };
    let signs = |(visitor, question): &(Visitor, String), counter| {
        let response = key.sign(question, &visitor.address(""), counter).unwrap();
        (visitor.post("/postern/code", &[("response", &response)]), response)
    };
    let owner = asked();
    let (answer, response) = signs(&owner, 5);
    answer.lets_in();
    assert!(owner.0.is_in());
    let (again, _) = asked();
    again.post("/postern/code", &[("response", &response)]);
    assert!(!again.is_in(), "replayed");

    // The copy is one behind: neither it nor the key itself is taken from then on.
    let (copy, late) = (asked(), asked());
    signs(&copy, 5).0.shows(403, "This security key cannot be used any more");
    signs(&late, 6).0.shows(403, "This security key cannot be used any more");
    assert!(!copy.0.is_in() && !late.0.is_in());
    assert_eq!(world.methods(&world.mailbox("alice"))[0]["copied"], json!(true));
    let visitor = Visitor::challenged(&world, &world.mailbox("alice"));
    visitor.get("/postern/methods").shows(200, "Backup code");
    assert!(!visitor.get("/postern/code").body.contains("id=\"options\""));
}
