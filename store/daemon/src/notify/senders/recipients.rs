//! How much one number and one address get in a day (UTC), whoever asks: so that nobody is flooded by way of many
//! accounts, and one account does not use up the budget of all. It is counted in memory; a restart forgets it, and the
//! budget of the day, which is in the store, does not.

use super::Kind;
use postern_rules::Time;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Texts to one number.
const TEXTS: u32 = 30;
/// Mails to one address.
const MAILS: u32 = 60;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// What has left today, by recipient.
#[derive(Default)]
pub(super) struct Recipients(Mutex<(i64, HashMap<String, u32>)>);

impl Recipients {
    /// Counts one message: `false` where that recipient has had as many as there may be.
    pub(super) fn take(&self, now: Time, kind: Kind, recipient: &str) -> bool {
        let mut today = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (day, counts) = &mut *today;
        if *day != now.0.div_euclid(DAY) {
            (*day, *counts) = (now.0.div_euclid(DAY), HashMap::new());
        }
        let most = match kind {
            Kind::Text => TEXTS,
            Kind::Mail => MAILS,
        };
        let count = counts.entry(recipient.to_ascii_lowercase()).or_default();
        let fits = *count < most;
        *count += u32::from(fits);
        fits
    }

    /// One that was counted, on the day of `now`, and has surely not left.
    pub(super) fn give_back(&self, now: Time, recipient: &str) {
        let mut today = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (day, counts) = &mut *today;
        if *day == now.0.div_euclid(DAY)
            && let Some(count) = counts.get_mut(&recipient.to_ascii_lowercase())
        {
            *count = count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_recipient_has_so_many_a_day() {
        let (recipients, now) = (Recipients::default(), Time(1_800_000_000));
        let taken = |number: &str, now| recipients.take(now, Kind::Text, number);
        assert!((0..TEXTS).all(|_| taken("+44612345678", now)) && !taken("+44612345678", now));
        assert!(taken("+44612345679", now), "another number");
        assert!((0..MAILS).all(|_| recipients.take(now, Kind::Mail, "bob@example.com")));
        assert!(!recipients.take(now, Kind::Mail, "BOB@example.com"));
        recipients.give_back(now, "Bob@example.com");
        assert!(recipients.take(now, Kind::Mail, "bob@example.com"), "one was not sent after all");
        recipients.give_back(now.plus(DAY), "bob@example.com");
        assert!(!recipients.take(now, Kind::Mail, "bob@example.com"), "that was on another day");
        assert!(taken("+44612345678", now.plus(DAY)), "another day");
    }
}
