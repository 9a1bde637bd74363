//! Sessions that are open, and whether they still hold.

use super::origin::{Channel, Origin};
use serde::{Deserialize, Serialize};

/// Reports that a session was admitted because no second factor was required: the browser is recorded if needed. The
/// reply is empty; the sign-in is valid whatever the result is. For the fronts' user only, as
/// [`PasswordChecks`](super::PasswordChecks).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignedIn {
    /// The mailbox from the verdict.
    pub name: String,
    /// The front's channel.
    #[serde(rename = "door")]
    pub channel: Channel,
    /// The source of the sign-in.
    #[serde(default)]
    pub origin: Origin,
    /// The standing from the verdict. If it is not valid any more, nothing is recorded.
    pub standing: String,
    /// The language of the pages, for a notice to a user who has chosen none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// Asks which open sessions have ended. A front calls it after each [`WatchEvent`], and after reconnecting.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Recheck {
    /// At most [`MAX_RECHECK`](super::MAX_RECHECK).
    pub sessions: Vec<Session>,
}

/// The data of an open session that the daemon needs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// The canonical mailbox.
    pub mailbox: String,
    /// The standing from the verdict that admitted it.
    pub standing: String,
}

/// The reply to [`Recheck`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rechecked {
    /// For each session, in order: true if it must end now.
    pub ended: Vec<bool>,
}

/// One reply of `Watch`: a change that may end sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchEvent {
    /// The mailbox of the change; `None`: any (a platform's switch, or the first event of a stream).
    #[serde(default)]
    pub mailbox: Option<String>,
}
