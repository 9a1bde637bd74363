//! What lets people in until a time, and is over for good once that time has come: a clock that steps back does not
//! bring it back.

use crate::platform::Policy;
use crate::{Account, Time};
use std::collections::BTreeSet;

/// Something that lets people in until a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ground {
    /// No code is asked.
    Suspension,
    /// An app password that was made with an end.
    AppPassword,
    /// A browser that the person trusts.
    TrustedBrowser,
}

impl Ground {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Suspension, Self::AppPassword, Self::TrustedBrowser];
}

impl Account {
    /// What ends by itself, and when. What is over already, and was seen to be, is not among it.
    pub fn ends(&self) -> BTreeSet<(Time, Ground)> {
        let suspension = self.suspension.iter().map(|it| (it.until, Ground::Suspension));
        let app_passwords = self.app_passwords.iter().filter(|it| !it.ended).filter_map(|it| it.expires);
        let trusted = self.browsers.iter().filter_map(|browser| browser.trust_ends());
        suspension
            .chain(app_passwords.map(|time| (time, Ground::AppPassword)))
            .chain(trusted.map(|time| (time, Ground::TrustedBrowser)))
            .collect()
    }

    /// Takes off for good what has ended at `now`, and has trust end no later than the policy of now allows. Whether
    /// there is something to write.
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

/// What of an account has ended by itself at `now`, once it was taken off. Trust that a policy has made shorter has not
/// ended.
pub fn ended(before: &Account, settled: &Account, now: Time) -> BTreeSet<Ground> {
    let (was, is) = (before.ends(), settled.ends());
    let has_ended = |(until, ground): &&(Time, Ground)| *until <= now || *ground == Ground::Suspension;
    was.difference(&is).filter(has_ended).map(|(_, ground)| *ground).collect()
}
