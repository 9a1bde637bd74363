//! What administrators do with an account.

use crate::account::{SUSPEND_HOURS, Suspension};
use crate::contact::Address;
use crate::decision::{Decision, Outcome, Settled};
use crate::{Account, Stage, State, Time};

/// Seconds of an hour.
const HOUR: i64 = 3600;

/// The account is suspended until then: resume it first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspended(pub Time);

/// The account is off: enable it first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Off;

/// There is no suspension to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotSuspended;

/// Why an account is not suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuspendRefusal {
    /// Not within [`SUSPEND_HOURS`].
    Hours(i64),
    /// The account is off: no code is required anyway.
    Off,
}

/// Lists the mailbox; no code is required for it.
pub fn add(it: &Settled<'_>) -> Decision<Outcome> {
    if it.account().unlisted {
        Decision::done(Account { unlisted: false, ..it.account().clone() })
    } else {
        Decision::already()
    }
}

/// Off → Enrolling; an account that is enrolling gets a new enrolment code. `enrolment_code`: the hash of the code that
/// is required before the first method is set up.
pub fn enable(it: &Settled<'_>, enrolment_code: Option<[u8; 32]>) -> Decision<Result<Outcome, Suspended>> {
    let account = it.account().clone();
    match (account.stage, account.state(it.now())) {
        (Stage::Off, _) => Decision::changed(Ok(Outcome::Done), begun_anew(account, enrolment_code)),
        // An enrolment that was started without the code starts again.
        (Stage::Enrolling, _) if enrolment_code.is_some() => {
            let epoch = account.epoch + 1;
            Decision::changed(Ok(Outcome::Done), Account { enrolment_code, epoch, ..account })
        }
        // "Enabled" would be untrue while no code is required, and a suspension is ended with another command.
        (_, State::Suspended(until)) => Decision::refused(Suspended(until)),
        _ => Decision::unchanged(Ok(Outcome::Already)),
    }
}

/// Suspends the account for this many hours: no code is required.
pub fn suspend(it: &Settled<'_>, hours: i64) -> Decision<Result<(), SuspendRefusal>> {
    if !SUSPEND_HOURS.contains(&hours) {
        return Decision::refused(SuspendRefusal::Hours(hours));
    }
    if it.account().stage == Stage::Off {
        return Decision::refused(SuspendRefusal::Off);
    }
    let suspension = Some(Suspension { since: it.now(), until: it.now().plus(hours * HOUR) });
    Decision::changed(Ok(()), Account { suspension, ..it.account().clone() })
}

/// Ends a suspension.
pub fn resume(it: &Settled<'_>) -> Decision<Result<(), NotSuspended>> {
    match it.account().suspension {
        Some(_) => Decision::changed(Ok(()), Account { suspension: None, ..it.account().clone() }),
        None => Decision::refused(NotSuspended),
    }
}

/// Removes all factors → Enrolling. `enrolment_code`: as in [`enable`]; `None`: the password is enough to set up the
/// first method.
pub fn reset(it: &Settled<'_>, enrolment_code: Option<[u8; 32]>) -> Decision<Result<(), Off>> {
    match it.account().stage {
        Stage::Off => Decision::refused(Off),
        Stage::Enrolling | Stage::Protected => {
            Decision::changed(Ok(()), begun_anew(it.account().clone(), enrolment_code))
        }
    }
}

/// Removes all secrets → Off.
pub fn remove(it: &Settled<'_>) -> Decision<Outcome> {
    match it.account().stage {
        Stage::Off => Decision::already(),
        Stage::Enrolling | Stage::Protected => Decision::done(cleared(it.account().clone(), Stage::Off)),
    }
}

/// Ends every lock.
pub fn unlock(it: &Settled<'_>) -> Decision<Outcome> {
    let mut account = it.account().clone();
    if account.throttles.is_empty() {
        return Decision::already();
    }
    account.throttles.clear();
    Decision::done(account)
}

/// Sets or removes the address for notices.
pub fn set_contact(it: &Settled<'_>, contact: Option<Address>) -> Decision<Outcome> {
    if it.account().contact == contact {
        return Decision::already();
    }
    Decision::done(Account { contact, ..it.account().clone() })
}

/// Sets the account to enrolling: the next sign-in sets up the first method, with the enrolment code if there is one.
fn begun_anew(account: Account, enrolment_code: Option<[u8; 32]>) -> Account {
    Account { enrolment_code, ..cleared(account, Stage::Enrolling) }
}

pub(super) fn cleared(mut account: Account, stage: Stage) -> Account {
    account.clear(stage);
    account
}
