//! A link to a message, or to a mail to be written, is followed before signing in: it leads there afterwards.

use super::person::Person;
use super::world;
use postern_tests::browser::Look;

const LINK: &str = "/?_task=mail&_action=compose&_to=dave%40example.com&_subject=Hello%20there";

async fn writes_to_dave(person: &Person) {
    let to = person.sees("#_to").await.prop("value").await.unwrap().unwrap_or_default();
    assert!(to.contains("dave@example.com"), "{to}");
    let subject = person.sees("#compose-subject").await.prop("value").await.unwrap();
    assert_eq!(subject.as_deref(), Some("Hello there"));
}

#[tokio::test]
async fn a_mail_that_was_to_be_written_is_written_after_the_code() {
    let mut world = world();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|person| world.mailbox(person));
    let secret = world.protect(&alice);
    let person = Person::at(&world, Look::DESKTOP).await;
    person.signs_in_at(LINK, &alice).await;
    person.is_at("/postern/code").await;
    person.answers("000000").await;
    person.answers(&world.code(&secret).unwrap()).await;
    writes_to_dave(&person).await;

    // Where no code is asked,
    let person = Person::at(&world, Look::PHONE).await;
    person.signs_in_at(LINK, &bob).await;
    writes_to_dave(&person).await;

    // and where the phone is set up first.
    world.enable(&carol);
    let person = Person::at(&world, Look::DESKTOP).await;
    person.signs_in_at(LINK, &carol).await;
    let secret = person.offered_secret(&mut world).await;
    person.answers(&world.code(&secret).unwrap()).await;
    person.saves_codes().await;
    writes_to_dave(&person).await;
}

#[tokio::test]
async fn what_stands_behind_the_hash_goes_along() {
    let mut world = world();
    let (alice, secret) = world.protected("alice");
    let person = Person::signed_in(&world, Look::DESKTOP, &alice).await;
    // As a webmail leaves it in the address whose script has signed in.
    person.goes_to("/#/mailbox/INBOX/m5").await;
    person.is_at("/postern/code").await;
    // Past a form: Roundcube itself makes nothing of it, and takes it out of the address.
    person.answers("000000").await;
    person.sees("#code-problem").await;
    let here = person.client().current_url().await.unwrap();
    assert_eq!(here.fragment(), Some("/mailbox/INBOX/m5"), "{here}");
    person.gets_in(&world.code(&secret).unwrap(), &alice).await;
}
