//! Grants of access with an expiry. Once expired, they are removed permanently: setting the clock back does not restore
//! them.

use crate::platform::Policy;
use crate::{Account, Time};
use std::collections::BTreeSet;

/// A grant of access with an expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ground {
    /// A suspension: no code is required.
    Suspension,
    /// An app password with an expiry.
    AppPassword,
    /// A browser that the user trusts.
    TrustedBrowser,
}

impl Ground {
    /// Every grant.
    pub const ALL: [Self; 3] = [Self::Suspension, Self::AppPassword, Self::TrustedBrowser];
}

impl Account {
    /// The grants that expire, and when. Grants that were already seen to be expired are not included.
    pub fn ends(&self) -> BTreeSet<(Time, Ground)> {
        let suspension = self.suspension.iter().map(|it| (it.until, Ground::Suspension));
        let app_passwords = self.app_passwords.iter().filter(|it| !it.ended).filter_map(|it| it.expires);
        let trusted = self.browsers.iter().filter_map(|browser| browser.trust_ends());
        suspension
            .chain(app_passwords.map(|time| (time, Ground::AppPassword)))
            .chain(trusted.map(|time| (time, Ground::TrustedBrowser)))
            .collect()
    }

    /// Removes grants that have expired at `now`, and limits trust to what the current policy allows. Returns whether
    /// there is a change to write.
    pub(crate) fn settle(&mut self, policy: &Policy, now: Time) -> bool {
        let is_suspended = self.suspension.is_some();
        self.suspension = self.suspension.filter(|suspension| suspension.stands(now));
        let mut has_changed = is_suspended && self.suspension.is_none();
        for it in self.app_passwords.iter_mut().filter(|it| !it.ended && it.has_expired(now)) {
            it.ended = true;
            has_changed = true;
        }
        has_changed | self.browsers.settle_trust(policy, now)
    }
}

/// The grants of an account that expired at `now`, after they were removed. Trust that the policy has shortened is not
/// expired.
pub fn ended(before: &Account, settled: &Account, now: Time) -> BTreeSet<Ground> {
    let (was, is) = (before.ends(), settled.ends());
    let has_ended = |(until, ground): &&(Time, Ground)| *until <= now || *ground == Ground::Suspension;
    was.difference(&is).filter(has_ended).map(|(_, ground)| *ground).collect()
}
