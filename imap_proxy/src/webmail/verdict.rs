//! What the daemon's answers mean at this door: the only file of the webmail front that could fail open.
//!
//! Two words of the daemon let somebody in, [`AskVerdict::NotRequired`] and an `Accepted`, and each only for the
//! mailbox that was asked about. An error of any kind, whatever it is, is handled without being looked at.

use super::session::SettingUp;
use crate::portal::{ChangeProblem, LostProblem, MethodKind, Problem, Requested, Secret};
use jiff::{Timestamp, ToSpan};
use postern_wire::auth::{
    AnswerVerdict, AskVerdict, ConfirmVerdict, EnrolVerdict, Offer, PrepareVerdict, Reason, Refusal,
};
use postern_wire::security::{Change, ChangeVerdict, RequestVerdict, Security, SecurityVerdict};

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
    /// Neither the browser nor the network is known, and there is no address to send a code to.
    Unusual,
}

/// The password is right, and there is no code to answer with. It may end in a request to the administrator, never in
/// the mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stuck {
    /// Not before the time given, or not before an administrator unlocks the account.
    Locked {
        /// The time, where there is one.
        until: Option<Timestamp>,
    },
    /// Every method of the account needs a sender that is switched off.
    NoMethod,
}

impl From<Stuck> for Stop {
    fn from(stuck: Stuck) -> Self {
        match stuck {
            Stuck::Locked { until } => Self::Locked { until },
            Stuck::NoMethod => Self::Unavailable,
        }
    }
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
        /// For how many days the browser may be trusted, where it may.
        trust_days: Option<u32>,
    },
    /// The first method is set up now.
    Enrol {
        /// The canonical mailbox.
        mailbox: String,
        /// What can be set up.
        kinds: Vec<MethodKind>,
    },
    /// There is no code to answer with.
    Stuck(Stuck),
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
        /// That it was a second factor, for the Security page.
        proof: Option<postern_wire::Secret>,
        /// Backup codes to be shown first.
        codes: Vec<Secret>,
        /// How many backup codes are left, where one was used.
        codes_left: Option<u32>,
    },
    /// The page is shown again.
    Again(Problem),
    /// The sign-in ends, or pauses.
    Stop(Stop),
}

/// After a method was to begin.
#[derive(Debug)]
#[must_use]
pub enum AfterPrepare {
    /// A code was sent.
    Sent {
        /// See [`PrepareVerdict::Sent`].
        challenge: postern_wire::Secret,
        /// The same.
        again: Timestamp,
    },
    /// A security key is asked.
    Key {
        /// See [`PrepareVerdict::Key`].
        challenge: postern_wire::Secret,
        /// The same.
        options: String,
    },
    /// It did not begin, for now; another method may do.
    Problem(Problem),
    /// The sign-in ends, or pauses.
    Stop(Stop),
}

/// The secret of an authenticator app that is set up; see [`EnrolVerdict::Offered`].
#[derive(Debug)]
pub struct Shown {
    /// In base32.
    pub secret: Secret,
    /// As a URI.
    pub uri: Secret,
}

/// After an enrolment was asked for.
#[derive(Debug)]
#[must_use]
pub enum AfterEnrol {
    /// It has begun.
    Begun {
        /// With this, for the confirmation.
        begun: SettingUp,
        /// What else can be set up.
        kinds: Vec<MethodKind>,
        /// What an authenticator app is to be shown.
        shown: Option<Shown>,
    },
    /// The administrator's enrolment code is needed first; the one that was brought, if any, is wrong.
    EnrolmentCode,
    /// The person shows first, by another code, that it is them.
    NotFresh,
    /// It did not begin, for now; something else may do.
    Problem(Problem),
    /// The sign-in ends, or pauses.
    Stop(Stop),
}

/// After a request to the administrator.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum AfterRequest {
    /// The administrator has one.
    Requested(Requested),
    /// There is none yet.
    Problem(LostProblem),
    /// The sign-in ends, or pauses.
    Stop(Stop),
}

