//! Suspensions: they end by themselves, and permanently.

use crate::calls::Refuses;
use crate::home::{Home, Running};
use crate::people::ALICE;
use crate::wall_clock::HOUR;
use postern_wire::admin::{Action, State};
use postern_wire::auth::AskVerdict;

/// The standing of a sign-in without a code.
fn unasked(posternd: &Running<'_>) -> String {
    match posternd.ask(ALICE) {
        AskVerdict::NotRequired { standing, .. } => standing,
        verdict => panic!("{verdict:?}"),
    }
}

fn is_challenged(posternd: &Running<'_>) -> bool {
    matches!(posternd.ask(ALICE), AskVerdict::Challenge { .. })
}

#[test]
fn an_hour_and_a_second_later_the_code_is_asked_again() {
    let home = Home::with_clock();
    let (posternd, alice) = home.start_with_alice();
    let watch = posternd.watch();
    assert_eq!(posternd.suspend(ALICE, 1).unwrap().after.state, State::Suspended);
    watch.tells_of(ALICE);
    let standing = unasked(&posternd);
    home.clock().advance(HOUR - 1);
    assert_eq!(unasked(&posternd), standing);
    assert!(!posternd.is_over(ALICE, &standing));

    home.clock().advance(2);
    assert!(is_challenged(&posternd));
    assert!(posternd.is_over(ALICE, &standing));
    watch.tells_of(ALICE); // fronts are told without any other event
    let ended = posternd.audit(None).pop().unwrap();
    assert_eq!((ended.action.as_str(), ended.actor.as_str()), ("suspension ended", "posternd"));

    home.clock().advance(-HOUR / 2);
    assert!(is_challenged(&posternd), "what has ended does not come back with the clock");
    home.clock().advance(HOUR / 2);
    assert_eq!(posternd.answer(ALICE, &posternd.code(&alice)).reason(), None, "with the secret that it had");
}

#[test]
fn a_suspension_ends_while_the_daemon_is_down() {
    let home = Home::with_clock();
    let (posternd, _) = home.start_with_alice();
    posternd.suspend(ALICE, 1).unwrap();
    posternd.kill();
    home.clock().advance(HOUR + 1);
    let posternd = home.start();
    assert!(is_challenged(&posternd));
}

#[test]
fn a_clock_before_its_beginning_ends_a_suspension_too() {
    let home = Home::with_clock();
    let (posternd, _) = home.start_with_alice();
    posternd.suspend(ALICE, 720).unwrap();
    home.clock().advance(-HOUR);
    assert!(is_challenged(&posternd), "a clock that steps back must not make it longer");
}

#[test]
fn resume_ends_it_early() {
    let home = Home::with_clock();
    let (posternd, _) = home.start_with_alice();
    posternd.suspend(ALICE, 720).unwrap();
    let standing = unasked(&posternd);
    let watch = posternd.watch();
    posternd.change(ALICE, Action::Resume).unwrap();
    watch.tells_of(ALICE);
    assert!(posternd.is_over(ALICE, &standing) && is_challenged(&posternd));
}
