//! Interpretation of the daemon's responses: the only file of the webmail front that could fail open.
//!
//! Two verdicts of the daemon release a session, [`AskVerdict::NotRequired`] and `Accepted`, and each only for the
//! mailbox that was asked about. Of an error only one property matters: whether the request was invalid
//! ([`Unanswered`]). No error ever releases a session.

use crate::session::enrolment::SettingUp;
use crate::session::stage::BlockedReason;
use jiff::{Timestamp, ToSpan};
use postern_front::daemon::DaemonError;
use postern_front::metrics::Verdict;
use postern_portal::{ChangeProblem, LostProblem, MethodKind, Problem, Requested};
use postern_wire::Secret;
use postern_wire::auth::{
    AnswerVerdict, AskVerdict, Asked, ConfirmVerdict, EnrolVerdict, Offer, PrepareVerdict, Reason, Refusal,
};
use postern_wire::security::{Change, ChangeVerdict, RequestVerdict, Security, SecurityVerdict};

/// A back-off up to this long is shown beside the code field; for a longer one the user need not stay on the page.
pub const SHORT_WAIT_MINUTES: i64 = 5;

/// Why there is no response, as far as it matters here.
pub trait Unanswered {
    /// Whether the daemon has rejected the request as invalid: the user then gets this reason, instead of "temporarily
    /// unavailable".
    fn is_bad_request(&self) -> bool;
}

impl Unanswered for DaemonError {
    fn is_bad_request(&self) -> bool {
        self.is_invalid_parameter()
    }
}

/// Why a sign-in ends here, or pauses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Denial {
    /// Temporarily unavailable.
    Unavailable,
    /// Refused.
    Refused,
    /// Not before the given time, or until an administrator unlocks the account.
    Locked {
        /// The time, if there is one.
        until: Option<Timestamp>,
    },
    /// What was begun has expired, and must be begun again.
    Ended,
    /// Neither the browser nor the network is known, and there is no address to which a code could be sent.
    Unusual,
    /// The input is malformed; nothing was changed.
    BadRequest,
}

impl From<BlockedReason> for Denial {
    fn from(blocked: BlockedReason) -> Self {
        match blocked {
            BlockedReason::Locked { until } => Self::Locked { until },
            BlockedReason::NoMethod => Self::Unavailable,
        }
    }
}

/// The result after the webmail has accepted the password.
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
    /// A code is required.
    Challenge {
        /// The canonical mailbox.
        mailbox: String,
        /// The available methods; at least one.
        methods: Vec<Offer>,
        /// For how many days the browser may be trusted, if allowed.
        trust_days: Option<u32>,
    },
    /// The first method has to be set up now.
    Enrol {
        /// The canonical mailbox.
        mailbox: String,
        /// The kinds that can be set up.
        kinds: Vec<MethodKind>,
    },
    /// No code can be entered.
    Blocked {
        /// The canonical mailbox.
        mailbox: String,
        /// The reason.
        why: BlockedReason,
    },
    /// The sign-in ends.
    Denied(Denial),
}

/// The result after a sign-in that waits for a code has asked again which methods are available. It releases no
/// session.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum AfterWaiting {
    /// A code is required.
    Challenge {
        /// The available methods; at least one.
        methods: Vec<Offer>,
        /// For how many days the browser may be trusted, if allowed.
        trust_days: Option<u32>,
    },
    /// No code can be entered.
    Blocked(BlockedReason),
    /// The sign-in ends, or pauses.
    Denied(Denial),
}

/// The result after a code, or after the code that confirms an enrolment.
#[derive(Debug)]
#[must_use]
pub enum AfterCode {
    /// The session is released.
    Release {
        /// For rechecks.
        standing: String,
        /// The proof that a second factor was accepted, for the Security page.
        proof: Option<Secret>,
        /// Backup codes that are shown first.
        codes: Vec<Secret>,
        /// How many backup codes are left, if one was used.
        codes_left: Option<u32>,
    },
    /// The page is shown again.
    Again(Problem),
    /// The sign-in ends, or pauses.
    Denied(Denial),
}

