//! Requests for a reset, by users who know the password and say that every method is lost. An administrator decides.

use crate::platform::Policy;
use crate::{Account, Time};

/// Requests that are opened for an account within a day: the owner is sent a notice of each, and may be away.
pub const REQUESTS_A_DAY: usize = 3;
/// Seconds of an hour.
const HOUR: i64 = 3600;

/// An open request, as far as the rules look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// When it was opened.
    pub at: Time,
    /// The account's epoch then.
    pub epoch: u64,
}

/// Why a request is not approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotApproved {
    /// It is over: see [`Opened::is_open`].
    Over,
    /// Not before then.
    TooSoon(Time),
}

impl Opened {
    /// One that is opened for this account now.
    pub fn now(account: &Account, now: Time) -> Self {
        Self { at: now, epoch: account.epoch }
    }

    /// Whether it is still about the account as it is. It is not when something was set up, reset or removed since, nor when
    /// the account was opened with a second factor since: then nothing is lost.
    pub fn is_open(&self, account: &Account) -> bool {
        let used = account.factors.iter().filter_map(|factor| factor.last_used);
        let used = used.chain(account.backup.iter().filter_map(|backup| backup.last_used));
        account.epoch == self.epoch && used.max().is_none_or(|used| used <= self.at)
    }

    /// From when on it may be approved: the platform may have requests wait, so that the owner hears of it first.
    pub fn ready(&self, policy: &Policy) -> Time {
        self.at.plus(i64::from(policy.request_wait) * HOUR)
    }

    /// Whether it may be approved now. Approved, it is a reset after which the first method takes an enrolment code: whoever
    /// has asked knows the password, and so may a thief.
    ///
    /// # Errors
    /// [`NotApproved`].
    pub fn may_be_approved(&self, account: &Account, policy: &Policy, now: Time) -> Result<(), NotApproved> {
        if !self.is_open(account) {
            return Err(NotApproved::Over);
        }
        let ready = self.ready(policy);
        if now < ready { Err(NotApproved::TooSoon(ready)) } else { Ok(()) }
    }
}
