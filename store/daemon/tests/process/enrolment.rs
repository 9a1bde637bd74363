//! Tickets and backup codes.

use crate::authenticator::code;
use crate::calls::Refuses;
use crate::home::Home;
use crate::messages::answer_of;
use crate::people::ALICE;
use postern_wire::Secret;
use postern_wire::admin::Action;
use postern_wire::auth::{AnswerVerdict, Channel, EnrolVerdict, Reason};
use std::sync::Barrier;
use std::thread;

/// Lifetime of a ticket in seconds.
const TICKET: i64 = 15 * 60;

#[test]
fn of_two_enrolments_at_once_the_first_to_end_wins() {
    let home = Home::with_clock();
    let posternd = home.start_with_platform();
    posternd.enable(ALICE);
    let tickets = [posternd.offered(ALICE), posternd.offered(ALICE)];
    assert_ne!(tickets[0].1, tickets[1].1);
    let together = Barrier::new(tickets.len());
    let reasons: Vec<_> = thread::scope(|scope| {
        let confirm = |(ticket, secret): &(Secret, String)| {
            let right = home.code(secret);
            together.wait();
            posternd.confirm(ALICE, ticket, &right).reason()
        };
        let threads = tickets.each_ref().map(|ticket| scope.spawn(move || confirm(ticket)));
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(reasons == [None, Some(Reason::Stale)] || reasons == [Some(Reason::Stale), None], "{reasons:?}");
    assert_eq!(posternd.show(ALICE).unwrap().methods.len(), 1);
    let winner = usize::from(reasons[0].is_some());
    home.clock().advance(30);
    let [right, stale] = [winner, 1 - winner].map(|which| code(&tickets[which].1, home.clock().now()));
    assert_eq!(posternd.answer(ALICE, &stale).reason(), Some(Reason::Wrong), "the other secret was never taken");
    assert_eq!(posternd.answer(ALICE, &right).reason(), None);
}

#[test]
fn a_ticket_is_good_for_its_mailbox_its_time_and_as_it_was_given() {
    let home = Home::with_clock();
    let posternd = home.start_with_platform();
    for mailbox in [ALICE, "bob@example.com"] {
        posternd.enable(mailbox);
    }
    let (ticket, secret) = posternd.offered(ALICE);
    let right = || home.code(&secret);
    let stale = |ticket: &Secret, mailbox: &str| {
        assert_eq!(posternd.confirm(mailbox, ticket, &right()).reason(), Some(Reason::Stale));
        assert_eq!(posternd.enrol(mailbox, Some(ticket)).reason(), Some(Reason::Stale));
    };
    stale(&ticket, "bob@example.com");
    let text = ticket.reveal();
    for at in [0, text.len() / 2, text.len() - 1] {
        let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
        stale(&Secret::from(format!("{}{other}{}", &text[..at], &text[at + 1..])), ALICE);
    }
    for altered in ["", "A", &text[..text.len() - 4], &format!("{text}AAAA"), &"A".repeat(30_000)] {
        stale(&Secret::from(altered), ALICE);
    }
    home.clock().advance(TICKET - 1);
    let EnrolVerdict::Offered { secret: shown, .. } = posternd.enrol(ALICE, Some(&ticket)) else { panic!("refused") };
    assert_eq!(shown.reveal(), secret, "the same secret is shown again");
    home.clock().advance(60);
    stale(&ticket, ALICE);
    home.clock().advance(-60);
    assert_eq!(posternd.confirm(ALICE, &ticket, &right()).reason(), None);
    stale(&ticket, ALICE);
}

#[test]
fn a_reset_between_the_offer_and_the_code_makes_the_ticket_stale() {
    let home = Home::with_clock();
    let posternd = home.start_with_platform();
    posternd.enable(ALICE);
    let (ticket, secret) = posternd.offered(ALICE);
    posternd.change(ALICE, Action::Reset).unwrap();
    let right = home.code(&secret);
    assert_eq!(posternd.confirm(ALICE, &ticket, &right).reason(), Some(Reason::Stale));
}

#[test]
fn a_backup_code_is_good_once() {
    let home = Home::with_clock();
    let (posternd, alice) = home.start_with_alice();
    let [first, second, third] = [0, 1, 2].map(|at| alice.backup_codes[at].as_str());
    let AnswerVerdict::Accepted { backup_codes_left, .. } = posternd.answer(ALICE, first) else { panic!("refused") };
    assert_eq!(backup_codes_left, Some(9));
    assert_eq!(posternd.answer(ALICE, first).reason(), Some(Reason::Wrong));
    let typed = second.to_uppercase().replace('-', " ");
    let together = Barrier::new(8);
    let accepted = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    together.wait();
                    posternd.answer(ALICE, &typed).reason().is_none()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|accepted| *accepted).count()
    });
    assert_eq!(accepted, 1);
    assert_eq!(posternd.show(ALICE).unwrap().backup_codes_left, 8);
    posternd.change(ALICE, Action::Unlock).unwrap();
    let imap = answer_of(ALICE, Channel::Imap, third);
    assert_eq!(posternd.front::<AnswerVerdict>("Answer", &imap).reason(), Some(Reason::Wrong), "nobody types there");
    assert_eq!(posternd.answer(ALICE, third).reason(), None);
}