/// The result after preparing a method.
#[derive(Debug)]
#[must_use]
pub enum AfterPrepare {
    /// A code was sent.
    Sent {
        /// See [`PrepareVerdict::Sent`].
        challenge: Secret,
        /// See [`PrepareVerdict::Sent`].
        again: Timestamp,
    },
    /// A challenge for a security key was created.
    Key {
        /// See [`PrepareVerdict::Key`].
        challenge: Secret,
        /// See [`PrepareVerdict::Key`].
        options: String,
    },
    /// The method could not be prepared for now; another method may work.
    Problem(Problem),
    /// The sign-in ends, or pauses.
    Denied(Denial),
}

/// The secret of an authenticator app that is being set up; see [`EnrolVerdict::Offered`].
#[derive(Debug)]
pub struct Shown {
    /// In base32.
    pub secret: Secret,
    /// As a URI.
    pub uri: Secret,
}

/// The result after requesting an enrolment.
#[derive(Debug)]
#[must_use]
pub enum AfterEnrol {
    /// The enrolment has begun.
    Begun {
        /// The step with its ticket, for the confirmation.
        begun: SettingUp,
        /// The other kinds that can be set up.
        kinds: Vec<MethodKind>,
        /// The secret for an authenticator app.
        shown: Option<Shown>,
    },
    /// The administrator's enrolment code is required first; the one that was sent, if any, is wrong.
    EnrolmentCode,
    /// The user must provide a factor for it first.
    NotFresh,
    /// The enrolment could not begin for now; another kind may work.
    Problem(Problem),
    /// The sign-in ends, or pauses.
    Denied(Denial),
}

/// The result after a request to the administrator.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum AfterRequest {
    /// The administrator has a request.
    Requested(Requested),
    /// There is no request yet.
    Problem(LostProblem),
    /// The sign-in ends, or pauses.
    Denied(Denial),
}

/// The result after a user requested a change of their own account.
#[derive(Debug)]
#[must_use]
pub enum AfterChange {
    /// The account was changed. The session continues with this standing and proof.
    Done {
        /// For rechecks.
        standing: String,
        /// For further changes; none: the second factor is off now.
        proof: Option<Secret>,
        /// The new backup codes.
        codes: Vec<Secret>,
        /// The new app password.
        app_password: Option<Secret>,
    },
    /// The user must provide a factor for it first.
    NotFresh,
    /// The account was not changed; the form is shown again.
    Problem(ChangeProblem),
    /// The account was not changed: the limit of changes for today was reached.
    Enough,
    /// The account was not changed: its state differs from the one that the form assumed.
    Outdated,
    /// The session ends, or pauses.
    Denied(Denial),
}

/// Evaluates the daemon's response after the webmail has accepted a password. `also` are the further names that were
/// sent along: a daemon that has judged the first name alone does not release the session.
pub fn after_password<E: Unanswered>(reply: Result<Asked, E>, also: &[String]) -> AfterPassword {
    match reply {
        Ok(asked) if !also.is_empty() && !asked.also_judged => AfterPassword::Denied(Denial::Unavailable),
        reply => one_answer(reply.map(|asked| asked.verdict)),
    }
}

fn one_answer<E: Unanswered>(reply: Result<AskVerdict, E>) -> AfterPassword {
    match reply {
        Ok(AskVerdict::NotRequired { mailbox, standing }) => AfterPassword::Release { mailbox, standing },
        // A challenge without any method is an error, not a release.
        Ok(AskVerdict::Challenge { mailbox, methods, .. }) if methods.is_empty() => {
            AfterPassword::Blocked { mailbox, why: BlockedReason::NoMethod }
        }
        Ok(AskVerdict::Challenge { mailbox, methods, trust_days }) => {
            AfterPassword::Challenge { mailbox, methods, trust_days }
        }
        Ok(AskVerdict::Enrol { mailbox, kinds }) => AfterPassword::Enrol { mailbox, kinds: known(&kinds) },
        Ok(AskVerdict::Refused(refusal)) => match (denial(&refusal), refusal.mailbox) {
            (Denial::Locked { until }, Some(mailbox)) => {
                AfterPassword::Blocked { mailbox, why: BlockedReason::Locked { until } }
            }
            (denial, _) => AfterPassword::Denied(denial),
        },
        Err(error) => AfterPassword::Denied(unanswered(&error)),
    }
}

