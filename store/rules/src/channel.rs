//! Channels: where users sign in.

use crate::KindName;
use serde::{Deserialize, Serialize};

/// A kind of front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// The webmail front.
    Webmail,
    /// The IMAP front.
    Imap,
    /// The PAM module.
    Pam,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 3] = [Self::Webmail, Self::Imap, Self::Pam];

    /// Failures in a row after which the channel stays locked until an administrator unlocks it.
    pub fn budget(self) -> u32 {
        match self {
            Self::Webmail => 50,
            Self::Imap | Self::Pam => 25,
        }
    }

    /// Whether a QR code can be shown there.
    pub fn can_enrol(self) -> bool {
        match self {
            Self::Webmail | Self::Pam => true,
            Self::Imap => false,
        }
    }

    /// Whether a user types there: only then is a backup code accepted.
    pub fn takes_backup_codes(self) -> bool {
        match self {
            Self::Webmail | Self::Pam => true,
            Self::Imap => false,
        }
    }

    /// Whether a sign-in there can be answered with a method of this kind: codes that are sent, and security keys, need
    /// web pages.
    pub fn takes(self, kind: KindName) -> bool {
        match (self, kind) {
            (_, KindName::Totp) | (Self::Webmail, _) => true,
            (Self::Imap | Self::Pam, KindName::Sms | KindName::Email | KindName::Key) => false,
        }
    }

    /// Its name in the audit log and in output for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webmail => "webmail",
            Self::Imap => "imap",
            Self::Pam => "pam",
        }
    }
}
