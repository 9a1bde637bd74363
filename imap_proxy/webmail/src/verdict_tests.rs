//! Which answer of the daemon lets somebody in, and what every other one comes to.

use super::*;
use postern_wire::{CallError, ErrorReply};

impl Unanswered for &str {
    fn is_bad_request(&self) -> bool {
        false
    }
}

impl Unanswered for () {
    fn is_bad_request(&self) -> bool {
        false
    }
}

const BOB: &str = "bob@example.com";
const NOW: Timestamp = Timestamp::constant(1_795_305_946, 0);
const REASONS: [Reason; 18] = [
    Reason::Wrong,
    Reason::Locked,
    Reason::Name,
    Reason::Unenrolled,
    Reason::TooSoon,
    Reason::TooMany,
    Reason::NotSent,
    Reason::NotFresh,
    Reason::OnlyMethod,
    Reason::InUse,
    Reason::Unfit,
    Reason::NotOffered,
    Reason::EnrolmentCode,
    Reason::Stale,
    Reason::Expired,
    Reason::Unusual,
    Reason::Copied,
    Reason::Unavailable,
];

type Asked = Result<AskVerdict, &'static str>;

fn free(mailbox: &str) -> Asked {
    Ok(AskVerdict::NotRequired { mailbox: mailbox.into(), standing: "s".into() })
}

fn challenge(mailbox: &str) -> Asked {
    let offer = Offer { id: "t1".into(), kind: "totp".into(), description: String::new(), digits: Some(6), hint: None };
    Ok(AskVerdict::Challenge { mailbox: mailbox.into(), methods: vec![offer], trust_days: None })
}

fn enrol(mailbox: &str) -> Asked {
    Ok(AskVerdict::Enrol { mailbox: mailbox.into(), kinds: vec!["sms".into()] })
}

fn refused(reason: Reason) -> Asked {
    Ok(AskVerdict::Refused(Refusal::new(reason)))
}

/// Nobody can answer for this mailbox for now.
fn locked(mailbox: &str) -> Asked {
    Ok(AskVerdict::Refused(Refusal { mailbox: Some(mailbox.into()), ..Refusal::new(Reason::Locked) }))
}

fn without_methods(mailbox: &str) -> Asked {
    Ok(AskVerdict::Challenge { mailbox: mailbox.into(), methods: Vec::new(), trust_days: None })
}

fn is_release(after: &AfterPassword) -> bool {
    matches!(after, AfterPassword::Release { .. })
}

/// Evaluates the response for one name.
fn alone<E: Unanswered>(reply: Result<AskVerdict, E>) -> AfterPassword {
    after_password(reply.map(postern_wire::auth::Asked::from), &[])
}

#[test]
fn of_all_answers_one_releases() {
    let mut all = vec![free(BOB), challenge(BOB), enrol(BOB), Err("lost"), without_methods(BOB), locked(BOB)];
    all.extend(REASONS.map(refused));
    for reply in all {
        let released = is_release(&alone(reply.clone()));
        assert_eq!(released, matches!(reply, Ok(AskVerdict::NotRequired { .. })), "{reply:?}");
    }
}

/// An older daemon does not read the further names: its verdict is about the first one alone.
#[test]
fn a_verdict_that_leaves_out_a_name_is_a_refusal() {
    let also = ["alias@example.com".to_owned()];
    let asked = |verdict: Asked, also_judged| {
        verdict.map(|verdict| postern_wire::auth::Asked { also_judged, ..verdict.into() })
    };
    let mut all = vec![free(BOB), challenge(BOB), enrol(BOB), without_methods(BOB), locked(BOB)];
    all.extend(REASONS.map(refused));
    for verdict in all {
        let unread = after_password(asked(verdict.clone(), false), &also);
        assert_eq!(unread, AfterPassword::Denied(Denial::Unavailable), "{verdict:?}");
        assert_eq!(after_password(asked(verdict.clone(), true), &also), alone(verdict));
    }
    assert_eq!(after_password(Err("lost"), &also), AfterPassword::Denied(Denial::Unavailable));
}

