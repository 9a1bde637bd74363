//! One right code, many doors at once.

use crate::calls::{ALICE, answer_of, connect};
use crate::home::Home;
use postern_wire::admin::Action;
use postern_wire::auth::{self, AnswerVerdict, Door, Reason};
use std::sync::Barrier;
use std::thread;

const CONNECTIONS: usize = 20;
/// The race is run so many times, each with a code of its own.
const RACES: usize = 5;

#[test]
fn of_twenty_answers_with_one_right_code_exactly_one_is_accepted() {
    let home = Home::with_clock();
    let posternd = home.start();
    posternd.make_platform();
    let alice = posternd.enrolled(ALICE);
    for _ in 0..RACES {
        let right = posternd.code(&alice);
        let together = Barrier::new(CONNECTIONS);
        let verdicts: Vec<AnswerVerdict> = thread::scope(|scope| {
            let threads: Vec<_> = (0..CONNECTIONS)
                .map(|number| {
                    let door = [Door::Webmail, Door::Imap, Door::Pam][number % 3];
                    let (mut client, together) = (connect(&home.auth()), &together);
                    let answer = answer_of(ALICE, door, &right);
                    scope.spawn(move || {
                        together.wait();
                        client.call(auth::INTERFACE, "Answer", &answer).unwrap()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let accepted = verdicts.iter().filter(|verdict| matches!(verdict, AnswerVerdict::Accepted { .. })).count();
        assert_eq!(accepted, 1, "{verdicts:?}");
        // The others count as wrong codes, and may close a door by that.
        let fits = |verdict: &AnswerVerdict| match verdict {
            AnswerVerdict::Refused(refusal) => matches!(refusal.reason, Reason::Wrong | Reason::Locked),
            AnswerVerdict::Accepted { .. } => true,
        };
        assert!(verdicts.iter().all(fits), "{verdicts:?}");
        posternd.change(ALICE, Action::Unlock).unwrap();
        home.clock().advance(30);
    }
    let entries = posternd.audit(None);
    assert_eq!(entries.iter().filter(|entry| entry.outcome == "accepted").count(), RACES);
}
