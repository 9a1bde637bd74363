//! What an administrator does to an account, and what its owner sees at the next sign-in.

use super::person::{Person, USER};
use super::visitor::{Visitor, between};
use super::{admin, ends_soon, mailbox, next_code, protect, world};
use postern_tests::browser::Look;

#[tokio::test]
async fn suspended_reset_removed_and_switched_off() {
    let mut world = world();
    let alice = mailbox(&world, "alice");
    let secret = protect(&mut world, &alice);
    let person = Person::at(&world, Look::DESKTOP).await;
    let thief = Visitor::new(&world);

    // Suspended for an hour: no code. The hour ends, and with it what was let in meanwhile.
    admin(&world, &format!("account suspend {} --hours 1", alice.name));
    person.signs_in(&alice).await;
    person.is_in(&alice).await;
    thief.sign_in_without(&alice);
    assert!(thief.is_in());
    world.move_clock(3601).unwrap();
    ends_soon(&thief);
    person.signs_in(&alice).await;
    person.is_at("/postern/code").await;
    person.answers(&next_code(&mut world, &secret)).await;
    person.is_in(&alice).await;

    // The platform is off: no code. On again: the codes of before.
    admin(&world, "platform disable example");
    let other = Visitor::new(&world);
    other.sign_in_without(&alice);
    admin(&world, "platform enable example");
    ends_soon(&other);
    other.sign_in(&alice).leads_to("/postern/code");
    assert!(other.code(&next_code(&mut world, &secret)).location().starts_with("/?_task=mail"));

    // Reset: what is open ends at once, a new phone is set up, and the old one is worth nothing.
    assert!(other.is_in());
    admin(&world, &format!("account reset {}", alice.name));
    ends_soon(&other);
    // The open page looks for new mail, hears that it is over, and goes to the sign-in form by itself.
    let refresh = async { drop(person.client().execute("rcmail.refresh()", vec![]).await.unwrap()) };
    person.leaves_by(refresh).await;
    person.sees(USER).await;
    person.goes_to("/?_task=mail").await;
    assert_eq!(person.reads("h1").await, "Your session has ended");
    person.signs_in(&alice).await;
    person.is_at("/postern/set-up").await;
    let uri = person.sees("a[href^=otpauth]").await.attr("href").await.unwrap().unwrap();
    let new = between(&uri, "secret=", "&").unwrap().to_owned();
    world.plant(&new);
    assert_ne!(new, secret);
    person.answers(&next_code(&mut world, &secret)).await;
    assert!(person.reads("#code-problem").await.contains("not right"));
    person.answers(&world.code(&new).unwrap()).await;
    person.is_at("/postern/backup-codes").await;
    person.clicks("#saved").await;
    person.follows("form.saved button.main").await;
    person.is_in(&alice).await;

    // Removed: no code.
    admin(&world, &format!("account remove {}", alice.name));
    person.signs_in(&alice).await;
    person.is_in(&alice).await;
}

#[test]
fn what_is_enabled_or_suspended_later_asks_from_then_on() {
    let world = world();
    let bob = mailbox(&world, "bob");
    let visitor = Visitor::new(&world);
    visitor.sign_in_without(&bob);
    admin(&world, &format!("account enable {}", bob.name));
    ends_soon(&visitor);
    visitor.sign_in(&bob).leads_to("/postern/set-up");
    // Suspended in the middle of a set-up: it is asked for another time.
    admin(&world, &format!("account suspend {} --hours 1", bob.name));
    visitor.get("/postern/set-up").shows(401, "Your session has ended");
    visitor.sign_in_without(&bob);
    admin(&world, &format!("account resume {}", bob.name));
    ends_soon(&visitor);
}

#[test]
fn two_browsers_set_up_one_account_and_one_of_them_wins() {
    let mut world = world();
    let alice = mailbox(&world, "alice");
    let [first, second] = [Visitor::new(&world), Visitor::new(&world)];
    for visitor in [&first, &second] {
        visitor.sign_in(&alice).leads_to("/postern/set-up");
    }
    let secrets = [&first, &second].map(Visitor::offered_secret);
    secrets.iter().for_each(|secret| world.plant(secret));
    let confirm =
        |visitor: &Visitor, secret: &str| visitor.post("/postern/set-up", &[("code", &world.code(secret).unwrap())]);
    confirm(&second, &secrets[1]).leads_to("/postern/backup-codes");
    confirm(&first, &secrets[0]).shows(401, "Your session has ended");
    first.sign_in(&alice).leads_to("/postern/code");
    let listed = admin(&world, &format!("account show {} --json", alice.name));
    assert_eq!(
        listed.matches("\"kind\": \"totp\"").count() + listed.matches("\"kind\":\"totp\"").count(),
        1,
        "{listed}"
    );
}

#[test]
fn a_new_password_ends_the_sessions_of_the_old_one() {
    let mut world = world();
    let bob = mailbox(&world, "bob");
    let [old, new] = [Visitor::new(&world), Visitor::new(&world)];
    old.sign_in_without(&bob);
    world.backend.as_mut().unwrap().dovecot.set_password(&bob.name, "another word").unwrap();
    world.plant("another word");
    assert_eq!(old.sign_in(&bob).status, 401);
    new.sign_in_without(&mailbox(&world, "bob"));
    ends_soon(&old);
    assert!(new.is_in());
}