#[test]
fn a_sign_in_that_waits_goes_on_with_a_challenge_alone() {
    let offers = |after| match after {
        AfterWaiting::Challenge { methods, .. } => methods.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(offers(after_waiting(challenge(BOB), BOB)), 1);
    let nothing = Ok(AskVerdict::Challenge { mailbox: BOB.into(), methods: Vec::new(), trust_days: None });
    for (verdict, expected) in [
        (challenge("eve@example.com"), AfterWaiting::Denied(Denial::Refused)),
        (nothing, AfterWaiting::Blocked(BlockedReason::NoMethod)),
        (locked(BOB), AfterWaiting::Blocked(BlockedReason::Locked { until: None })),
        (locked("eve@example.com"), AfterWaiting::Denied(Denial::Refused)),
        (refused(Reason::Locked), AfterWaiting::Denied(Denial::Locked { until: None })),
        (free(BOB), AfterWaiting::Denied(Denial::Ended)),
        (free("eve@example.com"), AfterWaiting::Denied(Denial::Ended)),
        (enrol(BOB), AfterWaiting::Denied(Denial::Ended)),
        (refused(Reason::Name), AfterWaiting::Denied(Denial::Refused)),
        (refused(Reason::Unusual), AfterWaiting::Denied(Denial::Unusual)),
        (Err("lost"), AfterWaiting::Denied(Denial::Unavailable)),
    ] {
        assert_eq!(after_waiting(verdict.clone(), BOB), expected, "{verdict:?}");
    }
}

#[test]
fn refusals_say_what_to_show() {
    for reason in REASONS {
        let expected = match reason {
            // Of nobody's mailbox there is nothing to ask an administrator.
            Reason::Locked => AfterPassword::Denied(Denial::Locked { until: None }),
            Reason::Stale => AfterPassword::Denied(Denial::Ended),
            Reason::Unavailable => AfterPassword::Denied(Denial::Unavailable),
            Reason::Unusual => AfterPassword::Denied(Denial::Unusual),
            _ => AfterPassword::Denied(Denial::Refused),
        };
        assert_eq!(alone(refused(reason)), expected, "{reason:?}");
    }
    let blocked = |why| AfterPassword::Blocked { mailbox: BOB.into(), why };
    assert_eq!(alone(without_methods(BOB)), blocked(BlockedReason::NoMethod));
    assert_eq!(alone(locked(BOB)), blocked(BlockedReason::Locked { until: None }));
    assert_eq!(alone(Err("garbage")), AfterPassword::Denied(Denial::Unavailable));
}

/// Invalid input is reported as such, not as a temporary failure.
#[test]
fn what_the_daemon_does_not_hear_is_a_bad_request() {
    fn invalid() -> CallError {
        let name = "org.varlink.service.InvalidParameter".to_owned();
        CallError::Error(ErrorReply { name, parameters: serde_json::json!({}) })
    }
    let [bad, other] = [Denial::BadRequest, Denial::Unavailable];
    for (error, wanted) in [(invalid as fn() -> CallError, bad), (|| CallError::Garbage(String::new()), other)] {
        let change = Change::MakeBackupCodes;
        assert_eq!(alone(Err(error())), AfterPassword::Denied(wanted.clone()));
        assert_eq!(after_waiting(Err(error()), BOB), AfterWaiting::Denied(wanted.clone()));
        assert!(matches!(after_code(Err(error()), BOB, NOW), AfterCode::Denied(denial) if denial == wanted));
        assert!(matches!(after_confirm(Err(error()), BOB, NOW), AfterCode::Denied(denial) if denial == wanted));
        assert!(matches!(after_change(Err(error()), &change), AfterChange::Denied(denial) if denial == wanted));
        assert_eq!(after_request(Err(error())), AfterRequest::Denied(wanted.clone()));
        assert_eq!(after_security(Err(error()), BOB), Err(wanted.clone()));
        let kind = MethodKind::Sms;
        assert!(
            matches!(after_prepare(Err(error()), BOB, kind, NOW), AfterPrepare::Denied(denial) if denial == wanted)
        );
        assert!(matches!(after_enrol(Err(error()), BOB, kind, NOW), AfterEnrol::Denied(denial) if denial == wanted));
    }
}

fn answered(mailbox: &str) -> Result<AnswerVerdict, ()> {
    let (standing, method) = ("s".into(), "t1".into());
    Ok(AnswerVerdict::Accepted { mailbox: mailbox.into(), standing, method, backup_codes_left: None, proof: None })
}

fn confirmed(mailbox: &str) -> Result<ConfirmVerdict, ()> {
    let (standing, method) = ("s".into(), "t1".into());
    Ok(ConfirmVerdict::Accepted {
        mailbox: mailbox.into(),
        standing,
        method,
        backup_codes: vec!["a-b".into()],
        proof: None,
    })
}

#[test]
fn a_code_counts_for_its_own_mailbox_only() {
    assert!(matches!(after_code(answered(BOB), BOB, NOW), AfterCode::Release { codes, .. } if codes.is_empty()));
    assert!(matches!(after_confirm(confirmed(BOB), BOB, NOW), AfterCode::Release { codes, .. } if codes.len() == 1));
    for other in ["eve@example.com", "Bob@example.com", ""] {
        assert!(matches!(after_code(answered(other), BOB, NOW), AfterCode::Denied(Denial::Refused)));
        assert!(matches!(after_confirm(confirmed(other), BOB, NOW), AfterCode::Denied(Denial::Refused)));
    }
}

/// What is shown beside the field for each reason, and what ends the sign-in.
#[test]
fn each_reason_for_not_taking_a_code_has_its_answer() {
    for reason in REASONS {
        let refusal = Refusal::new(reason);
        let stopped = match reason {
            Reason::Locked => Denial::Locked { until: None },
            Reason::Stale => Denial::Ended,
            Reason::Unavailable => Denial::Unavailable,
            Reason::Unusual => Denial::Unusual,
            _ => Denial::Refused,
        };
        let code = after_code(Ok::<_, ()>(AnswerVerdict::Refused(refusal.clone())), BOB, NOW);
        match (reason, &code) {
            (Reason::Wrong, AfterCode::Again(Problem::Wrong { misses: 1 }))
            | (Reason::Copied, AfterCode::Again(Problem::Copied))
            | (Reason::Unfit, AfterCode::Again(Problem::NotACode)) => {}
            (Reason::Wrong | Reason::Copied | Reason::Unfit, _) => panic!("{reason:?}: {code:?}"),
            (_, AfterCode::Denied(denial)) => assert_eq!(*denial, stopped, "{reason:?}"),
            _ => panic!("{reason:?}: {code:?}"),
        }
        let confirm = after_confirm(Ok::<_, ()>(ConfirmVerdict::Refused(refusal)), BOB, NOW);
        match (reason, &confirm) {
            (Reason::Wrong, AfterCode::Again(Problem::Wrong { misses: 1 }))
            | (Reason::InUse, AfterCode::Again(Problem::InUse)) => {}
            (Reason::Wrong | Reason::InUse, _) => panic!("{reason:?}: {confirm:?}"),
            (Reason::NotFresh | Reason::TooMany, AfterCode::Denied(Denial::Ended)) => {}
            (_, AfterCode::Denied(denial)) => assert_eq!(*denial, stopped, "{reason:?}"),
            _ => panic!("{reason:?}: {confirm:?}"),
        }
    }
    assert!(matches!(after_code(Err("lost"), BOB, NOW), AfterCode::Denied(Denial::Unavailable)));
    assert!(matches!(after_confirm(Err("lost"), BOB, NOW), AfterCode::Denied(Denial::Unavailable)));
}

/// Why nothing was sent, or what ends the sign-in.
fn not_begun(reason: Reason) -> Result<Problem, Denial> {
    match reason {
        Reason::NotSent => Ok(Problem::NotSent),
        Reason::TooSoon => Ok(Problem::TooSoon { until: NOW }),
        Reason::TooMany => Ok(Problem::TooMany { until: None }),
        Reason::Locked => Err(Denial::Locked { until: None }),
        Reason::Stale | Reason::NotOffered => Err(Denial::Ended),
        Reason::Unavailable => Err(Denial::Unavailable),
        Reason::Unusual => Err(Denial::Unusual),
        _ => Err(Denial::Refused),
    }
}

#[test]
fn each_reason_for_not_beginning_has_its_answer() {
    for reason in REASONS {
        let refused = Ok::<_, ()>(PrepareVerdict::Refused(Refusal::new(reason)));
        match (after_prepare(refused, BOB, MethodKind::Sms, NOW), not_begun(reason)) {
            (AfterPrepare::Problem(problem), Ok(expected)) => assert_eq!(problem, expected),
            (AfterPrepare::Denied(denial), Err(expected)) => assert_eq!(denial, expected, "{reason:?}"),
            (after, _) => panic!("{reason:?}: {after:?}"),
        }
        let refused = Ok::<_, ()>(EnrolVerdict::Refused(Refusal::new(reason)));
        let expected = match reason {
            Reason::Unfit => Ok(Problem::NotACode),
            Reason::InUse => Ok(Problem::InUse),
            _ => not_begun(reason),
        };
        match (after_enrol(refused, BOB, MethodKind::Sms, NOW), expected) {
            (AfterEnrol::EnrolmentCode, _) => assert_eq!(reason, Reason::EnrolmentCode),
            (AfterEnrol::NotFresh, _) => assert_eq!(reason, Reason::NotFresh),
            (after, _) if matches!(reason, Reason::EnrolmentCode | Reason::NotFresh) => panic!("{after:?}"),
            (AfterEnrol::Problem(problem), Ok(expected)) => assert_eq!(problem, expected),
            (AfterEnrol::Denied(denial), Err(expected)) => assert_eq!(denial, expected, "{reason:?}"),
            (after, _) => panic!("{reason:?}: {after:?}"),
        }
    }
    let lost = after_prepare(Err("lost"), BOB, MethodKind::Sms, NOW);
    assert!(matches!(lost, AfterPrepare::Denied(Denial::Unavailable)));
    let lost = after_enrol(Err("lost"), BOB, MethodKind::Sms, NOW);
    assert!(matches!(lost, AfterEnrol::Denied(Denial::Unavailable)));
}

#[test]
fn each_answer_to_a_request_has_its_page() {
    for reason in REASONS {
        let expected = match reason {
            Reason::Unfit => AfterRequest::Problem(LostProblem::Incomplete),
            Reason::NotOffered => AfterRequest::Problem(LostProblem::NotOffered),
            Reason::TooSoon | Reason::TooMany => AfterRequest::Problem(LostProblem::NotNow { until: None }),
            Reason::Locked => AfterRequest::Denied(Denial::Locked { until: None }),
            Reason::Stale => AfterRequest::Denied(Denial::Ended),
            Reason::Unavailable => AfterRequest::Denied(Denial::Unavailable),
            Reason::Unusual => AfterRequest::Denied(Denial::Unusual),
            _ => AfterRequest::Denied(Denial::Refused),
        };
        let refused = Ok::<_, ()>(RequestVerdict::Refused(Refusal::new(reason)));
        assert_eq!(after_request(refused), expected, "{reason:?}");
    }
    let opened = after_request(Ok::<_, ()>(RequestVerdict::Opened));
    assert_eq!(opened, AfterRequest::Requested(Requested::Now));
    let already = after_request(Ok::<_, ()>(RequestVerdict::OpenAlready));
    assert_eq!(already, AfterRequest::Requested(Requested::Before));
    assert_eq!(after_request(Err("lost")), AfterRequest::Denied(Denial::Unavailable));
}

#[test]
fn an_account_is_shown_to_its_own_mailbox_only() {
    let shown = |mailbox: &str| SecurityVerdict::Shown(Security { mailbox: mailbox.into(), ..Security::default() });
    assert!(after_security(Ok::<_, ()>(shown(BOB)), BOB).is_ok());
    assert_eq!(after_security(Ok::<_, ()>(shown("eve@example.com")), BOB), Err(Denial::Refused));
    assert_eq!(after_security(Err("lost"), BOB), Err(Denial::Unavailable));
    for reason in REASONS {
        let refused = Ok::<_, ()>(SecurityVerdict::Refused(Refusal::new(reason)));
        assert!(after_security(refused, BOB).is_err(), "{reason:?}");
    }
}

#[test]
fn nothing_but_done_gives_a_session_anything_to_stand_on() {
    let create = Change::CreateAppPassword { password: secret("p"), description: String::new() };
    for change in [Change::MakeBackupCodes, create] {
        let takes_password = change != Change::MakeBackupCodes;
        for reason in REASONS {
            let problem = match reason {
                Reason::OnlyMethod => Some(ChangeProblem::OnlyMethod),
                Reason::Wrong | Reason::Unfit if takes_password => Some(ChangeProblem::WrongPassword),
                Reason::TooMany if takes_password => Some(ChangeProblem::Full),
                Reason::Unavailable if takes_password => Some(ChangeProblem::NotChecked),
                _ => None,
            };
            match after_change(Ok::<_, ()>(ChangeVerdict::Refused(Refusal::new(reason))), &change) {
                AfterChange::NotFresh => assert_eq!(reason, Reason::NotFresh),
                AfterChange::Outdated => assert_eq!(reason, Reason::Stale),
                AfterChange::Problem(shown) => assert_eq!(Some(shown), problem, "{reason:?}"),
                AfterChange::Enough => panic!("{reason:?}: it says until when"),
                AfterChange::Denied(_) => assert!(problem.is_none(), "{reason:?}"),
                after @ AfterChange::Done { .. } => panic!("{after:?}"),
            }
        }
        let enough = Refusal { until: Some(1_800_000_000), ..Refusal::new(Reason::TooMany) };
        let enough = after_change(Ok::<_, ()>(ChangeVerdict::Refused(enough)), &change);
        assert!(matches!(enough, AfterChange::Enough));
        assert!(matches!(after_change(Err("lost"), &change), AfterChange::Denied(Denial::Unavailable)));
    }
}

fn secret(text: &str) -> postern_wire::Secret {
    postern_wire::Secret::from(text)
}

#[test]
fn a_method_begins_for_its_own_mailbox_and_kind_only() {
    let again = NOW.as_second() + 30;
    let sent = |mailbox: &str| PrepareVerdict::Sent { mailbox: mailbox.into(), challenge: secret("c"), again };
    let asked =
        |mailbox: &str| PrepareVerdict::Key { mailbox: mailbox.into(), challenge: secret("c"), options: "{}".into() };
    let after = |verdict, kind| after_prepare(Ok::<_, ()>(verdict), BOB, kind, NOW);
    for kind in MethodKind::ALL {
        let is_sent = matches!(kind, MethodKind::Sms | MethodKind::Email);
        assert_eq!(matches!(after(sent(BOB), kind), AfterPrepare::Sent { .. }), is_sent, "{kind:?}");
        let is_key = kind == MethodKind::Key;
        assert_eq!(matches!(after(asked(BOB), kind), AfterPrepare::Key { .. }), is_key, "{kind:?}");
        for verdict in [sent("eve@example.com"), asked("eve@example.com")] {
            assert!(matches!(after(verdict, kind), AfterPrepare::Denied(Denial::Refused)), "{kind:?}");
        }
    }
}

#[test]
fn a_short_wait_is_shown_beside_the_field_a_long_one_ends_it() {
    let locked = |seconds| {
        let until = Some(NOW.as_second() + seconds);
        after_code(Ok::<_, ()>(AnswerVerdict::Refused(Refusal { until, ..Refusal::new(Reason::Locked) })), BOB, NOW)
    };
    assert!(matches!(locked(5 * 60), AfterCode::Again(Problem::TooEarly { .. })));
    assert!(matches!(locked(5 * 60 + 1), AfterCode::Denied(Denial::Locked { until: Some(_) })));
    let wrong = Refusal { failures: Some(2), ..Refusal::new(Reason::Wrong) };
    let wrong = after_code(Ok::<_, ()>(AnswerVerdict::Refused(wrong)), BOB, NOW);
    assert!(matches!(wrong, AfterCode::Again(Problem::Wrong { misses: 2 })));
}

#[test]
fn an_enrolment_is_shown_to_its_own_mailbox_and_kind_only() {
    let kinds = || ["totp", "key", "backup", "retina"].map(str::to_owned).to_vec();
    let (ticket, again) = (|| secret("t"), NOW.as_second());
    let all = |mailbox: &str| {
        let mailbox = || mailbox.to_owned();
        let (to, options) = ("+33600000000".to_owned(), "{}".to_owned());
        let [shown, uri] = ["s", "u"].map(secret);
        [
            EnrolVerdict::Offered { mailbox: mailbox(), ticket: ticket(), secret: shown, uri, kinds: kinds() },
            EnrolVerdict::Sent { mailbox: mailbox(), ticket: ticket(), to, again, kinds: kinds() },
            EnrolVerdict::Key { mailbox: mailbox(), ticket: ticket(), options, kinds: kinds() },
        ]
    };
    for asked in MethodKind::ALL {
        for (verdict, answers) in all(BOB).into_iter().zip([
            &[MethodKind::Authenticator][..],
            &[MethodKind::Sms, MethodKind::Email, MethodKind::Contact],
            &[MethodKind::Key],
        ]) {
            match after_enrol(Ok::<_, ()>(verdict), BOB, asked, NOW) {
                AfterEnrol::Begun { begun, kinds, shown } => {
                    assert!(answers.contains(&asked) && begun.kind() == asked, "{asked:?} {begun:?}");
                    assert_eq!(kinds, [MethodKind::Authenticator, MethodKind::Key]);
                    assert_eq!(shown.is_some(), asked == MethodKind::Authenticator);
                }
                AfterEnrol::Denied(Denial::Unavailable) => assert!(!answers.contains(&asked), "{asked:?}"),
                after => panic!("{asked:?}: {after:?}"),
            }
        }
        for verdict in all("eve@example.com") {
            let after = after_enrol(Ok::<_, ()>(verdict), BOB, asked, NOW);
            assert!(matches!(after, AfterEnrol::Denied(Denial::Refused)), "{asked:?}");
        }
    }
}
