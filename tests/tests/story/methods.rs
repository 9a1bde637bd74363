//! Other methods than an authenticator app, from the first sign-in to the next: texts and mails that arrive here, a
//! security key in the browser, an enrolment code, and the way out of whoever has lost everything.

use super::pages::{presses, tabs_to};
use super::person::{Person, QR};
use super::world;
use fantoccini::key::Key;
use postern_tests::World;
use postern_tests::browser::Look;
use postern_tests::mailboxes::Mailbox;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

const NUMBER: &str = "+33612345678";
/// Seconds until another code may be sent to the same number.
const AGAIN: i64 = 30;

/// Where the texts and mails of a world arrive.
struct Arrivals {
    texts: PathBuf,
    mails: PathBuf,
}

impl Arrivals {
    /// Has the daemon send to here.
    fn at(world: &mut World) -> Self {
        let directory = &world.files.directory;
        let (texts, mails) = (directory.join("text"), directory.join("mail"));
        let sendmail = directory.join("sendmail");
        fs::write(&sendmail, format!("#!/bin/sh\nexec cat > '{}'\n", mails.display())).unwrap();
        fs::set_permissions(&sendmail, fs::Permissions::from_mode(0o700)).unwrap();
        let senders = format!(
            "[sms]\ncommand = [\"/usr/bin/tee\", \"{}-{{digits}}\"]\nhost = \"localhost\"\n\
             [mail]\nfrom = \"Postern <postern@example.com>\"\nsendmail = \"{}\"\n",
            texts.display(),
            sendmail.display()
        );
        world.configure_posternd(|text| text.to_owned() + &senders).unwrap();
        Self { texts, mails }
    }

    /// The code in the last text to [`NUMBER`].
    fn texted(&self) -> String {
        code_in(&fs::read_to_string(format!("{}-{}", self.texts.display(), &NUMBER[1..])).unwrap())
    }

    /// The code in the last mail.
    fn mailed(&self) -> String {
        code_in(&fs::read_to_string(&self.mails).unwrap())
    }
}

#[track_caller]
fn code_in(text: &str) -> String {
    let is_code = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
    // The head of a mail has numbers of its own.
    let body = text.split_once("\n\n").or(text.split_once("\r\n\r\n")).map_or(text, |(_, body)| body);
    body.split(|c: char| !c.is_ascii_alphanumeric())
        .find(is_code)
        .unwrap_or_else(|| panic!("no code: {text}"))
        .to_owned()
}

/// Another code than this one.
fn other_than(code: &str) -> &'static str {
    if code == "111111" { "222222" } else { "111111" }
}

/// Saves the backup codes, sees the mail, and signs out.
async fn has_set_up(person: &Person, mailbox: &Mailbox) {
    person.saves_codes().await;
    person.is_in(mailbox).await;
    person.signs_out().await;
}

#[tokio::test]
async fn a_phone_that_gets_texts() {
    let mut world = world();
    let arrivals = Arrivals::at(&mut world);
    let alice = world.mailbox("alice");
    let person = Person::signed_in(&world, Look::DESKTOP, &alice).await;
    person.follows_and_looks("button[value=sms]", "set-up-sms").await;
    person.types("#to", "0612345678").await;
    person.follows_and_looks("button.main", "set-up-sms-unfit").await;
    person.sees("#to").await.clear().await.unwrap();
    person.types("#to", "+33 6 12 34 56 78").await;
    person.follows("button.main").await;
    assert!(person.reads(".lead").await.contains(NUMBER));
    let code = arrivals.texted();
    person.answers_and_looks(other_than(&code), "set-up-sms-wrong").await;
    person.answers(&code).await;
    has_set_up(&person, &alice).await;

    person.signs_in(&alice).await;
    person.looks_at("sms").await;
    let first = arrivals.texted();
    assert_ne!(first, code);
    // A page that is looked at sends nothing.
    person.goes_to("/postern/code").await;
    assert_eq!(arrivals.texted(), first);
    world.move_clock(AGAIN).unwrap();
    person.goes_to("/postern/code").await;
    person.follows("button[form=another]").await;
    let second = arrivals.texted();
    person.answers(&first).await;
    assert!(person.reads("#code-problem").await.contains("have another one sent"));
    person.gets_in(&second, &alice).await;
}

#[tokio::test]
async fn a_security_key() {
    let world = world();
    let alice = world.mailbox("alice");
    let person = Person::at(&world, Look::DESKTOP).await;
    person.plugs_in("ctap2").await;
    person.signs_in(&alice).await;
    person.follows_and_looks("button[value=key]", "set-up-key").await;
    person.types("#description", "On my key ring").await;
    person.follows("button.main").await;
    has_set_up(&person, &alice).await;

    // The browser asks for the key by itself.
    person.signs_in(&alice).await;
    person.is_in(&alice).await;
    let shown = world.admin(&format!("account show {} --json", alice.name));
    assert!(shown.contains("On my key ring"), "{shown}");
}

