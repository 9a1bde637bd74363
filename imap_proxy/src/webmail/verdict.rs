//! What the daemon's answers mean at this door: the only file of the webmail front that could fail open.
//!
//! Two words of the daemon let somebody in, [`AskVerdict::NotRequired`] and an `Accepted`, and each only for the
//! mailbox that was asked about. An error of any kind, whatever it is, is handled without being looked at.

use crate::portal::{Problem, Secret};
use jiff::{Timestamp, ToSpan};
use postern_wire::auth::{AnswerVerdict, AskVerdict, ConfirmVerdict, EnrolVerdict, Offer, Reason, Rechecked, Refusal};

/// A back-off up to this long is shown beside the code field; for a longer one the person need not wait there.
pub const SHORT_WAIT_MINUTES: i64 = 5;

/// A sign-in ends here, or pauses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Stop {
    /// Nobody can say now.
    Unavailable,
    /// No.
    Refused,
    /// Not before the time given, or not before an administrator unlocks the account.
    Locked {
        /// The time, where there is one.
        until: Option<Timestamp>,
    },
    /// What was begun is over; it has to be begun again.
    Ended,
}

/// After the webmail has accepted the password.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum AfterPassword {
    /// No second factor is required.
    Release {
        /// The canonical mailbox.
        mailbox: String,
        /// For rechecks.
        standing: String,
    },
    /// A code is asked for.
    Challenge {
        /// The canonical mailbox.
        mailbox: String,
        /// At least one.
        methods: Vec<Offer>,
    },
    /// The first method is set up now.
    Enrol {
        /// The canonical mailbox.
        mailbox: String,
    },
    /// The sign-in ends.
    Stop(Stop),
}

/// After a code, or after the code that confirms an enrolment.
#[derive(Debug)]
#[must_use]
pub enum AfterCode {
    /// The person is in.
    Release {
        /// For rechecks.
        standing: String,
        /// Backup codes to be shown first.
        codes: Vec<Secret>,
    },
    /// The page is shown again.
    Again(Problem),
    /// The sign-in ends, or pauses.
    Stop(Stop),
}

/// After an enrolment was asked for.
#[derive(Debug)]
#[must_use]
pub enum AfterEnrol {
    /// What to show, and the ticket to confirm it with.
    Offered {
        /// See [`EnrolVerdict::Offered`].
        ticket: postern_wire::Secret,
        /// The same.
        secret: Secret,
        /// The same.
        uri: Secret,
    },
    /// The sign-in ends.
    Stop(Stop),
}

/// What follows when the webmail has accepted a password. `shown` is the answer for the name that the webmail shows,
/// `typed` the one for the name that was typed, where it is another. The stricter of the two counts, and both must be
/// about one mailbox.
pub fn after_password<E>(shown: Result<AskVerdict, E>, typed: Option<Result<AskVerdict, E>>) -> AfterPassword {
    let shown = one_answer(shown);
    let Some(typed) = typed.map(one_answer) else { return shown };
    let mailbox = |answer: &AfterPassword| match answer {
        AfterPassword::Release { mailbox, .. }
        | AfterPassword::Challenge { mailbox, .. }
        | AfterPassword::Enrol { mailbox } => Some(mailbox.clone()),
        AfterPassword::Stop(_) => None,
    };
    match (mailbox(&shown), mailbox(&typed)) {
        (None, _) => shown,
        (_, None) => typed,
        (a, b) if a != b => AfterPassword::Stop(Stop::Refused),
        _ if matches!(shown, AfterPassword::Release { .. }) => typed,
        _ => shown,
    }
}

