//! Where a person with the right password gets to who has no code to answer with, and who wanted to go elsewhere.

use super::person::{Person, USER};
use super::visitor::Visitor;
use super::{SECURITY, world, world_with_receivers};
use postern_tests::World;
use postern_tests::browser::Look;
use postern_tests::mailboxes::Mailbox;
use std::fs;

/// Wrong codes in a row after which no code is judged for longer than a person waits at the page.
const LOCKING: usize = 9;
/// Seconds that a lock may have lasted by then, at most.
const BETWEEN: i64 = 3600;

/// Answers with wrong codes until the channel is closed for long.
fn lock(world: &mut World, mailbox: &Mailbox) {
    let wrong = |world: &World| world.code(super::wrong_code::ANOTHER_SECRET).unwrap();
    for _ in 0..LOCKING {
        let visitor = Visitor::new(world);
        visitor.sign_in(mailbox);
        for _ in 0..LOCKING {
            visitor.code(&wrong(world));
        }
        let until: Option<jiff::Timestamp> =
            world.account(mailbox)["until"].as_str().map(|until| until.parse().unwrap());
        let now = i64::try_from(world.now()).unwrap();
        match until {
            Some(until) if until.as_second() - now > 10 * 60 => return,
            Some(until) => world.move_clock((until.as_second() - now).clamp(0, BETWEEN) + 1).unwrap(),
            None => {}
        }
    }
    panic!("the account does not get locked for long");
}

#[tokio::test]
async fn a_locked_account_says_until_when_and_takes_a_request() {
    let mut world = world();
    for (language, name) in [("en", "alice"), ("fr", "bob")] {
        let (mailbox, _) = world.protected(name);
        lock(&mut world, &mailbox);
        let person = Person::signed_in(&world, Look::DESKTOP.in_language(language), &mailbox).await;
        person.sees("time").await;
        person.looks_at("locked-with-request").await;
        person.follows("a[href='/postern/lost']").await;
        person.does_not_see("a[href='/postern/methods']").await;
        for field in ["#contact", "#reason", "#evidence"] {
            person.types(field, "+33 612345678").await;
        }
        person.follows_and_looks("button.main", "requested-when-locked").await;
        assert!(world.admin("request list --json").contains(&mailbox.name));
        // That is all: the mail stays closed, and a new sign-in begins where the last one did.
        person.goes_to("/?_task=mail").await;
        person.is_at("/postern/code").await;
        person.follows("button.cancel[form=cancel]").await;
        person.sees(USER).await;
    }
}

/// The only method needs a sender, and that is switched off.
#[tokio::test]
async fn an_account_whose_codes_cannot_be_sent_takes_a_request() {
    let mut world = world_with_receivers();
    let alice = world.mailbox("alice");
    let visitor = Visitor::enrolling(&world, &alice);
    visitor.post("/postern/set-up-with", &[("method", "sms")]).leads_to("/postern/set-up");
    visitor.post("/postern/set-up", &[("destination", "+33612345678")]).leads_to("/postern/set-up");
    let text = world.receivers().next("sms", |message| message.code().is_some()).unwrap();
    visitor.post("/postern/set-up", &[("code", &text.code().unwrap())]).leads_to("/postern/backup-codes");
    visitor.post("/postern/saved", &[("saved", "yes")]);
    visitor.post("/postern/security/change", &[("change", "delete-codes")]).leads_to("/postern/code");
    let text = world.receivers().next("sms", |message| message.code().is_some()).unwrap();
    visitor.code(&text.code().unwrap()).leads_to("/postern/security");
    let config = fs::read_to_string(&world.files.posternd_config).unwrap();
    let (before, rest) = config.split_once("[sms]").unwrap();
    let without = format!("{before}[mail]{}", rest.split_once("[mail]").unwrap().1);
    fs::write(&world.files.posternd_config, without).unwrap();
    world.posternd.restart().unwrap();

    for language in ["en", "fr"] {
        let person = Person::signed_in(&world, Look::DESKTOP.in_language(language), &alice).await;
        person.looks_at("no-method").await;
        person.follows("a[href='/postern/lost']").await;
        for field in ["#contact", "#reason", "#evidence"] {
            person.types(field, "+33 612345678").await;
        }
        person.follows("button.main").await;
        person.does_not_see("form[action='/postern/lost']").await;
        assert!(world.admin("request list --json").contains(&alice.name));
    }
}

#[tokio::test]
async fn a_sign_in_on_the_way_to_the_security_page_leads_there() {
    let mut world = world();
    let (alice, secret) = world.protected("alice");
    let person = Person::at(&world, Look::DESKTOP).await;
    person.signs_in_at(SECURITY, &alice).await;
    person.is_at("/postern/code").await;
    person.answers(&world.next_code(&secret)).await;
    person.is_at(SECURITY).await;
    person.sees("section[aria-labelledby=methods]").await;
    // The mail is one step away, and the next sign-in leads there.
    person.follows("a[href='/']").await;
    person.is_in(&alice).await;
    person.signs_out().await;
    person.signs_in(&alice).await;
    person.gets_in(&world.next_code(&secret), &alice).await;
}
