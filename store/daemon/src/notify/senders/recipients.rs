//! Limits the messages per day (UTC) to each number and each address, whichever account requests them. So a recipient
//! cannot be flooded through many accounts, and one account does not use up the whole budget. The count is kept in
//! memory, and a restart resets it; the daily budget is in the store, and is not reset.

use postern_rules::Time;
use postern_rules::message_cap::{self, Medium};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The number of messages sent today, by recipient.
#[derive(Default)]
pub(super) struct Recipients(Mutex<(i64, HashMap<String, u32>)>);

impl Recipients {
    /// Counts one message. Returns `false` if the recipient has reached the limit.
    pub(super) fn take(&self, now: Time, kind: Medium, recipient: &str) -> bool {
        let mut today = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (day, counts) = &mut *today;
        let today = message_cap::day(now);
        if *day != today {
            (*day, *counts) = (today, HashMap::new());
        }
        let count = counts.entry(recipient.to_ascii_lowercase()).or_default();
        let next = message_cap::one_more(*count, kind.to_one_recipient());
        *count = next.unwrap_or(*count);
        next.is_some()
    }

    /// Uncounts a message that was counted on the day of `now`, and has certainly not been sent.
    pub(super) fn give_back(&self, now: Time, recipient: &str) {
        let mut today = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (day, counts) = &mut *today;
        if *day == message_cap::day(now)
            && let Some(count) = counts.get_mut(&recipient.to_ascii_lowercase())
        {
            *count = count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_rules::message_cap::{MAILS, TEXTS};

    /// Seconds of a day.
    const DAY: i64 = 86_400;

    #[test]
    fn each_recipient_has_so_many_a_day() {
        let (recipients, now) = (Recipients::default(), Time(1_800_000_000));
        let taken = |number: &str, now| recipients.take(now, Medium::Text, number);
        assert!((0..TEXTS).all(|_| taken("+44612345678", now)) && !taken("+44612345678", now));
        assert!(taken("+44612345679", now), "another number");
        assert!((0..MAILS).all(|_| recipients.take(now, Medium::Mail, "bob@example.com")));
        assert!(!recipients.take(now, Medium::Mail, "BOB@example.com"));
        recipients.give_back(now, "Bob@example.com");
        assert!(recipients.take(now, Medium::Mail, "bob@example.com"), "one was not sent after all");
        recipients.give_back(now.plus(DAY), "bob@example.com");
        assert!(!recipients.take(now, Medium::Mail, "bob@example.com"), "that was on another day");
        assert!(taken("+44612345678", now.plus(DAY)), "another day");
    }
}
