//! A link to a message, or to a mail to be written, is followed before signing in: it leads there afterwards.

use super::person::{PASSWORD, Person, USER};
use super::{admin, mailbox, protect, world};
use postern_tests::World;
use postern_tests::browser::Look;
use postern_tests::mailboxes::Mailbox;

const LINK: &str = "/?_task=mail&_action=compose&_to=dave%40example.com&_subject=Hello%20there";

/// Follows the link and types the password.
async fn follows(person: &Person, mailbox: &Mailbox) {
    person.goes_to(LINK).await;
    person.types(USER, &mailbox.name).await;
    person.types(PASSWORD, &mailbox.password).await;
    person.follows("#rcmloginsubmit").await;
}

async fn writes_to_dave(person: &Person) {
    let to = person.sees("#_to").await.prop("value").await.unwrap().unwrap_or_default();
    assert!(to.contains("dave@example.com"), "{to}");
    let subject = person.sees("#compose-subject").await.prop("value").await.unwrap();
    assert_eq!(subject.as_deref(), Some("Hello there"));
}

#[tokio::test]
async fn a_mail_that_was_to_be_written_is_written_after_the_code() {
    let mut world: World = world();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|person| mailbox(&world, person));
    let secret = protect(&mut world, &alice);
    let person = Person::at(&world, Look::DESKTOP).await;
    follows(&person, &alice).await;
    person.is_at("/postern/code").await;
    person.answers("000000").await;
    person.answers(&world.code(&secret).unwrap()).await;
    writes_to_dave(&person).await;

    // Where no code is asked,
    let person = Person::at(&world, Look::PHONE).await;
    follows(&person, &bob).await;
    writes_to_dave(&person).await;

    // and where the phone is set up first.
    admin(&world, &format!("account enable {}", carol.name));
    let person = Person::at(&world, Look::DESKTOP).await;
    follows(&person, &carol).await;
    person.sees(super::person::QR).await;
    let page = person.client().source().await.unwrap();
    let secret = super::visitor::between(&page, "secret=", "&").unwrap().to_owned();
    world.plant(&secret);
    person.answers(&world.code(&secret).unwrap()).await;
    person.clicks("#saved").await;
    person.follows("form.saved button.main").await;
    writes_to_dave(&person).await;
}

#[tokio::test]
async fn what_stands_behind_the_hash_goes_along() {
    let mut world = world();
    let alice = mailbox(&world, "alice");
    let secret = protect(&mut world, &alice);
    let person = Person::at(&world, Look::DESKTOP).await;
    person.signs_in(&alice).await;
    // As a webmail leaves it in the address whose script has signed in.
    person.goes_to("/#/mailbox/INBOX/m5").await;
    person.is_at("/postern/code").await;
    // Past a form: Roundcube itself makes nothing of it, and takes it out of the address.
    person.answers("000000").await;
    person.sees("#code-problem").await;
    let here = person.client().current_url().await.unwrap();
    assert_eq!(here.fragment(), Some("/mailbox/INBOX/m5"), "{here}");
    person.answers(&world.code(&secret).unwrap()).await;
    person.is_in(&alice).await;
}