fn one_answer<E>(reply: Result<AskVerdict, E>) -> AfterPassword {
    match reply {
        Ok(AskVerdict::NotRequired { mailbox, standing }) => AfterPassword::Release { mailbox, standing },
        // A challenge that nothing can answer is a fault, not a free pass.
        Ok(AskVerdict::Challenge { methods, .. }) if methods.is_empty() => AfterPassword::Stop(Stop::Unavailable),
        Ok(AskVerdict::Challenge { mailbox, methods }) => AfterPassword::Challenge { mailbox, methods },
        Ok(AskVerdict::Enrol { mailbox }) => AfterPassword::Enrol { mailbox },
        Ok(AskVerdict::Refused(refusal)) => AfterPassword::Stop(stop(&refusal)),
        Err(_) => AfterPassword::Stop(Stop::Unavailable),
    }
}

/// What follows a code for `mailbox`.
pub fn after_code<E>(reply: Result<AnswerVerdict, E>, mailbox: &str, now: Timestamp) -> AfterCode {
    match reply {
        Ok(AnswerVerdict::Accepted { mailbox: other, .. }) if other != mailbox => AfterCode::Stop(Stop::Refused),
        Ok(AnswerVerdict::Accepted { standing, .. }) => AfterCode::Release { standing, codes: Vec::new() },
        Ok(AnswerVerdict::Refused(refusal)) => refused_code(&refusal, now),
        Err(_) => AfterCode::Stop(Stop::Unavailable),
    }
}

/// What follows the request for an enrolment of `mailbox`.
pub fn after_enrol<E>(reply: Result<EnrolVerdict, E>, mailbox: &str) -> AfterEnrol {
    match reply {
        Ok(EnrolVerdict::Offered { mailbox: other, .. }) if other != mailbox => AfterEnrol::Stop(Stop::Refused),
        Ok(EnrolVerdict::Offered { ticket, secret, uri, .. }) => {
            AfterEnrol::Offered { ticket, secret: Secret::new(secret.reveal()), uri: Secret::new(uri.reveal()) }
        }
        Ok(EnrolVerdict::Sent { .. } | EnrolVerdict::Key { .. }) => AfterEnrol::Stop(Stop::Unavailable),
        Ok(EnrolVerdict::Refused(refusal)) => AfterEnrol::Stop(stop(&refusal)),
        Err(_) => AfterEnrol::Stop(Stop::Unavailable),
    }
}

/// What follows the code that ends an enrolment of `mailbox`.
pub fn after_confirm<E>(reply: Result<ConfirmVerdict, E>, mailbox: &str, now: Timestamp) -> AfterCode {
    match reply {
        Ok(ConfirmVerdict::Accepted { mailbox: other, .. }) if other != mailbox => AfterCode::Stop(Stop::Refused),
        Ok(ConfirmVerdict::Accepted { standing, backup_codes, .. }) => {
            let codes = backup_codes.iter().map(|code| Secret::new(code.reveal())).collect();
            AfterCode::Release { standing, codes }
        }
        Ok(ConfirmVerdict::Refused(refusal)) => refused_code(&refusal, now),
        Err(_) => AfterCode::Stop(Stop::Unavailable),
    }
}

/// Which of `asked` sessions end. None: the daemon did not say, so it has to be asked again.
#[must_use]
pub fn after_recheck<E>(reply: Result<Rechecked, E>, asked: usize) -> Option<Vec<bool>> {
    match reply {
        Ok(Rechecked { ended }) if ended.len() == asked => Some(ended),
        // It answered, but not what it was asked: nothing vouches for these sessions.
        Ok(_) => Some(vec![true; asked]),
        Err(_) => None,
    }
}

fn refused_code(refusal: &Refusal, now: Timestamp) -> AfterCode {
    match refusal.reason {
        Reason::Wrong => AfterCode::Again(Problem::Wrong { misses: refusal.failures.unwrap_or(1) }),
        Reason::Locked => match time(refusal) {
            Some(until) if now.checked_add(SHORT_WAIT_MINUTES.minutes()).is_ok_and(|soon| until <= soon) => {
                AfterCode::Again(Problem::TooEarly { until })
            }
            until => AfterCode::Stop(Stop::Locked { until }),
        },
        _ => AfterCode::Stop(stop(refusal)),
    }
}