/// The methods that are available now for a sign-in to `mailbox` that waits for a code.
pub fn after_waiting<E: Unanswered>(reply: Result<AskVerdict, E>, mailbox: &str) -> AfterWaiting {
    match one_answer(reply) {
        AfterPassword::Challenge { mailbox: other, .. } if other != mailbox => AfterWaiting::Denied(Denial::Refused),
        AfterPassword::Challenge { methods, trust_days, .. } => AfterWaiting::Challenge { methods, trust_days },
        // A code is no longer required: the account was suspended, reset or removed, or the browser is known or trusted
        // by now. A new sign-in leads to the current state.
        AfterPassword::Release { .. } | AfterPassword::Enrol { .. } => AfterWaiting::Denied(Denial::Ended),
        AfterPassword::Blocked { mailbox: other, .. } if other != mailbox => AfterWaiting::Denied(Denial::Refused),
        AfterPassword::Blocked { why, .. } => AfterWaiting::Blocked(why),
        AfterPassword::Denied(denial) => AfterWaiting::Denied(denial),
    }
}

/// Evaluates the response to a code for `mailbox`.
pub fn after_code<E: Unanswered>(reply: Result<AnswerVerdict, E>, mailbox: &str, now: Timestamp) -> AfterCode {
    match reply {
        Ok(AnswerVerdict::Accepted { mailbox: other, .. }) if other != mailbox => AfterCode::Denied(Denial::Refused),
        Ok(AnswerVerdict::Accepted { standing, proof, backup_codes_left, .. }) => {
            AfterCode::Release { standing, proof, codes: Vec::new(), codes_left: backup_codes_left }
        }
        Ok(AnswerVerdict::Refused(Refusal { reason: Reason::Copied, .. })) => AfterCode::Again(Problem::Copied),
        Ok(AnswerVerdict::Refused(Refusal { reason: Reason::Unfit, .. })) => AfterCode::Again(Problem::NotACode),
        Ok(AnswerVerdict::Refused(refusal)) => refused_code(&refusal, now),
        Err(error) => AfterCode::Denied(unanswered(&error)),
    }
}

/// Evaluates the response to preparing a method of this kind, for a sign-in to `mailbox`.
pub fn after_prepare<E: Unanswered>(
    reply: Result<PrepareVerdict, E>,
    mailbox: &str,
    kind: MethodKind,
    now: Timestamp,
) -> AfterPrepare {
    match reply {
        Ok(PrepareVerdict::Sent { mailbox: other, .. } | PrepareVerdict::Key { mailbox: other, .. })
            if other != mailbox =>
        {
            AfterPrepare::Denied(Denial::Refused)
        }
        Ok(PrepareVerdict::Sent { challenge, again, .. }) if is_sent(kind) => {
            AfterPrepare::Sent { challenge, again: second(again).unwrap_or(now) }
        }
        Ok(PrepareVerdict::Key { challenge, options, .. }) if kind == MethodKind::Key => {
            AfterPrepare::Key { challenge, options }
        }
        // The response is for another kind.
        Ok(PrepareVerdict::Sent { .. } | PrepareVerdict::Key { .. }) => AfterPrepare::Denied(Denial::Unavailable),
        Ok(PrepareVerdict::Refused(refusal)) => match not_sent(&refusal, now) {
            Ok(problem) => AfterPrepare::Problem(problem),
            Err(denial) => AfterPrepare::Denied(denial),
        },
        Err(error) => AfterPrepare::Denied(unanswered(&error)),
    }
}

