//! How many messages leave in a day (UTC): in all, which the administrator says, and to one number or address, whoever
//! asks, so that nobody is flooded by way of many accounts, and one account does not use up what all have.

use crate::Time;
use std::fmt;

/// Texts to one number in a day.
pub const TEXTS: u32 = 30;
/// Mails to one address in a day.
pub const MAILS: u32 = 60;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// How a message leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// As a text to a phone.
    Text,
    /// As a mail.
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

/// The count after one more message, of a day that has had `sent` and may have `most`; none: it does not leave.
#[must_use]
pub fn one_more(sent: u32, most: u32) -> Option<u32> {
    (sent < most).then(|| sent + 1)
}

/// Which day it is. A message that was counted is given back on the day on which it was counted, and on no other.
pub fn day(now: Time) -> i64 {
    now.0.div_euclid(DAY)
}