fn stop(refusal: &Refusal) -> Stop {
    match refusal.reason {
        Reason::Locked => Stop::Locked { until: time(refusal) },
        Reason::Stale => Stop::Ended,
        Reason::Unavailable => Stop::Unavailable,
        // The others are no answers to what is asked here.
        _ => Stop::Refused,
    }
}

fn time(refusal: &Refusal) -> Option<Timestamp> {
    Timestamp::from_second(refusal.until?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOB: &str = "bob@example.com";
    const NOW: Timestamp = Timestamp::constant(1_795_305_946, 0);
    const REASONS: [Reason; 6] =
        [Reason::Wrong, Reason::Locked, Reason::Name, Reason::Unenrolled, Reason::Stale, Reason::Unavailable];

    type Asked = Result<AskVerdict, &'static str>;

    fn free(mailbox: &str) -> Asked {
        Ok(AskVerdict::NotRequired { mailbox: mailbox.into(), standing: "s".into() })
    }

    fn challenge(mailbox: &str) -> Asked {
        let offer = Offer { id: "t1".into(), kind: "totp".into(), description: String::new(), digits: Some(6), hint: None };
        Ok(AskVerdict::Challenge { mailbox: mailbox.into(), methods: vec![offer] })
    }

    fn enrol(mailbox: &str) -> Asked {
        Ok(AskVerdict::Enrol { mailbox: mailbox.into() })
    }

    fn refused(reason: Reason) -> Asked {
        Ok(AskVerdict::Refused(Refusal::new(reason)))
    }

    fn is_release(after: &AfterPassword) -> bool {
        matches!(after, AfterPassword::Release { .. })
    }

    #[test]
    fn of_all_pairs_of_answers_one_releases() {
        let all = || {
            let mut all = vec![free(BOB), free("eve@example.com"), challenge(BOB), enrol(BOB), Err("lost")];
            all.push(Ok(AskVerdict::Challenge { mailbox: BOB.into(), methods: Vec::new() }));
            all.extend(REASONS.map(refused));
            all
        };
        for shown in all() {
            let alone = after_password(shown.clone(), None);
            assert_eq!(is_release(&alone), matches!(shown, Ok(AskVerdict::NotRequired { .. })), "{shown:?}");
            for typed in all() {
                let both = after_password(shown.clone(), Some(typed.clone()));
                let agree = shown == typed && is_release(&alone);
                assert_eq!(is_release(&both), agree, "{shown:?} {typed:?}");
            }
        }
    }

    #[test]
    fn the_stricter_answer_counts() {
        let challenged = after_password(challenge(BOB), None);
        assert_eq!(after_password(free(BOB), Some(challenge(BOB))), challenged);
        assert_eq!(after_password(challenge(BOB), Some(free(BOB))), challenged);
        assert_eq!(after_password(enrol(BOB), Some(free(BOB))), AfterPassword::Enrol { mailbox: BOB.into() });
        let other = after_password(challenge(BOB), Some(challenge("eve@example.com")));
        assert_eq!(other, AfterPassword::Stop(Stop::Refused));
    }

    #[test]
    fn refusals_say_what_to_show() {
        let shown = REASONS.map(|reason| match after_password(refused(reason), None) {
            AfterPassword::Stop(stop) => stop,
            other => panic!("{other:?}"),
        });
        let locked = Stop::Locked { until: None };
        let expected = [Stop::Refused, locked, Stop::Refused, Stop::Refused, Stop::Ended, Stop::Unavailable];
        assert_eq!(shown, expected);
        assert_eq!(after_password(Err("garbage"), None), AfterPassword::Stop(Stop::Unavailable));
    }

    fn answered(mailbox: &str) -> Result<AnswerVerdict, ()> {
        let (standing, method) = ("s".into(), "t1".into());
        Ok(AnswerVerdict::Accepted { mailbox: mailbox.into(), standing, method, backup_codes_left: None, proof: None })
    }

    fn confirmed(mailbox: &str) -> Result<ConfirmVerdict, ()> {
        let (standing, method) = ("s".into(), "t1".into());
        Ok(ConfirmVerdict::Accepted { mailbox: mailbox.into(), standing, method, backup_codes: vec!["a-b".into()], proof: None })
    }

    #[test]
    fn a_code_counts_for_its_own_mailbox_only() {
        assert!(matches!(after_code(answered(BOB), BOB, NOW), AfterCode::Release { codes, .. } if codes.is_empty()));
        assert!(
            matches!(after_confirm(confirmed(BOB), BOB, NOW), AfterCode::Release { codes, .. } if codes.len() == 1)
        );
        for other in ["eve@example.com", "Bob@example.com", ""] {
            assert!(matches!(after_code(answered(other), BOB, NOW), AfterCode::Stop(Stop::Refused)));
            assert!(matches!(after_confirm(confirmed(other), BOB, NOW), AfterCode::Stop(Stop::Refused)));
        }
    }

    #[test]
    fn no_refused_code_releases() {
        for reason in REASONS {
            let refusal = Refusal::new(reason);
            let code = after_code(Ok::<_, ()>(AnswerVerdict::Refused(refusal.clone())), BOB, NOW);
            let confirm = after_confirm(Ok::<_, ()>(ConfirmVerdict::Refused(refusal.clone())), BOB, NOW);
            assert!(!matches!(code, AfterCode::Release { .. }), "{reason:?}");
            assert!(!matches!(confirm, AfterCode::Release { .. }), "{reason:?}");
            assert!(matches!(after_enrol(Ok::<_, ()>(EnrolVerdict::Refused(refusal)), BOB), AfterEnrol::Stop(_)));
        }
        assert!(matches!(after_code(Err("lost"), BOB, NOW), AfterCode::Stop(Stop::Unavailable)));
        assert!(matches!(after_confirm(Err("lost"), BOB, NOW), AfterCode::Stop(Stop::Unavailable)));
        assert!(matches!(after_enrol(Err("lost"), BOB), AfterEnrol::Stop(Stop::Unavailable)));
    }

    #[test]
    fn a_short_wait_is_shown_beside_the_field_a_long_one_ends_it() {
        let locked = |seconds| {
            let until = Some(NOW.as_second() + seconds);
            after_code(Ok::<_, ()>(AnswerVerdict::Refused(Refusal { until, ..Refusal::new(Reason::Locked) })), BOB, NOW)
        };
        assert!(matches!(locked(5 * 60), AfterCode::Again(Problem::TooEarly { .. })));
        assert!(matches!(locked(5 * 60 + 1), AfterCode::Stop(Stop::Locked { until: Some(_) })));
        let wrong = Refusal { failures: Some(2), ..Refusal::new(Reason::Wrong) };
        let wrong = after_code(Ok::<_, ()>(AnswerVerdict::Refused(wrong)), BOB, NOW);
        assert!(matches!(wrong, AfterCode::Again(Problem::Wrong { misses: 2 })));
    }

    #[test]
    fn an_enrolment_is_shown_to_its_own_mailbox_only() {
        let offered = |mailbox: &str| {
            let [ticket, secret, uri] = ["t", "s", "u"].map(postern_wire::Secret::from);
            after_enrol(Ok::<_, ()>(EnrolVerdict::Offered { mailbox: mailbox.into(), ticket, secret, uri }), BOB)
        };
        assert!(matches!(offered(BOB), AfterEnrol::Offered { .. }));
        assert!(matches!(offered("eve@example.com"), AfterEnrol::Stop(Stop::Refused)));
    }

    #[test]
    fn a_recheck_that_makes_no_sense_vouches_for_nothing() {
        let reply = |ended: &[bool]| Ok::<_, ()>(Rechecked { ended: ended.to_vec() });
        assert_eq!(after_recheck(reply(&[false, true]), 2), Some(vec![false, true]));
        assert_eq!(after_recheck(reply(&[false]), 2), Some(vec![true, true]));
        assert_eq!(after_recheck(reply(&[]), 1), Some(vec![true]));
        assert_eq!(after_recheck(Err("lost"), 2), None);
    }
}
