//! Signing in for the first time, and the times after.

use super::person::{COOKIES, Person, QR, USER};
use super::world;
use super::wrong_code::ANOTHER_SECRET;
use fantoccini::Locator;
use postern_tests::browser::Look;

const CODES: Locator<'_> = Locator::Css("#codes li");

#[tokio::test]
async fn from_the_first_sign_in_to_the_next() {
    let mut world = world();
    let alice = world.mailbox("alice");
    let person = Person::at(&world, Look::DESKTOP).await;

    // The password alone leads to a picture for the phone.
    person.signs_in(&alice).await;
    let secret = person.photographs_secret(&mut world, "story-set-up").await;
    assert!(person.reads(".mailbox").await.contains(&alice.name));
    let by_hand = person.reads("#key").await.replace(' ', "");
    assert_eq!(by_hand, secret);

    // A wrong code costs nothing but another try.
    let qr = person.qr().await;
    let wrong = world.code(ANOTHER_SECRET).unwrap();
    person.clicks("details:has(#description) summary").await;
    person.types("#description", "Fairphone").await;
    person.answers(&wrong).await;
    assert!(person.reads("#code-problem").await.contains("not right"));
    assert_eq!(person.qr().await, qr);
    assert_eq!(person.sees("#description").await.prop("value").await.unwrap().as_deref(), Some("Fairphone"));

    // The right one leads to the backup codes, which have to be saved.
    let first = world.code(&secret).unwrap();
    person.answers(&first).await;
    person.is_at("/postern/backup-codes").await;
    let mut codes = Vec::new();
    for code in person.client().find_all(CODES).await.unwrap() {
        codes.push(code.text().await.unwrap());
    }
    assert_eq!(codes.len(), 10);
    codes.iter().for_each(|code| world.plant(code));
    person.clicks("form.saved button.main").await;
    person.is_at("/postern/backup-codes").await;
    person.goes_to("/").await;
    person.saves_codes().await;

    person.is_in(&alice).await;
    let body = person.opens(&alice.private_subject()).await;
    assert!(body.contains("The numbers that you asked for."), "{body}");
    person.browser.screenshot("story-mailbox").await.unwrap();
    assert_eq!(person.cookies().await, COOKIES, "the webmail's own cookies stay behind the front");
    person.signs_out().await;
    person.goes_to("/?_task=mail").await;
    person.sees(USER).await;

    // From now on a code is asked for, and each is good for once.
    person.signs_in(&alice).await;
    person.is_at("/postern/code").await;
    person.does_not_see(QR).await;
    assert_eq!(person.reads(".method").await, "Fairphone");
    person.answers(&first).await;
    assert!(person.reads("#code-problem").await.contains("each code works only once"));
    person.gets_in(&world.next_code(&secret), &alice).await;
    let seen = person.client().current_url().await.unwrap();
    assert!(!seen.as_str().contains(&secret), "{seen}");
    let upstream = world.roundcube().requests();
    for secret in codes.iter().chain([&secret, &alice.password]) {
        assert!(!upstream.contains(secret.as_str()));
    }
    assert_eq!(world.roundcube().errors(), "");
}

#[tokio::test]
async fn a_set_up_can_be_cancelled_and_read_in_another_language() {
    let world = world();
    let alice = world.mailbox("alice");
    let person = Person::signed_in(&world, Look::DESKTOP, &alice).await;
    assert_eq!(person.reads("h1").await, "Set up your phone for sign-in");
    let qr = person.qr().await;
    person.follows("button[lang=fr]").await;
    person.sees("html[lang=fr]").await;
    assert_eq!(person.reads("h1").await, "Associez votre téléphone");
    assert_eq!(drawn(&person.qr().await), drawn(&qr));
    person.follows("button[lang=en]").await;
    person.sees("html[lang=en]").await;
    assert_eq!(person.qr().await, qr);
    person.follows("button[form=cancel]").await;
    person.sees(USER).await;
    person.goes_to("/postern/set-up").await;
    person.sees(USER).await;
}

#[tokio::test]
async fn a_browser_that_prefers_french_is_answered_in_french() {
    let world = world();
    let bob = world.mailbox("bob");
    let person = Person::at(&world, Look::PHONE.in_language("fr")).await;
    person.signs_in(&world.mailbox("alice")).await;
    assert_eq!(person.reads("h1").await, "Associez votre téléphone");
    person.follows("button[form=cancel]").await;

    // Who is not enabled notices nothing at all.
    person.signs_in(&bob).await;
    person.is_in(&bob).await;
}

/// The picture without its name, which is in the reader's language.
fn drawn(svg: &str) -> &str {
    svg.split_once("<path").unwrap().1
}
