//! What wrong codes cost.
//!
//! Failures count per account and channel, on disk, until a right code at that channel, or an administrator, ends the
//! count. After [`FREE`] failures in a row each further one closes the channel for a while that doubles up to
//! [`LONGEST`]. A channel has a [budget](Channel::budget); when it is spent, only an administrator opens it. The budgets
//! add up to [`BOUND`], the most that NIST SP 800-63B section 5.2.2 allows for an account. They are apart so that a
//! stranger, who can fail at the IMAP front without knowing the password, cannot close the webmail, where the
//! password is asked first.

use crate::{Channel, Time};
use serde::{Deserialize, Serialize};

/// Wrong codes in a row that an account may see in all, over every channel.
pub const BOUND: u32 = 100;
/// Wrong codes in a row that cost nothing: people mistype.
pub const FREE: u32 = 4;
/// Seconds that the first failure after those costs.
pub const SHORTEST: i64 = 30;
/// Seconds that a failure costs at most.
pub const LONGEST: i64 = 3600;

/// The count at one channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttle {
    /// Wrong codes since the last right one.
    pub failures: u32,
    /// Closed until then; it stays written after that time has passed.
    pub until: Time,
}

/// How a closed channel is opened again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// By waiting until then.
    Until(Time),
    /// By an administrator.
    Administrator,
}

impl Throttle {
    /// Whether the channel is closed at `now`.
    pub fn lock(self, channel: Channel, now: Time) -> Option<Lock> {
        if self.failures >= channel.budget() {
            Some(Lock::Administrator)
        } else if now < self.until {
            Some(Lock::Until(self.until))
        } else {
            None
        }
    }

    /// The count after one more wrong code at `now`. It never shrinks, and a lock never becomes shorter.
    #[must_use]
    pub fn failed(self, now: Time) -> Self {
        let failures = self.failures.saturating_add(1);
        Self { failures, until: self.until.max(now.plus(wait(failures))) }
    }
}

/// Seconds that the `failures`th wrong code in a row costs.
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
        assert_eq!(Channel::ALL.iter().map(|channel| channel.budget()).sum::<u32>(), BOUND);
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
        for _ in 0..Channel::Imap.budget() {
            assert_ne!(throttle.lock(Channel::Imap, Time(i64::MAX)), Some(Lock::Administrator));
            throttle = throttle.failed(Time(0));
        }
        assert_eq!(throttle.lock(Channel::Imap, Time(i64::MAX)), Some(Lock::Administrator));
        assert_eq!(throttle.lock(Channel::Webmail, Time(i64::MAX)), None, "another door has its own budget");
    }

    #[test]
    fn a_lock_ends_at_its_second() {
        let mut throttle = Throttle::default();
        for _ in 0..=FREE {
            throttle = throttle.failed(Time(1000));
        }
        assert_eq!(throttle.lock(Channel::Pam, Time(1029)), Some(Lock::Until(Time(1030))));
        assert_eq!(throttle.lock(Channel::Pam, Time(1030)), None);
    }
}
