//! Why a message was not sent, and why a configuration cannot be put to use.

use postern_rules::message_cap::Medium;
use std::fmt;
use std::num::NonZeroU32;

/// Why a configuration cannot be put to use: a file of a secret, or of an authority. For people.
#[derive(Debug)]
pub struct SetUpError(pub(super) String);

impl fmt::Display for SetUpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SetUpError {}

/// Why a message has not been sent. `Display` is for the journal: what, why, and what to do; it shows neither what was
/// to be sent nor to whom.
#[derive(Debug, PartialEq, Eq)]
pub enum SendError {
    /// The configuration has no such way.
    NotConfigured(Medium),
    /// As many as a day may have.
    Budget(Medium, NonZeroU32),
    /// As many as one number or address may have in a day.
    Recipient(Medium),
    /// The number or the address is none, or the receiver does not take it: another one is needed.
    Refused(String),
    /// It cannot be sent now; or it may have been sent, and nobody confirms it.
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

/// What went wrong on a way, and how much may have left.
#[derive(Debug)]
pub(super) enum Failed {
    /// Nothing was accepted, for sure.
    Unsent(String),
    /// The receiver says no to this message.
    Refused(String),
    /// It may have been accepted.
    Unclear(String),
}
