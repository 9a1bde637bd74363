//! The daemon is away: nobody is let in without it, and nobody who is in is thrown out for it.

use super::person::Person;
use super::visitor::Visitor;
use super::{ends_soon, world};
use postern_tests::browser::Look;

#[tokio::test]
async fn without_the_daemon_nobody_new_gets_in() {
    let mut world = world();
    let (alice, secret, bob) = world.alice_and_bob();
    let [inside, waiting, outside] = [(); 3].map(|()| Visitor::new(&world));
    inside.sign_in_with(&alice, &world.code(&secret).unwrap());
    waiting.sign_in(&alice).leads_to("/postern/code");
    let person = Person::at(&world, Look::DESKTOP).await;

    world.posternd.stop().unwrap();
    for mailbox in [&alice, &bob] {
        outside.sign_in(mailbox).shows(503, "Sign-in is not possible right now");
        assert!(!outside.is_in());
    }
    waiting.code(&world.code(&secret).unwrap()).shows(503, "Sign-in is not possible right now");
    person.signs_in(&bob).await;
    assert_eq!(person.reads("h1").await, "Sign-in is not possible right now");
    assert!(inside.is_in(), "who is in stays in");

    // It is back, and nobody has to restart anything: "Try again" leads to the form.
    world.posternd.start().unwrap();
    person.follows("a.button").await;
    person.signs_in(&bob).await;
    person.is_in(&bob).await;
    world.move_clock(postern_tests::accounts::STEP).unwrap();
    waiting.code(&world.code(&secret).unwrap()).lets_in();
    assert!(inside.is_in());
    world.admin(&format!("account reset {}", alice.name));
    ends_soon(&inside);
    ends_soon(&waiting);
}

#[test]
fn without_the_webmail_the_front_says_so() {
    let mut world = world();
    let bob = world.mailbox("bob");
    let visitor = Visitor::inside(&world, &bob);
    world.backend.as_mut().unwrap().roundcube.web.kill();
    for target in ["/", "/?_task=mail"] {
        visitor.get(target).shows(503, "The webmail does not answer");
    }
    Visitor::new(&world).sign_in(&bob).shows(503, "Sign-in is not possible right now");
    world.backend.as_mut().unwrap().roundcube.web.start().unwrap();
    assert!(visitor.is_in());
}
