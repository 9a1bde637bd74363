//! Wrong codes.

use crate::authenticator::wrong_code;
use crate::calls::{Refuses, exchange, refusal};
use crate::home::{Home, Running};
use crate::messages::answer_of;
use crate::people::{ALICE, Enrolled};
use postern_wire::admin::{Action, State};
use postern_wire::auth::{AskVerdict, Channel, Reason};

/// Number of successive wrong codes that lock a channel, and the duration of the lock in seconds.
const FAILURES: u32 = 5;
const LOCK: i64 = 30;

fn lock(posternd: &Running<'_>, alice: &Enrolled) {
    let wrong = wrong_code(&alice.secret, posternd.home.clock().now());
    for failures in 1..=FAILURES {
        let refusal = refusal(posternd.answer(ALICE, &wrong));
        assert_eq!((refusal.reason, refusal.failures), (Reason::Wrong, Some(failures)));
    }
}

fn is_locked_until(posternd: &Running<'_>, until: i64) -> bool {
    matches!(posternd.ask(ALICE), AskVerdict::Refused(refusal)
        if refusal.reason == Reason::Locked && refusal.until == Some(until))
}

/// The raw bytes of the daemon's reply.
fn reply(home: &Home, code: &str) -> Vec<u8> {
    let answer = serde_json::to_string(&answer_of(ALICE, Channel::Webmail, code)).unwrap();
    let reply = exchange(
        &home.auth(),
        format!("{{\"method\":\"org.postern.Auth.Answer\",\"parameters\":{answer}}}\0").as_bytes(),
    );
    assert!(reply.ends_with(&[0]));
    reply
}

#[test]
fn the_fifth_wrong_code_locks_the_channel_and_a_restart_does_not_unlock_it() {
    let home = Home::with_clock();
    let (mut posternd, alice) = home.start_with_alice();
    lock(&posternd, &alice);
    let until = home.clock().now() + LOCK;
    for _ in 0..2 {
        assert!(is_locked_until(&posternd, until));
        assert_eq!(posternd.show(ALICE).unwrap().state, State::Locked);
        let (right, wrong) = (posternd.code(&alice), wrong_code(&alice.secret, home.clock().now()));
        let refused = reply(&home, &right);
        assert_eq!(refused, reply(&home, &wrong), "a right code must not be told from a wrong one");
        assert_eq!(refused, reply(&home, &alice.backup_codes[0]));
        posternd.kill();
        posternd = home.start();
    }
    assert_eq!(
        posternd.show(ALICE).unwrap().failures["webmail"],
        FAILURES,
        "what a closed door refuses does not count"
    );
    home.clock().advance(LOCK - 1);
    assert!(is_locked_until(&posternd, until));
    home.clock().advance(2);
    assert!(matches!(posternd.ask(ALICE), AskVerdict::Challenge { .. }));
    assert_eq!(posternd.answer(ALICE, &posternd.code(&alice)).reason(), None);
    assert!(posternd.show(ALICE).unwrap().failures.is_empty(), "a right code ends the count");
}

#[test]
fn the_next_wrong_code_costs_twice_as_much_and_other_channels_stay_open() {
    let home = Home::with_clock();
    let (posternd, alice) = home.start_with_alice();
    lock(&posternd, &alice);
    home.clock().advance(LOCK + 1);
    let refused = refusal(posternd.answer(ALICE, &wrong_code(&alice.secret, home.clock().now())));
    assert_eq!(refused.failures, Some(FAILURES + 1));
    assert!(is_locked_until(&posternd, home.clock().now() + 2 * LOCK));

    assert!(matches!(posternd.ask_at(ALICE, Channel::Pam), AskVerdict::Challenge { .. }));
    posternd.change(ALICE, Action::Unlock).unwrap();
    assert_eq!(posternd.answer(ALICE, &posternd.code(&alice)).reason(), None);
}

#[test]
fn a_clock_that_steps_back_does_not_shorten_a_lock() {
    let home = Home::with_clock();
    let (posternd, alice) = home.start_with_alice();
    lock(&posternd, &alice);
    let until = home.clock().now() + LOCK;
    home.clock().advance(-crate::wall_clock::HOUR);
    assert!(is_locked_until(&posternd, until));
}