/// After a person wanted to change something of their own account.
#[derive(Debug)]
#[must_use]
pub enum AfterChange {
    /// It is changed. The session goes on with these.
    Done {
        /// For rechecks.
        standing: String,
        /// For further changes; none: the second factor is off now.
        proof: Option<postern_wire::Secret>,
        /// The new backup codes.
        codes: Vec<Secret>,
        /// The new app password.
        app_password: Option<Secret>,
    },
    /// The person shows first, by another code, that it is them.
    NotFresh,
    /// It is not changed; the form is shown again.
    Problem(ChangeProblem),
    /// It is not changed: the account is not as the form took it to be.
    Outdated,
    /// The session ends, or pauses.
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
        | AfterPassword::Enrol { mailbox, .. } => Some(mailbox.clone()),
        AfterPassword::Stuck(_) | AfterPassword::Stop(_) => None,
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
        Ok(AskVerdict::Challenge { methods, .. }) if methods.is_empty() => AfterPassword::Stuck(Stuck::NoMethod),
        Ok(AskVerdict::Challenge { mailbox, methods, trust_days }) => {
            AfterPassword::Challenge { mailbox, methods, trust_days }
        }
        Ok(AskVerdict::Enrol { mailbox, kinds }) => AfterPassword::Enrol { mailbox, kinds: known(&kinds) },
        Ok(AskVerdict::Refused(refusal)) => match stop(&refusal) {
            Stop::Locked { until } => AfterPassword::Stuck(Stuck::Locked { until }),
            stop => AfterPassword::Stop(stop),
        },
        Err(_) => AfterPassword::Stop(Stop::Unavailable),
    }
}

/// What follows a code for `mailbox`.
pub fn after_code<E>(reply: Result<AnswerVerdict, E>, mailbox: &str, now: Timestamp) -> AfterCode {
    match reply {
        Ok(AnswerVerdict::Accepted { mailbox: other, .. }) if other != mailbox => AfterCode::Stop(Stop::Refused),
        Ok(AnswerVerdict::Accepted { standing, proof, backup_codes_left, .. }) => {
            AfterCode::Release { standing, proof, codes: Vec::new(), codes_left: backup_codes_left }
        }
        Ok(AnswerVerdict::Refused(refusal)) => refused_code(&refusal, now),
        Err(_) => AfterCode::Stop(Stop::Unavailable),
    }
}

/// What follows when a method of this kind was to begin, for a sign-in to `mailbox`.
pub fn after_prepare<E>(
    reply: Result<PrepareVerdict, E>,
    mailbox: &str,
    kind: MethodKind,
    now: Timestamp,
) -> AfterPrepare {
    match reply {
        Ok(PrepareVerdict::Sent { mailbox: other, .. } | PrepareVerdict::Key { mailbox: other, .. })
            if other != mailbox =>
        {
            AfterPrepare::Stop(Stop::Refused)
        }
        Ok(PrepareVerdict::Sent { challenge, again, .. }) if is_sent(kind) => {
            AfterPrepare::Sent { challenge, again: second(again).unwrap_or(now) }
        }
        Ok(PrepareVerdict::Key { challenge, options, .. }) if kind == MethodKind::Key => {
            AfterPrepare::Key { challenge, options }
        }
        // It answers something else.
        Ok(PrepareVerdict::Sent { .. } | PrepareVerdict::Key { .. }) => AfterPrepare::Stop(Stop::Unavailable),
        Ok(PrepareVerdict::Refused(refusal)) => match not_sent(&refusal, now) {
            Ok(problem) => AfterPrepare::Problem(problem),
            Err(stop) => AfterPrepare::Stop(stop),
        },
        Err(_) => AfterPrepare::Stop(Stop::Unavailable),
    }
}

