//! The sequence from enable to remove, as a user and an administrator see it.

use crate::authenticator::code;
use crate::calls::{Refuses, Watch};
use crate::home::{Home, Running};
use crate::people::{ALICE, Enrolled};
use postern_wire::admin::{Action, State};
use postern_wire::auth::{AnswerVerdict, AskVerdict, BACKUP, ConfirmVerdict, Reason};

#[test]
fn the_first_sign_in_enrols_and_the_next_one_is_asked_for_the_code() {
    let home = Home::with_clock();
    let posternd = home.start_with_platform();
    assert_eq!(posternd.change(ALICE, Action::Enable).unwrap().after.state, State::Enrolling);
    assert!(matches!(posternd.ask(ALICE), AskVerdict::Enrol { mailbox, .. } if mailbox == ALICE));

    let (ticket, secret) = posternd.offered(ALICE);
    let shown = home.code(&secret);
    assert_eq!(posternd.confirm(ALICE, &ticket, "000000").reason(), Some(Reason::Wrong));
    let ConfirmVerdict::Accepted { mailbox, method, backup_codes, standing, .. } =
        posternd.confirm(ALICE, &ticket, &shown)
    else {
        panic!("the code was refused")
    };
    backup_codes.iter().for_each(|code| home.saw(code));
    let different: std::collections::BTreeSet<_> = backup_codes.iter().map(|code| code.reveal()).collect();
    assert_eq!((mailbox.as_str(), different.len()), (ALICE, 10));
    assert!(!posternd.is_over(ALICE, &standing));

    let AskVerdict::Challenge { mailbox, methods, .. } = posternd.ask(ALICE) else { panic!("no challenge") };
    assert_eq!(mailbox, ALICE);
    let offered: Vec<_> = methods.iter().map(|offer| (offer.id.as_str(), offer.digits)).collect();
    assert_eq!(offered, [(method.as_str(), Some(6)), (BACKUP, None)]);
    assert_eq!((methods[0].kind.as_str(), methods[0].description.as_str()), ("totp", "phone"));

    assert_eq!(posternd.answer(ALICE, &shown).reason(), Some(Reason::Wrong), "the code that has enrolled");
    home.clock().advance(30);
    let shown = home.code(&secret);
    let AnswerVerdict::Accepted { standing: second, backup_codes_left: None, .. } = posternd.answer(ALICE, &shown)
    else {
        panic!("the code was refused")
    };
    assert!(!posternd.is_over(ALICE, &second));
    assert_eq!(posternd.answer(ALICE, &shown).reason(), Some(Reason::Wrong), "a code is good once");
    // The step before the accepted one is within the window, but spent together with it.
    let earlier = code(&secret, home.clock().now() - 30);
    assert_eq!(posternd.answer(ALICE, &earlier).reason(), Some(Reason::Wrong));
    posternd.stop();
}

/// Changes the state of Alice's account, which ends her session; returns the events that fronts receive from then on.
fn changes(posternd: &Running<'_>, action: Action, state: State, alice: &Enrolled) -> Watch {
    let watch = posternd.watch();
    assert_eq!(posternd.change(ALICE, action).unwrap().after.state, state);
    watch.tells_of(ALICE);
    assert!(posternd.is_over(ALICE, &alice.standing));
    watch
}

#[test]
fn a_reset_ends_the_old_secret_and_every_session_on_it() {
    let home = Home::with_clock();
    let (posternd, old) = home.start_with_alice();
    changes(&posternd, Action::Reset, State::Enrolling, &old);
    assert!(matches!(posternd.ask(ALICE), AskVerdict::Enrol { mailbox, .. } if mailbox == ALICE));
    assert_eq!(posternd.answer(ALICE, &posternd.code(&old)).reason(), Some(Reason::Stale));
    assert_eq!(posternd.answer(ALICE, &old.backup_codes[0]).reason(), Some(Reason::Stale));

    let (ticket, new) = posternd.offered(ALICE);
    assert_ne!(new, old.secret);
    assert_eq!(posternd.confirm(ALICE, &ticket, &posternd.code(&old)).reason(), Some(Reason::Wrong));
    let right = home.code(&new);
    assert_eq!(posternd.confirm(ALICE, &ticket, &right).reason(), None);
    home.clock().advance(30);
    assert_eq!(posternd.answer(ALICE, &posternd.code(&old)).reason(), Some(Reason::Wrong));
    assert_eq!(posternd.answer(ALICE, &old.backup_codes[0]).reason(), Some(Reason::Wrong));
    assert!(posternd.is_over(ALICE, &old.standing), "a new phone does not bring the old session back");
    assert_eq!(posternd.answer(ALICE, &home.code(&new)).reason(), None);
}

#[test]
fn remove_asks_for_nothing_any_more() {
    let home = Home::with_clock();
    let (posternd, old) = home.start_with_alice();
    let watch = changes(&posternd, Action::Remove, State::Off, &old);
    let AskVerdict::NotRequired { standing, .. } = posternd.ask(ALICE) else { panic!("something is asked") };
    assert!(posternd.show(ALICE).unwrap().methods.is_empty());
    assert_eq!(posternd.answer(ALICE, &posternd.code(&old)).reason(), Some(Reason::Stale));

    // A session for which no code was required ends once one is required.
    assert!(!posternd.is_over(ALICE, &standing));
    posternd.enable(ALICE);
    watch.tells_of(ALICE);
    assert!(posternd.is_over(ALICE, &standing));
}

#[test]
fn the_platforms_switch_keeps_every_secret() {
    let home = Home::with_clock();
    let (posternd, alice) = home.start_with_alice();
    let watch = posternd.watch();
    posternd.switch_platform(false);
    assert_eq!(watch.next(), None, "it is about any mailbox");
    let AskVerdict::NotRequired { standing, .. } = posternd.ask(ALICE) else { panic!("something is asked") };
    assert_eq!(posternd.answer(ALICE, &posternd.code(&alice)).reason(), Some(Reason::Stale));
    assert!(!posternd.is_over(ALICE, &standing));

    posternd.switch_platform(true);
    assert_eq!(watch.next(), None);
    assert!(posternd.is_over(ALICE, &standing), "no code was asked for it");
    assert!(!posternd.is_over(ALICE, &alice.standing), "a code was");
    assert!(matches!(posternd.ask(ALICE), AskVerdict::Challenge { .. }));
    assert_eq!(posternd.answer(ALICE, &posternd.code(&alice)).reason(), None);
}
