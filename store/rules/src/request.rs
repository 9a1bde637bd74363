//! Requests for a reset, by users who know the password and report that every method is lost. An administrator decides.

use crate::platform::Policy;
use crate::{Account, Time};

/// The most requests that are opened for an account within a day: the owner receives a notice of each, and may be away.
pub const REQUESTS_A_DAY: usize = 3;
/// Seconds of an hour.
const HOUR: i64 = 3600;

/// The data of an open request that the rules use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// When it was opened.
    pub at: Time,
    /// The account's epoch at that time.
    pub epoch: u64,
}

/// Why a request is not approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotApproved {
    /// It is closed: see [`Opened::is_open`].
    Over,
    /// Not before then.
    TooSoon(Time),
}

impl Opened {
    /// A request that is opened for this account now.
    pub fn now(account: &Account, now: Time) -> Self {
        Self { at: now, epoch: account.epoch }
    }

    /// Whether it still applies to the account. It does not after a setup, reset or removal since then, nor after a
    /// sign-in with a second factor since then: in that case not every method is lost.
    pub fn is_open(&self, account: &Account) -> bool {
        let used = account.factors.iter().filter_map(|factor| factor.last_used);
        let used = used.chain(account.backup.iter().filter_map(|backup| backup.last_used));
        account.epoch == self.epoch && used.max().is_none_or(|used| used <= self.at)
    }

    /// When it may be approved: the platform may set a waiting time, so that the owner is notified first.
    pub fn ready(&self, policy: &Policy) -> Time {
        self.at.plus(i64::from(policy.request_wait) * HOUR)
    }

    /// Checks whether it may be approved now. Its approval is a reset after which setup of the first method requires an
    /// enrolment code: the requester knows the password, but so may an attacker.
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