/// What follows the request for an enrolment of `mailbox` with a method of this kind.
pub fn after_enrol<E>(reply: Result<EnrolVerdict, E>, mailbox: &str, kind: MethodKind, now: Timestamp) -> AfterEnrol {
    match reply {
        Ok(
            EnrolVerdict::Offered { mailbox: other, .. }
            | EnrolVerdict::Sent { mailbox: other, .. }
            | EnrolVerdict::Key { mailbox: other, .. },
        ) if other != mailbox => AfterEnrol::Stop(Stop::Refused),
        Ok(EnrolVerdict::Offered { ticket, secret, uri, kinds, .. }) if kind == MethodKind::Authenticator => {
            let shown = Shown { secret: Secret::new(secret.reveal()), uri: Secret::new(uri.reveal()) };
            AfterEnrol::Begun { begun: SettingUp::App { ticket }, kinds: known(&kinds), shown: Some(shown) }
        }
        Ok(EnrolVerdict::Sent { ticket, to, again, kinds, .. }) if is_sent(kind) || kind == MethodKind::Contact => {
            let begun = SettingUp::Sent { kind, ticket, to, again: second(again).unwrap_or(now) };
            AfterEnrol::Begun { begun, kinds: known(&kinds), shown: None }
        }
        Ok(EnrolVerdict::Key { ticket, options, kinds, .. }) if kind == MethodKind::Key => {
            AfterEnrol::Begun { begun: SettingUp::Key { ticket, options }, kinds: known(&kinds), shown: None }
        }
        // It answers something else.
        Ok(EnrolVerdict::Offered { .. } | EnrolVerdict::Sent { .. } | EnrolVerdict::Key { .. }) => {
            AfterEnrol::Stop(Stop::Unavailable)
        }
        Ok(EnrolVerdict::Refused(refusal)) => match refusal.reason {
            Reason::EnrolmentCode => AfterEnrol::EnrolmentCode,
            Reason::NotFresh => AfterEnrol::NotFresh,
            Reason::Unfit => AfterEnrol::Problem(Problem::NotACode),
            Reason::InUse => AfterEnrol::Problem(Problem::InUse),
            _ => match not_sent(&refusal, now) {
                Ok(problem) => AfterEnrol::Problem(problem),
                Err(stop) => AfterEnrol::Stop(stop),
            },
        },
        Err(_) => AfterEnrol::Stop(Stop::Unavailable),
    }
}

fn is_sent(kind: MethodKind) -> bool {
    matches!(kind, MethodKind::Sms | MethodKind::Email)
}

/// What can be set up, as far as there are pages for it here.
fn known(kinds: &[String]) -> Vec<MethodKind> {
    let known = kinds.iter().filter_map(|kind| MethodKind::from_tag(kind));
    known.filter(|kind| !matches!(kind, MethodKind::BackupCode | MethodKind::Contact)).collect()
}

/// What follows a request to the administrator.
pub fn after_request<E>(reply: Result<RequestVerdict, E>) -> AfterRequest {
    match reply {
        Ok(RequestVerdict::Opened) => AfterRequest::Requested(Requested::Now),
        Ok(RequestVerdict::OpenAlready) => AfterRequest::Requested(Requested::Before),
        Ok(RequestVerdict::Refused(refusal)) => match refusal.reason {
            Reason::Unfit => AfterRequest::Problem(LostProblem::Incomplete),
            Reason::NotOffered => AfterRequest::Problem(LostProblem::NotOffered),
            Reason::TooSoon | Reason::TooMany => AfterRequest::Problem(LostProblem::NotNow { until: time(&refusal) }),
            _ => AfterRequest::Stop(stop(&refusal)),
        },
        Err(_) => AfterRequest::Stop(Stop::Unavailable),
    }
}

