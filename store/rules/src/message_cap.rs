//! Limits on messages per day (UTC): in total, set by the administrator, and to one number or address, over all
//! accounts. So many accounts cannot be used to flood one recipient, and one account does not use up the total.

use crate::Time;
use std::fmt;

/// SMS messages to one number in a day.
pub const TEXTS: u32 = 30;
/// E-mails to one address in a day.
pub const MAILS: u32 = 60;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// The way a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// As an SMS message.
    Text,
    /// As an e-mail.
    Mail,
}

impl Medium {
    /// Its section of the daemon's configuration.
    pub fn section(self) -> &'static str {
        match self {
            Self::Text => "sms",
            Self::Mail => "mail",
        }
    }

    /// Messages to one recipient in a day.
    pub fn to_one_recipient(self) -> u32 {
        match self {
            Self::Text => TEXTS,
            Self::Mail => MAILS,
        }
    }
}

impl fmt::Display for Medium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Mail => "mail",
        })
    }
}

/// The count after one more message, on a day with `sent` messages and a limit of `most`; `None`: it must not be sent.
#[must_use]
pub fn one_more(sent: u32, most: u32) -> Option<u32> {
    (sent < most).then(|| sent + 1)
}

/// The day of a point in time. A message that was not sent is subtracted only on the day on which it was counted.
pub fn day(now: Time) -> i64 {
    now.0.div_euclid(DAY)
}
