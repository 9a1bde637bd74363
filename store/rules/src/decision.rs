//! What every decision is made for, and its result.

use crate::{Account, Platform, Time, backup, factor};
use std::fmt;

/// An account at a point in time, from which what has expired is removed (see [`Account::ends`]). Every decision that
/// may change an account takes one, so that none is based on an expired grant.
pub struct Settled<'a> {
    account: Account,
    platform: &'a Platform,
    now: Time,
    has_expired: bool,
}

impl<'a> Settled<'a> {
    /// Removes what has expired in `account` at `now`.
    pub fn of(account: &Account, platform: &'a Platform, now: Time) -> Self {
        let mut account = account.clone();
        let has_expired = account.settle(&platform.policy, now);
        Self { account, platform, now, has_expired }
    }

    /// The account.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Its platform.
    pub fn platform(&self) -> &'a Platform {
        self.platform
    }

    /// The time of the decision.
    pub fn now(&self) -> Time {
        self.now
    }

    /// The account that is to be written if a decision does not change it; `None`: nothing had expired. Once an expiry
    /// is seen, it is written with every event: setting the clock back does not restore what has expired.
    pub fn expired(&self) -> Option<&Account> {
        Some(&self.account).filter(|_| self.has_expired)
    }
}

/// The result of an event. The caller first writes the next account in one atomic swap and then acts on the verdict.
#[derive(Debug)]
#[must_use]
pub struct Decision<V> {
    /// The answer to the caller.
    pub verdict: V,
    /// The changed account; `None`: it is unchanged.
    pub next: Option<Account>,
}

/// Random bytes that the caller drew.
pub struct Random {
    /// For a factor's id.
    pub id: [u8; factor::ID_RANDOM],
    /// For a set of backup codes.
    pub backup: [u8; backup::RANDOM],
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The result of an event that is never refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// There was nothing to change.
    Already,
}

impl<V> Decision<V> {
    pub(crate) fn changed(verdict: V, account: Account) -> Self {
        Self { verdict, next: Some(account) }
    }

    pub(crate) fn unchanged(verdict: V) -> Self {
        Self { verdict, next: None }
    }

    /// The same decision with another form of the verdict.
    pub fn map<W>(self, verdict: impl FnOnce(V) -> W) -> Decision<W> {
        Decision { verdict: verdict(self.verdict), next: self.next }
    }
}

impl Decision<Outcome> {
    pub(crate) fn done(account: Account) -> Self {
        Self::changed(Outcome::Done, account)
    }

    pub(crate) fn already() -> Self {
        Self::unchanged(Outcome::Already)
    }
}

impl<T, R> Decision<Result<T, R>> {
    /// Refused, and nothing is changed.
    pub(crate) fn refused(refusal: impl Into<R>) -> Self {
        Self::unchanged(Err(refusal.into()))
    }
}

impl<T, R> From<Result<Decision<T>, R>> for Decision<Result<T, R>> {
    fn from(decided: Result<Decision<T>, R>) -> Self {
        match decided {
            Ok(Decision { verdict, next }) => Self { verdict: Ok(verdict), next },
            Err(refusal) => Self::refused(refusal),
        }
    }
}