/// What follows the code that ends an enrolment of `mailbox`.
pub fn after_confirm<E>(reply: Result<ConfirmVerdict, E>, mailbox: &str, now: Timestamp) -> AfterCode {
    match reply {
        Ok(ConfirmVerdict::Accepted { mailbox: other, .. }) if other != mailbox => AfterCode::Stop(Stop::Refused),
        Ok(ConfirmVerdict::Accepted { standing, backup_codes, proof, .. }) => {
            let codes = backup_codes.iter().map(|code| Secret::new(code.reveal())).collect();
            AfterCode::Release { standing, proof, codes, codes_left: None }
        }
        Ok(ConfirmVerdict::Refused(Refusal { reason: Reason::InUse, .. })) => AfterCode::Again(Problem::InUse),
        Ok(ConfirmVerdict::Refused(refusal)) => refused_code(&refusal, now),
        Err(_) => AfterCode::Stop(Stop::Unavailable),
    }
}

/// What is shown of the account of `mailbox` to its owner.
pub fn after_security<E>(reply: Result<SecurityVerdict, E>, mailbox: &str) -> Result<Security, Stop> {
    match reply {
        Ok(SecurityVerdict::Shown(security)) if security.mailbox == mailbox => Ok(security),
        Ok(SecurityVerdict::Shown(_)) => Err(Stop::Refused),
        Ok(SecurityVerdict::Refused(refusal)) => Err(stop(&refusal)),
        Err(_) => Err(Stop::Unavailable),
    }
}

/// What follows when a person wanted this change.
pub fn after_change<E>(reply: Result<ChangeVerdict, E>, change: &Change) -> AfterChange {
    let takes_password = matches!(change, Change::CreateAppPassword { .. });
    match reply {
        Ok(ChangeVerdict::Done { standing, proof, backup_codes, app_password }) => AfterChange::Done {
            standing,
            proof,
            codes: backup_codes.iter().map(|code| Secret::new(code.reveal())).collect(),
            app_password: app_password.map(|secret| Secret::new(secret.reveal())),
        },
        Ok(ChangeVerdict::Refused(refusal)) => match refusal.reason {
            Reason::NotFresh => AfterChange::NotFresh,
            Reason::OnlyMethod => AfterChange::Problem(ChangeProblem::OnlyMethod),
            Reason::Wrong | Reason::Unfit if takes_password => AfterChange::Problem(ChangeProblem::WrongPassword),
            Reason::TooMany if takes_password => AfterChange::Problem(ChangeProblem::Full),
            // The mail server cannot say whether it is the right one.
            Reason::Unavailable if takes_password => AfterChange::Problem(ChangeProblem::NotChecked),
            // Of the session, or of what was to be changed: the page tells which.
            Reason::Stale => AfterChange::Outdated,
            _ => AfterChange::Stop(stop(&refusal)),
        },
        Err(_) => AfterChange::Stop(Stop::Unavailable),
    }
}

fn refused_code(refusal: &Refusal, now: Timestamp) -> AfterCode {
    match refusal.reason {
        Reason::Wrong => AfterCode::Again(Problem::Wrong { misses: refusal.failures.unwrap_or(1) }),
        Reason::Locked => match short_wait(refusal, now) {
            Some(problem) => AfterCode::Again(problem),
            None => AfterCode::Stop(stop(refusal)),
        },
        _ => AfterCode::Stop(stop(refusal)),
    }
}

/// Why a code was not sent, or a security key not asked; else the sign-in ends, or pauses.
fn not_sent(refusal: &Refusal, now: Timestamp) -> Result<Problem, Stop> {
    match refusal.reason {
        Reason::NotSent => Ok(Problem::NotSent),
        Reason::TooSoon => Ok(Problem::TooSoon { until: time(refusal).unwrap_or(now) }),
        Reason::TooMany => Ok(Problem::TooMany { until: time(refusal) }),
        Reason::Locked => short_wait(refusal, now).ok_or_else(|| stop(refusal)),
        // It was offered when the sign-in began.
        Reason::NotOffered => Err(Stop::Ended),
        _ => Err(stop(refusal)),
    }
}

