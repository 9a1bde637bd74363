//! Where a sign-in comes from.

use crate::Secret;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// A kind of front. Failures are counted for each separately, so that an unauthenticated client that attacks one
/// channel does not lock the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// The webmail front: the password has been accepted before the daemon is asked.
    #[default]
    Webmail,
    /// The IMAP front: the daemon is asked before the backend has received a password.
    Imap,
    /// The POP3 front, as the IMAP front.
    Pop3,
    /// The PAM module.
    Pam,
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Webmail => "webmail",
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Pam => "pam",
        })
    }
}

/// The source of a sign-in, as seen by the front; for the audit log and for throttling.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The client's address, from a PROXY header if that is trusted.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::address::canonical")]
    pub address: Option<IpAddr>,
    /// The PAM service, or the front's listener.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The client's description of itself (User-Agent, IMAP ID).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The random token that identifies the browser at the webmail front, [`BROWSER_TOKEN`](super::BROWSER_TOKEN)
    /// characters; any other form counts as none. A browser without a token receives one when its session is admitted,
    /// so the front draws it before [`Answer`](super::Answer), [`Confirm`](super::Confirm) and
    /// [`SignedIn`](super::SignedIn). To require a code from trusted browsers too, leave it out of [`Ask`](super::Ask).
    /// Other fronts have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<Secret>,
    /// Whether the front is for Exchange, which accepts several names for each mailbox.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub before_exchange: bool,
}
