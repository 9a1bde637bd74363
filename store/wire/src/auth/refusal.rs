//! Why a sign-in is refused.

use serde::{Deserialize, Serialize};

/// A refusal. The front chooses the text for the user; the audit log has the details for the administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The reason.
    pub reason: Reason,
    /// The time before which another attempt is useless, in seconds since 1970, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// Wrong codes in a row at this channel, so that a front can suggest checking the phone's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<u32>,
    /// The canonical mailbox, in the reply to [`Ask`](super::Ask): the mailbox for a reset request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<String>,
}

impl Refusal {
    /// A refusal with only a reason.
    pub fn new(reason: Reason) -> Self {
        Self { reason, until: None, failures: None, mailbox: None }
    }
}

/// Why a sign-in is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The code is wrong, or was used before.
    Wrong,
    /// Too many wrong codes; until the time given, or until the administrator unlocks it.
    Locked,
    /// No platform serves the name, or it is not a valid name.
    Name,
    /// The account must enrol first, and this channel cannot do that.
    Unenrolled,
    /// Another code may be sent from the given time on.
    TooSoon,
    /// The limit of the day is reached: no more codes are sent, changes made, or requests accepted.
    TooMany,
    /// The code could not be sent: another method may work.
    NotSent,
    /// The change requires a second factor that is given for it ([`Answer::proves`](super::Answer::proves)).
    NotFresh,
    /// It is the only method, and the platform does not allow its removal.
    OnlyMethod,
    /// This account, or another one, has it already.
    InUse,
    /// Not a number in international form, not an e-mail address, or an address that leads into the mailbox itself.
    Unfit,
    /// The platform does not offer that.
    NotOffered,
    /// The administrator's enrolment code is required, and is missing or wrong.
    EnrolmentCode,
    /// The request refers to an outdated state: the account changed, or the enrolment took too long. Begin again.
    Stale,
    /// The app password is right, but expired, or the mailbox's password has changed since: the user makes a new one,
    /// or signs in to the webmail once.
    Expired,
    /// The sign-in is unusual, and there is no address to which a code can be sent.
    Unusual,
    /// The security key in the answer was copied: it is not offered any more, and another method may work.
    Copied,
    /// The daemon cannot answer now (its store is full, damaged or read-only).
    Unavailable,
}