fn short_wait(refusal: &Refusal, now: Timestamp) -> Option<Problem> {
    let until = time(refusal)?;
    now.checked_add(SHORT_WAIT_MINUTES.minutes()).is_ok_and(|soon| until <= soon).then_some(Problem::TooEarly { until })
}

fn stop(refusal: &Refusal) -> Stop {
    match refusal.reason {
        Reason::Locked => Stop::Locked { until: time(refusal) },
        Reason::Stale => Stop::Ended,
        Reason::Unavailable => Stop::Unavailable,
        Reason::Unusual => Stop::Unusual,
        // The others are no answers to what is asked here.
        _ => Stop::Refused,
    }
}

fn time(refusal: &Refusal) -> Option<Timestamp> {
    second(refusal.until?)
}

/// None: not a time that there is.
fn second(unix: i64) -> Option<Timestamp> {
    Timestamp::from_second(unix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOB: &str = "bob@example.com";
    const NOW: Timestamp = Timestamp::constant(1_795_305_946, 0);
    const REASONS: [Reason; 17] = [
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
        Reason::Unavailable,
    ];

    type Asked = Result<AskVerdict, &'static str>;

    fn free(mailbox: &str) -> Asked {
        Ok(AskVerdict::NotRequired { mailbox: mailbox.into(), standing: "s".into() })
    }

    fn challenge(mailbox: &str) -> Asked {
        let offer =
            Offer { id: "t1".into(), kind: "totp".into(), description: String::new(), digits: Some(6), hint: None };
        Ok(AskVerdict::Challenge { mailbox: mailbox.into(), methods: vec![offer], trust_days: None })
    }

    fn enrol(mailbox: &str) -> Asked {
        Ok(AskVerdict::Enrol { mailbox: mailbox.into(), kinds: vec!["sms".into()] })
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
            all.push(Ok(AskVerdict::Challenge { mailbox: BOB.into(), methods: Vec::new(), trust_days: None }));
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
        let enrolling = AfterPassword::Enrol { mailbox: BOB.into(), kinds: vec![MethodKind::Sms] };
        assert_eq!(after_password(enrol(BOB), Some(free(BOB))), enrolling);
        let other = after_password(challenge(BOB), Some(challenge("eve@example.com")));
        assert_eq!(other, AfterPassword::Stop(Stop::Refused));
    }

    #[test]
    fn refusals_say_what_to_show() {
        for reason in REASONS {
            let expected = match reason {
                Reason::Locked => AfterPassword::Stuck(Stuck::Locked { until: None }),
                Reason::Stale => AfterPassword::Stop(Stop::Ended),
                Reason::Unavailable => AfterPassword::Stop(Stop::Unavailable),
                Reason::Unusual => AfterPassword::Stop(Stop::Unusual),
                _ => AfterPassword::Stop(Stop::Refused),
            };
            assert_eq!(after_password(refused(reason), None), expected, "{reason:?}");
        }
        let nothing =
            || Ok::<_, ()>(AskVerdict::Challenge { mailbox: BOB.into(), methods: Vec::new(), trust_days: None });
        let stuck = AfterPassword::Stuck(Stuck::NoMethod);
        assert_eq!(after_password(nothing(), None), stuck);
        // Whatever the other name is told, nobody gets in from here.
        assert_eq!(after_password(nothing(), Some(nothing())), stuck);
        assert_eq!(after_password(Err("garbage"), None), AfterPassword::Stop(Stop::Unavailable));
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
        assert!(
            matches!(after_confirm(confirmed(BOB), BOB, NOW), AfterCode::Release { codes, .. } if codes.len() == 1)
        );
        for other in ["eve@example.com", "Bob@example.com", ""] {
            assert!(matches!(after_code(answered(other), BOB, NOW), AfterCode::Stop(Stop::Refused)));
            assert!(matches!(after_confirm(confirmed(other), BOB, NOW), AfterCode::Stop(Stop::Refused)));
        }
    }

    /// What is shown beside the field for each reason, and what ends the sign-in.
    #[test]
    fn each_reason_for_not_taking_a_code_has_its_answer() {
        for reason in REASONS {
            let refusal = Refusal::new(reason);
            let stopped = match reason {
                Reason::Locked => Stop::Locked { until: None },
                Reason::Stale => Stop::Ended,
                Reason::Unavailable => Stop::Unavailable,
                Reason::Unusual => Stop::Unusual,
                _ => Stop::Refused,
            };
            let code = after_code(Ok::<_, ()>(AnswerVerdict::Refused(refusal.clone())), BOB, NOW);
            match (reason, &code) {
                (Reason::Wrong, AfterCode::Again(Problem::Wrong { misses: 1 })) => {}
                (_, AfterCode::Stop(stop)) if reason != Reason::Wrong => assert_eq!(*stop, stopped, "{reason:?}"),
                _ => panic!("{reason:?}: {code:?}"),
            }
            let confirm = after_confirm(Ok::<_, ()>(ConfirmVerdict::Refused(refusal)), BOB, NOW);
            match (reason, &confirm) {
                (Reason::Wrong, AfterCode::Again(Problem::Wrong { misses: 1 }))
                | (Reason::InUse, AfterCode::Again(Problem::InUse)) => {}
                (Reason::Wrong | Reason::InUse, _) => panic!("{reason:?}: {confirm:?}"),
                (_, AfterCode::Stop(stop)) => assert_eq!(*stop, stopped, "{reason:?}"),
                _ => panic!("{reason:?}: {confirm:?}"),
            }
        }
        assert!(matches!(after_code(Err("lost"), BOB, NOW), AfterCode::Stop(Stop::Unavailable)));
        assert!(matches!(after_confirm(Err("lost"), BOB, NOW), AfterCode::Stop(Stop::Unavailable)));
    }

    /// Why nothing was sent, or what ends the sign-in.
    fn not_begun(reason: Reason) -> Result<Problem, Stop> {
        match reason {
            Reason::NotSent => Ok(Problem::NotSent),
            Reason::TooSoon => Ok(Problem::TooSoon { until: NOW }),
            Reason::TooMany => Ok(Problem::TooMany { until: None }),
            Reason::Locked => Err(Stop::Locked { until: None }),
            Reason::Stale | Reason::NotOffered => Err(Stop::Ended),
            Reason::Unavailable => Err(Stop::Unavailable),
            Reason::Unusual => Err(Stop::Unusual),
            _ => Err(Stop::Refused),
        }
    }

    #[test]
    fn each_reason_for_not_beginning_has_its_answer() {
        for reason in REASONS {
            let refused = Ok::<_, ()>(PrepareVerdict::Refused(Refusal::new(reason)));
            match (after_prepare(refused, BOB, MethodKind::Sms, NOW), not_begun(reason)) {
                (AfterPrepare::Problem(problem), Ok(expected)) => assert_eq!(problem, expected),
                (AfterPrepare::Stop(stop), Err(expected)) => assert_eq!(stop, expected, "{reason:?}"),
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
                (AfterEnrol::Stop(stop), Err(expected)) => assert_eq!(stop, expected, "{reason:?}"),
                (after, _) => panic!("{reason:?}: {after:?}"),
            }
        }
        let lost = after_prepare(Err("lost"), BOB, MethodKind::Sms, NOW);
        assert!(matches!(lost, AfterPrepare::Stop(Stop::Unavailable)));
        let lost = after_enrol(Err("lost"), BOB, MethodKind::Sms, NOW);
        assert!(matches!(lost, AfterEnrol::Stop(Stop::Unavailable)));
    }

    #[test]
    fn each_answer_to_a_request_has_its_page() {
        for reason in REASONS {
            let expected = match reason {
                Reason::Unfit => AfterRequest::Problem(LostProblem::Incomplete),
                Reason::NotOffered => AfterRequest::Problem(LostProblem::NotOffered),
                Reason::TooSoon | Reason::TooMany => AfterRequest::Problem(LostProblem::NotNow { until: None }),
                Reason::Locked => AfterRequest::Stop(Stop::Locked { until: None }),
                Reason::Stale => AfterRequest::Stop(Stop::Ended),
                Reason::Unavailable => AfterRequest::Stop(Stop::Unavailable),
                Reason::Unusual => AfterRequest::Stop(Stop::Unusual),
                _ => AfterRequest::Stop(Stop::Refused),
            };
            let refused = Ok::<_, ()>(RequestVerdict::Refused(Refusal::new(reason)));
            assert_eq!(after_request(refused), expected, "{reason:?}");
        }
        let opened = after_request(Ok::<_, ()>(RequestVerdict::Opened));
        assert_eq!(opened, AfterRequest::Requested(Requested::Now));
        let already = after_request(Ok::<_, ()>(RequestVerdict::OpenAlready));
        assert_eq!(already, AfterRequest::Requested(Requested::Before));
        assert_eq!(after_request(Err("lost")), AfterRequest::Stop(Stop::Unavailable));
    }

    #[test]
    fn an_account_is_shown_to_its_own_mailbox_only() {
        let shown = |mailbox: &str| SecurityVerdict::Shown(Security { mailbox: mailbox.into(), ..Security::default() });
        assert!(after_security(Ok::<_, ()>(shown(BOB)), BOB).is_ok());
        assert_eq!(after_security(Ok::<_, ()>(shown("eve@example.com")), BOB), Err(Stop::Refused));
        assert_eq!(after_security(Err("lost"), BOB), Err(Stop::Unavailable));
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
                    AfterChange::Stop(_) => assert!(problem.is_none(), "{reason:?}"),
                    after @ AfterChange::Done { .. } => panic!("{after:?}"),
                }
            }
            assert!(matches!(after_change(Err("lost"), &change), AfterChange::Stop(Stop::Unavailable)));
        }
    }

    fn secret(text: &str) -> postern_wire::Secret {
        postern_wire::Secret::from(text)
    }

    #[test]
    fn a_method_begins_for_its_own_mailbox_and_kind_only() {
        let again = NOW.as_second() + 30;
        let sent = |mailbox: &str| PrepareVerdict::Sent { mailbox: mailbox.into(), challenge: secret("c"), again };
        let asked = |mailbox: &str| PrepareVerdict::Key {
            mailbox: mailbox.into(),
            challenge: secret("c"),
            options: "{}".into(),
        };
        let after = |verdict, kind| after_prepare(Ok::<_, ()>(verdict), BOB, kind, NOW);
        for kind in MethodKind::ALL {
            let is_sent = matches!(kind, MethodKind::Sms | MethodKind::Email);
            assert_eq!(matches!(after(sent(BOB), kind), AfterPrepare::Sent { .. }), is_sent, "{kind:?}");
            let is_key = kind == MethodKind::Key;
            assert_eq!(matches!(after(asked(BOB), kind), AfterPrepare::Key { .. }), is_key, "{kind:?}");
            for verdict in [sent("eve@example.com"), asked("eve@example.com")] {
                assert!(matches!(after(verdict, kind), AfterPrepare::Stop(Stop::Refused)), "{kind:?}");
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
        assert!(matches!(locked(5 * 60 + 1), AfterCode::Stop(Stop::Locked { until: Some(_) })));
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
                    AfterEnrol::Stop(Stop::Unavailable) => assert!(!answers.contains(&asked), "{asked:?}"),
                    after => panic!("{asked:?}: {after:?}"),
                }
            }
            for verdict in all("eve@example.com") {
                let after = after_enrol(Ok::<_, ()>(verdict), BOB, asked, NOW);
                assert!(matches!(after, AfterEnrol::Stop(Stop::Refused)), "{asked:?}");
            }
        }
    }
}