#[tokio::test]
async fn a_security_key_that_is_not_there() {
    let world = world();
    let alice = world.mailbox("alice");
    let person = Person::at(&world, Look::DESKTOP.in_language("fr")).await;
    person.plugs_in("u2f").await;
    person.signs_in(&alice).await;
    person.follows_and_looks("button[value=key]", "set-up-key").await;
    person.follows("button.main").await;
    has_set_up(&person, &alice).await;
    // Another browser, with no key.
    let person = Person::at(&world, Look::DESKTOP.in_language("fr")).await;
    person.knows_keys().await;
    person.signs_in(&alice).await;
    person.looks_at("key").await;
    person.follows_and_looks("a[href='/postern/methods']", "methods-key").await;
    person.follows_and_looks("a[href='/postern/lost']", "lost").await;
    person.types("#contact", NUMBER).await;
    person.types("#reason", "Perdue.").await;
    // What a browser that does not know `required` would send.
    person.client().execute("document.querySelector('#evidence').required = false", vec![]).await.unwrap();
    person.follows_and_looks("button.main", "lost-incomplete").await;
    person.types("#evidence", "Mon badge.").await;
    person.follows_and_looks("button.main", "requested").await;
    assert!(world.admin("request list --json").contains(NUMBER));
    let request = world.admin(&format!("request show {} --json", alice.name));
    assert!(request.contains("Mon badge."), "{request}");
    person.goes_to("/postern/cancel").await;
    person.client().delete_all_cookies().await.unwrap();

    person.signs_in(&alice).await;
    person.goes_to("/postern/lost").await;
    for field in ["#contact", "#reason", "#evidence"] {
        person.types(field, "Encore.").await;
    }
    person.follows_and_looks("button.main", "requested-before").await;
    // Whoever asked knows the password, and may be a thief: the administrator hands a code over.
    let approved: serde_json::Value = world.admin_json(&format!("request approve {}", alice.name));
    person.client().delete_all_cookies().await.unwrap();
    person.signs_in(&alice).await;
    person.is_at("/postern/set-up").await;
    person.does_not_see(QR).await;
    person.answers(approved["enrolment_code"].as_str().unwrap()).await;
    person.sees(QR).await;
}

#[tokio::test]
async fn an_enrolment_code_and_mails_to_another_address_with_the_keyboard_alone() {
    let mut world = world();
    let arrivals = Arrivals::at(&mut world);
    let bob = world.mailbox("bob");
    let enabled = world.admin_json(&format!("account enable {} --enrolment-code", bob.name));
    let code = find(&enabled, "enrolment_code").unwrap_or_else(|| panic!("{enabled}"));
    let person = Person::at(&world, Look::DESKTOP).await;
    person.types_password("/", &bob).await;
    person.leaves_by(presses(&person, &Key::Enter)).await;
    person.looks_at("enrolment-code").await;
    person.leaves_by(presses(&person, &format!("not-it{}", '\u{e007}'))).await;
    person.looks_at("enrolment-code-wrong").await;
    person.leaves_by(presses(&person, &format!("{code}{}", '\u{e007}'))).await;
    person.is_at("/postern/set-up").await;
    tabs_to(&person, "button[value=email]").await;
    person.leaves_by(presses(&person, &Key::Enter)).await;
    person.looks_at("set-up-email").await;
    person.leaves_by(presses(&person, &format!("{}{}", bob.name, '\u{e007}'))).await;
    assert!(person.reads("#to-problem").await.contains("does not lead into this mailbox"));
    person.sees("#to").await.clear().await.unwrap();
    person.leaves_by(person.types("#to", &format!("bob@elsewhere.example{}", '\u{e007}'))).await;
    person.looks_at("set-up-email-sent").await;
    person.leaves_by(presses(&person, &format!("{}{}", arrivals.mailed(), '\u{e007}'))).await;
    has_set_up(&person, &bob).await;

    person.signs_in(&bob).await;
    person.looks_at("email").await;
    person.gets_in(&arrivals.mailed(), &bob).await;
}

/// The text under this key, wherever it stands.
fn find(value: &serde_json::Value, key: &str) -> Option<String> {
    match value {
        serde_json::Value::Object(fields) => fields
            .get(key)
            .and_then(|found| found.as_str().map(str::to_owned))
            .or_else(|| fields.values().find_map(|value| find(value, key))),
        serde_json::Value::Array(values) => values.iter().find_map(|value| find(value, key)),
        _ => None,
    }
}
