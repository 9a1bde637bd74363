//! Why a message has not been sent.

use postern_rules::message_cap::Medium;
use std::fmt;
use std::num::NonZeroU32;

/// Why a message has not been sent. `Display` is for the journal: the failure, its cause, and what to do. It shows
/// neither the message nor the recipient.
#[derive(Debug, PartialEq, Eq)]
pub enum SendError {
    /// No such transport is configured.
    NotConfigured(Medium),
    /// The daily budget is used up.
    Budget(Medium, NonZeroU32),
    /// The daily limit of this number or address is reached.
    Recipient(Medium),
    /// The number or the address is invalid, or the receiver rejects it: another one is needed.
    Refused(String),
    /// It cannot be sent now, or it may have been sent without confirmation.
    Unavailable(String),
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConfigured(kind) => {
                write!(f, "no {kind} can be sent: add a section [{}] to posternd.toml", kind.section())
            }
            Self::Budget(kind, most) => write!(
                f,
                "no {kind} is sent before midnight UTC: {most} have been sent today. If that is too few, raise \
                 [{}] daily_budget; if it is more than people ask for, look who does",
                kind.section()
            ),
            Self::Recipient(kind) => write!(
                f,
                "no {kind} is sent to this recipient before midnight UTC: as many as one gets in a day have been sent. Look \
                 who asks for them: postern audit"
            ),
            Self::Refused(why) | Self::Unavailable(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for SendError {}
