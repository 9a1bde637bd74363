//! What an administrator does to an account, and what its owner sees at the next sign-in.

use super::person::Person;
use super::visitor::Visitor;
use super::{ends_soon, world};
use postern_tests::browser::Look;

#[tokio::test]
async fn suspended_reset_removed_and_switched_off() {
    let mut world = world();
    let (alice, secret) = world.protected("alice");
    let person = Person::at(&world, Look::DESKTOP).await;

    // Suspended for an hour: no code. The hour ends, and with it what was let in meanwhile.
    world.admin(&format!("account suspend {} --hours 1", alice.name));
    person.signs_in(&alice).await;
    person.is_in(&alice).await;
    let thief = Visitor::inside(&world, &alice);
    assert!(thief.is_in());
    world.move_clock(3601).unwrap();
    ends_soon(&thief);
    person.signs_in(&alice).await;
    person.is_at("/postern/code").await;
    person.gets_in(&world.next_code(&secret), &alice).await;

    // The platform is off: no code. On again: the codes of before.
    world.admin("platform disable example");
    let other = Visitor::inside(&world, &alice);
    world.admin("platform enable example");
    ends_soon(&other);
    other.sign_in(&alice).leads_to("/postern/code");
    other.code(&world.next_code(&secret)).lets_in();

    // Reset: what is open ends at once, a new phone is set up, and the old one is worth nothing.
    assert!(other.is_in());
    world.admin(&format!("account reset {}", alice.name));
    ends_soon(&other);
    // The open page looks for new mail, hears that it is over, and goes to the sign-in form by itself.
    person.is_sent_out().await;
    person.goes_to("/?_task=mail").await;
    assert_eq!(person.reads("h1").await, "Your session has ended");
    person.signs_in(&alice).await;
    person.is_at("/postern/set-up").await;
    let new = person.offered_secret(&mut world).await;
    assert_ne!(new, secret);
    person.answers(&world.next_code(&secret)).await;
    assert!(person.reads("#code-problem").await.contains("not right"));
    person.answers(&world.code(&new).unwrap()).await;
    person.saves_codes().await;
    person.is_in(&alice).await;

    // Removed: no code.
    world.admin(&format!("account remove {}", alice.name));
    person.signs_in(&alice).await;
    person.is_in(&alice).await;
}

#[test]
fn what_is_enabled_or_suspended_later_asks_from_then_on() {
    let world = world();
    let bob = world.mailbox("bob");
    let visitor = Visitor::inside(&world, &bob);
    world.enable(&bob);
    ends_soon(&visitor);
    visitor.sign_in(&bob).leads_to("/postern/set-up");
    // Suspended in the middle of a set-up: it is asked for another time.
    world.admin(&format!("account suspend {} --hours 1", bob.name));
    visitor.get("/postern/set-up").shows(401, "Your session has ended");
    visitor.sign_in_without(&bob);
    world.admin(&format!("account resume {}", bob.name));
    ends_soon(&visitor);
}

#[test]
fn two_browsers_set_up_one_account_and_one_of_them_wins() {
    let mut world = world();
    let alice = world.mailbox("alice");
    let [first, second] = [(); 2].map(|()| Visitor::enrolling(&world, &alice));
    let secrets = [&first, &second].map(Visitor::offered_secret);
    secrets.iter().for_each(|secret| world.plant(secret));
    let confirm =
        |visitor: &Visitor, secret: &str| visitor.post("/postern/set-up", &[("code", &world.code(secret).unwrap())]);
    confirm(&second, &secrets[1]).leads_to("/postern/backup-codes");
    confirm(&first, &secrets[0]).shows(401, "Your session has ended");
    first.sign_in(&alice).leads_to("/postern/code");
    let methods = world.methods(&alice);
    assert_eq!(methods.iter().filter(|method| method["kind"] == "totp").count(), 1, "{methods:?}");
}

#[test]
fn a_new_password_ends_the_sessions_of_the_old_one() {
    let mut world = world();
    let bob = world.mailbox("bob");
    let old = Visitor::inside(&world, &bob);
    world.dovecot().set_password(&bob.name, "another word").unwrap();
    world.plant("another word");
    assert_eq!(old.sign_in(&bob).status, 401);
    let new = Visitor::inside(&world, &world.mailbox("bob"));
    ends_soon(&old);
    assert!(new.is_in());
}
