//! Events from an administrator.

use super::outcome::{already, done, refused};
use crate::account::{SUSPEND_HOURS, Suspension};
use crate::event::Decision;
use crate::{Account, Refusal, Stage, State, Time};

/// Seconds of an hour.
const HOUR: i64 = 3600;

pub(super) fn enable(mut account: Account, enrolment_code: Option<[u8; 32]>, now: Time) -> Decision {
    match (account.stage, account.state(now)) {
        (Stage::Off, _) => begun_anew(account, enrolment_code),
        // An enrolment that was started without the code starts again.
        (Stage::Enrolling, _) if enrolment_code.is_some() => {
            account.enrolment_code = enrolment_code;
            account.epoch += 1;
            done(account)
        }
        // "Enabled" would be untrue while no code is required, and a suspension is ended with another command.
        (_, State::Suspended(until)) => refused(Refusal::Suspended(until)),
        _ => already(),
    }
}

pub(super) fn suspend(mut account: Account, hours: i64, now: Time) -> Decision {
    if !SUSPEND_HOURS.contains(&hours) {
        return refused(Refusal::Hours(hours));
    }
    if account.stage == Stage::Off {
        return refused(Refusal::Off);
    }
    account.suspension = Some(Suspension { since: now, until: now.plus(hours * HOUR) });
    done(account)
}

pub(super) fn resume(mut account: Account) -> Decision {
    match account.suspension.take() {
        Some(_) => done(account),
        None => refused(Refusal::NotSuspended),
    }
}

pub(super) fn reset(account: Account, enrolment_code: Option<[u8; 32]>) -> Decision {
    match account.stage {
        Stage::Off => refused(Refusal::Off),
        Stage::Enrolling | Stage::Protected => begun_anew(account, enrolment_code),
    }
}

pub(super) fn remove(account: Account) -> Decision {
    match account.stage {
        Stage::Off => already(),
        Stage::Enrolling | Stage::Protected => cleared(account, Stage::Off),
    }
}

pub(super) fn unlock(mut account: Account) -> Decision {
    if account.throttles.is_empty() {
        return already();
    }
    account.throttles.clear();
    done(account)
}

/// Sets the account to enrolling: the next sign-in sets up the first method, with the enrolment code if there is one.
fn begun_anew(mut account: Account, enrolment_code: Option<[u8; 32]>) -> Decision {
    account.clear(Stage::Enrolling);
    account.enrolment_code = enrolment_code;
    done(account)
}

pub(super) fn cleared(mut account: Account, stage: Stage) -> Decision {
    account.clear(stage);
    done(account)
}