/// Evaluates the response to the request for an enrolment of `mailbox` with a method of this kind.
pub fn after_enrol<E: Unanswered>(
    reply: Result<EnrolVerdict, E>,
    mailbox: &str,
    kind: MethodKind,
    now: Timestamp,
) -> AfterEnrol {
    match reply {
        Ok(
            EnrolVerdict::Offered { mailbox: other, .. }
            | EnrolVerdict::Sent { mailbox: other, .. }
            | EnrolVerdict::Key { mailbox: other, .. },
        ) if other != mailbox => AfterEnrol::Denied(Denial::Refused),
        Ok(EnrolVerdict::Offered { ticket, secret, uri, kinds, .. }) if kind == MethodKind::Authenticator => {
            let shown = Shown { secret, uri };
            AfterEnrol::Begun { begun: SettingUp::App { ticket }, kinds: known(&kinds), shown: Some(shown) }
        }
        Ok(EnrolVerdict::Sent { ticket, to, again, kinds, .. }) if is_sent(kind) || kind == MethodKind::Contact => {
            let begun = SettingUp::Sent { kind, ticket, to, again: second(again).unwrap_or(now) };
            AfterEnrol::Begun { begun, kinds: known(&kinds), shown: None }
        }
        Ok(EnrolVerdict::Key { ticket, options, kinds, .. }) if kind == MethodKind::Key => {
            AfterEnrol::Begun { begun: SettingUp::Key { ticket, options }, kinds: known(&kinds), shown: None }
        }
        // The response is for another kind.
        Ok(EnrolVerdict::Offered { .. } | EnrolVerdict::Sent { .. } | EnrolVerdict::Key { .. }) => {
            AfterEnrol::Denied(Denial::Unavailable)
        }
        Ok(EnrolVerdict::Refused(refusal)) => match refusal.reason {
            Reason::EnrolmentCode => AfterEnrol::EnrolmentCode,
            Reason::NotFresh => AfterEnrol::NotFresh,
            Reason::Unfit => AfterEnrol::Problem(Problem::NotACode),
            Reason::InUse => AfterEnrol::Problem(Problem::InUse),
            _ => match not_sent(&refusal, now) {
                Ok(problem) => AfterEnrol::Problem(problem),
                Err(denial) => AfterEnrol::Denied(denial),
            },
        },
        Err(error) => AfterEnrol::Denied(unanswered(&error)),
    }
}

fn is_sent(kind: MethodKind) -> bool {
    matches!(kind, MethodKind::Sms | MethodKind::Email)
}

/// The kinds that can be set up, as far as this front has pages for them.
fn known(kinds: &[String]) -> Vec<MethodKind> {
    let known = kinds.iter().filter_map(|kind| MethodKind::from_tag(kind));
    known.filter(|kind| !matches!(kind, MethodKind::BackupCode | MethodKind::Contact)).collect()
}

/// Evaluates the response to a request to the administrator.
pub fn after_request<E: Unanswered>(reply: Result<RequestVerdict, E>) -> AfterRequest {
    match reply {
        Ok(RequestVerdict::Opened) => AfterRequest::Requested(Requested::Now),
        Ok(RequestVerdict::OpenAlready) => AfterRequest::Requested(Requested::Before),
        Ok(RequestVerdict::Refused(refusal)) => match refusal.reason {
            Reason::Unfit => AfterRequest::Problem(LostProblem::Incomplete),
            Reason::NotOffered => AfterRequest::Problem(LostProblem::NotOffered),
            Reason::TooSoon | Reason::TooMany => AfterRequest::Problem(LostProblem::NotNow { until: time(&refusal) }),
            _ => AfterRequest::Denied(denial(&refusal)),
        },
        Err(error) => AfterRequest::Denied(unanswered(&error)),
    }
}

/// Evaluates the response to the code that completes an enrolment of `mailbox`.
pub fn after_confirm<E: Unanswered>(reply: Result<ConfirmVerdict, E>, mailbox: &str, now: Timestamp) -> AfterCode {
    match reply {
        Ok(ConfirmVerdict::Accepted { mailbox: other, .. }) if other != mailbox => AfterCode::Denied(Denial::Refused),
        Ok(ConfirmVerdict::Accepted { standing, backup_codes, proof, .. }) => {
            AfterCode::Release { standing, proof, codes: backup_codes, codes_left: None }
        }
        Ok(ConfirmVerdict::Refused(Refusal { reason: Reason::InUse, .. })) => AfterCode::Again(Problem::InUse),
        // The factor that was provided is used up or too old, or the limit of changes was reached: it begins again.
        Ok(ConfirmVerdict::Refused(Refusal { reason: Reason::NotFresh | Reason::TooMany, .. })) => {
            AfterCode::Denied(Denial::Ended)
        }
        Ok(ConfirmVerdict::Refused(refusal)) => refused_code(&refusal, now),
        Err(error) => AfterCode::Denied(unanswered(&error)),
    }
}

/// The data of the account of `mailbox`, for its owner.
pub fn after_security<E: Unanswered>(reply: Result<SecurityVerdict, E>, mailbox: &str) -> Result<Security, Denial> {
    match reply {
        Ok(SecurityVerdict::Shown(security)) if security.mailbox == mailbox => Ok(security),
        Ok(SecurityVerdict::Shown(_)) => Err(Denial::Refused),
        Ok(SecurityVerdict::Refused(refusal)) => Err(denial(&refusal)),
        Err(error) => Err(unanswered(&error)),
    }
}

