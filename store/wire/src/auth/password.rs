//! Passwords that a mail server has accepted or refused, or is to check.

use super::origin::{Channel, Origin};
use super::session::Session;
use crate::Secret;
use serde::{Deserialize, Serialize};

/// Reports that the mail server has refused the password from
/// [`FieldVerdict::AppPassword`](super::FieldVerdict::AppPassword): it was changed. From now on the account's app
/// passwords are [`Reason::Expired`](super::Reason::Expired), until [`PasswordAccepted`] reports the new password.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PasswordRefused {
    /// The session that was to be opened.
    pub session: Session,
}

/// Reports that the mail server, or the webmail, has accepted a password of this mailbox: it is sealed again for the
/// account's app passwords.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PasswordAccepted {
    /// The mailbox from [`Asked::app_passwords_of`](super::Asked::app_passwords_of).
    pub name: String,
    /// The front's channel.
    #[serde(rename = "door")]
    pub channel: Channel,
    /// The source of the sign-in.
    #[serde(default)]
    pub origin: Origin,
    /// The password, at most [`MAX_FIELD`](super::MAX_FIELD) bytes.
    pub password: Secret,
}

/// Offers to check passwords with the mail server of a front. A stream: each reply is one password to check, and the
/// first, which is sent at once, has none. Only root, the daemon's own user and `postern-proxy` may call it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordChecks {
    /// The check to make; `None`: the daemon has received the offer.
    #[serde(default)]
    pub check: Option<PasswordCheck>,
}

/// A password to check; [`PasswordChecked`] reports the result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordCheck {
    /// The id of the check.
    pub id: u64,
    /// The canonical mailbox.
    pub mailbox: String,
    /// The password to check.
    pub password: Secret,
}

/// The result of a [`PasswordCheck`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordChecked {
    /// The id of the check.
    pub id: u64,
    /// The mail server's answer.
    pub outcome: CheckOutcome,
}

/// The mail server's answer about a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// The password is right.
    Accepted,
    /// The password is wrong.
    Refused,
    /// Temporarily unavailable.
    Unavailable,
}
