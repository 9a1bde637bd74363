//! One right code, sent on many channels and with both verbs at once.

use crate::calls::{Refuses, connect};
use crate::home::Home;
use crate::messages::{answer_of, field_of};
use crate::people::ALICE;
use postern_wire::auth::{self, AnswerVerdict, Channel, FieldVerdict, Reason};
use std::sync::Barrier;
use std::thread;

const CONNECTIONS: usize = 20;
/// Number of races, each with a code of its own.
const RACES: usize = 5;

#[test]
fn of_twenty_answers_with_one_right_code_exactly_one_is_accepted() {
    let home = Home::with_clock();
    let (posternd, alice) = home.start_with_alice();
    for _ in 0..RACES {
        let right = posternd.code(&alice);
        let together = Barrier::new(CONNECTIONS);
        let reasons: Vec<Option<Reason>> = thread::scope(|scope| {
            let threads: Vec<_> = (0..CONNECTIONS)
                .map(|number| {
                    let channel = [Channel::Webmail, Channel::Imap, Channel::Pam][number % 3];
                    let (mut client, together, right) = (connect(&home.auth()), &together, &right);
                    scope.spawn(move || {
                        together.wait();
                        if number % 2 == 0 {
                            let answer = answer_of(ALICE, channel, right);
                            client.call::<AnswerVerdict>(auth::INTERFACE, "Answer", &answer).unwrap().reason()
                        } else {
                            let field = field_of(ALICE, channel, &format!("the password{right}"));
                            let verdict = client.call(auth::INTERFACE, "AnswerField", &field).unwrap();
                            FieldVerdict::reason(&verdict)
                        }
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(reasons.iter().filter(|reason| reason.is_none()).count(), 1, "{reasons:?}");
        // The others repeat the last code, which does not count as a guess.
        assert!(reasons.iter().all(|reason| matches!(reason, None | Some(Reason::Wrong))), "{reasons:?}");
        assert!(posternd.show(ALICE).unwrap().failures.is_empty());
        home.clock().advance(30);
    }
    let entries = posternd.audit(None);
    assert_eq!(entries.iter().filter(|entry| entry.outcome == "accepted").count(), RACES);
}