/// Evaluates the response to this change that a user requested.
pub fn after_change<E: Unanswered>(reply: Result<ChangeVerdict, E>, change: &Change) -> AfterChange {
    let takes_password = matches!(change, Change::CreateAppPassword { .. });
    match reply {
        Ok(ChangeVerdict::Done { standing, proof, backup_codes, app_password }) => {
            AfterChange::Done { standing, proof, codes: backup_codes, app_password }
        }
        Ok(ChangeVerdict::Refused(refusal)) => match refusal.reason {
            Reason::NotFresh => AfterChange::NotFresh,
            Reason::OnlyMethod => AfterChange::Problem(ChangeProblem::OnlyMethod),
            Reason::Wrong | Reason::Unfit if takes_password => AfterChange::Problem(ChangeProblem::WrongPassword),
            Reason::TooMany if refusal.until.is_some() => AfterChange::Enough,
            Reason::TooMany if takes_password => AfterChange::Problem(ChangeProblem::Full),
            // The mail server cannot determine whether the password is right.
            Reason::Unavailable if takes_password => AfterChange::Problem(ChangeProblem::NotChecked),
            // The session or the item to be changed is outdated: the page shows which.
            Reason::Stale => AfterChange::Outdated,
            _ => AfterChange::Denied(denial(&refusal)),
        },
        Err(error) => AfterChange::Denied(unanswered(&error)),
    }
}

fn refused_code(refusal: &Refusal, now: Timestamp) -> AfterCode {
    match refusal.reason {
        Reason::Wrong => AfterCode::Again(Problem::Wrong { misses: refusal.failures.unwrap_or(1) }),
        Reason::Locked => match short_wait(refusal, now) {
            Some(problem) => AfterCode::Again(problem),
            None => AfterCode::Denied(denial(refusal)),
        },
        _ => AfterCode::Denied(denial(refusal)),
    }
}

/// Why a code was not sent, or no challenge was created; otherwise the sign-in ends, or pauses.
fn not_sent(refusal: &Refusal, now: Timestamp) -> Result<Problem, Denial> {
    match refusal.reason {
        Reason::NotSent => Ok(Problem::NotSent),
        Reason::TooSoon => Ok(Problem::TooSoon { until: time(refusal).unwrap_or(now) }),
        Reason::TooMany => Ok(Problem::TooMany { until: time(refusal) }),
        Reason::Locked => short_wait(refusal, now).ok_or_else(|| denial(refusal)),
        // The method was available when the sign-in began.
        Reason::NotOffered => Err(Denial::Ended),
        _ => Err(denial(refusal)),
    }
}

fn short_wait(refusal: &Refusal, now: Timestamp) -> Option<Problem> {
    let until = time(refusal)?;
    now.checked_add(SHORT_WAIT_MINUTES.minutes()).is_ok_and(|soon| until <= soon).then_some(Problem::TooEarly { until })
}

fn unanswered(error: &impl Unanswered) -> Denial {
    if error.is_bad_request() { Denial::BadRequest } else { Denial::Unavailable }
}

fn denial(refusal: &Refusal) -> Denial {
    match refusal.reason {
        Reason::Locked => Denial::Locked { until: time(refusal) },
        Reason::Stale => Denial::Ended,
        Reason::Unavailable => Denial::Unavailable,
        Reason::Unusual => Denial::Unusual,
        // The others are not responses to this request.
        _ => Denial::Refused,
    }
}

fn time(refusal: &Refusal) -> Option<Timestamp> {
    second(refusal.until?)
}

/// None: the value is not a valid time.
fn second(unix: i64) -> Option<Timestamp> {
    Timestamp::from_second(unix).ok()
}

impl From<&AfterPassword> for Verdict {
    fn from(after: &AfterPassword) -> Self {
        match after {
            AfterPassword::Release { .. } => Self::Accepted,
            AfterPassword::Challenge { .. } => Self::Challenge,
            AfterPassword::Enrol { .. } => Self::Enrol,
            AfterPassword::Denied(Denial::Unavailable) => Self::Unavailable,
            AfterPassword::Blocked { .. } | AfterPassword::Denied(_) => Self::Refused,
        }
    }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
