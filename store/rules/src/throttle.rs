//! Throttling of wrong codes.
//!
//! Failures are counted per account and [`Budget`], on disk, until a right code at any channel of the budget, or an
//! administrator, resets the count. After [`FREE`] failures in a row each further one locks these channels for a time that
//! doubles up to [`LONGEST`]. When a budget is used up, only an administrator unlocks it. The budgets add up to [`BOUND`],
//! the most that NIST SP 800-63B section 5.2.2 allows for an account. They are separate because an unauthenticated client
//! can cause failures at the fronts for mail apps without the password: it must not be able to lock the webmail, where the
//! password is checked first.

use crate::{Budget, Time};
use serde::{Deserialize, Serialize};

/// The most wrong codes in a row for an account, over all channels.
pub const BOUND: u32 = 100;
/// Wrong codes in a row that lock nothing: users make typing errors.
pub const FREE: u32 = 4;
/// The first lock in seconds.
pub const SHORTEST: i64 = 30;
/// The longest lock in seconds.
pub const LONGEST: i64 = 3600;

/// The count at the channels of one budget.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttle {
    /// Wrong codes since the last right one.
    pub failures: u32,
    /// Locked until then; not reset when that time has passed.
    pub until: Time,
}

/// How a lock ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// At that time.
    Until(Time),
    /// By an administrator.
    Administrator,
}

impl Throttle {
    /// The lock of the channels of this budget at `now`, if they are locked.
    pub fn lock(self, budget: Budget, now: Time) -> Option<Lock> {
        if self.failures >= budget.size() {
            Some(Lock::Administrator)
        } else if now < self.until {
            Some(Lock::Until(self.until))
        } else {
            None
        }
    }

    /// The count after one more wrong code at `now`. It never decreases, and a lock never becomes shorter.
    #[must_use]
    pub fn failed(self, now: Time) -> Self {
        let failures = self.failures.saturating_add(1);
        Self { failures, until: self.until.max(now.plus(wait(failures))) }
    }
}

/// Seconds of the lock after the `failures`th wrong code in a row.
pub fn wait(failures: u32) -> i64 {
    match failures.checked_sub(FREE + 1) {
        None => 0,
        Some(doublings) => SHORTEST.checked_shl(doublings.min(16)).unwrap_or(LONGEST).min(LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budgets_add_up_to_the_bound() {
        assert_eq!(Budget::ALL.iter().map(|budget| budget.size()).sum::<u32>(), BOUND);
        assert_eq!(BOUND, 100);
    }

    #[test]
    fn waits_double_up_to_an_hour() {
        let waits: Vec<i64> = [1, 4, 5, 6, 7, 11, 12, 13, 100, u32::MAX].map(wait).to_vec();
        assert_eq!(waits, [0, 0, 30, 60, 120, 1920, 3600, 3600, 3600, 3600]);
    }

    #[test]
    fn a_spent_budget_needs_an_administrator_however_long_one_waits() {
        let mut throttle = Throttle::default();
        for _ in 0..Budget::Mail.size() {
            assert_ne!(throttle.lock(Budget::Mail, Time(i64::MAX)), Some(Lock::Administrator));
            throttle = throttle.failed(Time(0));
        }
        assert_eq!(throttle.lock(Budget::Mail, Time(i64::MAX)), Some(Lock::Administrator));
        assert_eq!(throttle.lock(Budget::Webmail, Time(i64::MAX)), None, "another channel has its own budget");
    }

    #[test]
    fn a_lock_ends_at_its_second() {
        let mut throttle = Throttle::default();
        for _ in 0..=FREE {
            throttle = throttle.failed(Time(1000));
        }
        assert_eq!(throttle.lock(Budget::Pam, Time(1029)), Some(Lock::Until(Time(1030))));
        assert_eq!(throttle.lock(Budget::Pam, Time(1030)), None);
    }
}
