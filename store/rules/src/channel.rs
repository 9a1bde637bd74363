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
    /// The POP3 front.
    Pop3,
    /// The PAM module.
    Pam,
}

/// Channels whose wrong codes are counted together. A mail app that tries one protocol after the other must not have as
/// many guesses again at each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Budget {
    /// The webmail front.
    Webmail,
    /// The fronts for mail apps; in records as before there was more than one.
    #[serde(rename = "imap")]
    Mail,
    /// The PAM module.
    Pam,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 4] = [Self::Webmail, Self::Imap, Self::Pop3, Self::Pam];

    /// Where its wrong codes are counted.
    pub fn budget(self) -> Budget {
        match self {
            Self::Webmail => Budget::Webmail,
            Self::Imap | Self::Pop3 => Budget::Mail,
            Self::Pam => Budget::Pam,
        }
    }

    /// Whether a QR code can be shown there.
    pub fn can_enrol(self) -> bool {
        match self {
            Self::Webmail | Self::Pam => true,
            Self::Imap | Self::Pop3 => false,
        }
    }

    /// Whether a user types there: only then is a backup code accepted.
    pub fn takes_backup_codes(self) -> bool {
        match self {
            Self::Webmail | Self::Pam => true,
            Self::Imap | Self::Pop3 => false,
        }
    }

    /// Whether a sign-in there can be answered with a method of this kind: codes that are sent, and security keys, need
    /// web pages.
    pub fn takes(self, kind: KindName) -> bool {
        match (self, kind) {
            (_, KindName::Totp) | (Self::Webmail, _) => true,
            (Self::Imap | Self::Pop3 | Self::Pam, KindName::Sms | KindName::Email | KindName::Key) => false,
        }
    }

    /// Its name in the audit log and in output for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webmail => "webmail",
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Pam => "pam",
        }
    }
}

impl Budget {
    /// Every budget.
    pub const ALL: [Self; 3] = [Self::Webmail, Self::Mail, Self::Pam];

    /// Failures in a row after which its channels stay locked until an administrator unlocks them.
    pub fn size(self) -> u32 {
        match self {
            Self::Webmail => 50,
            Self::Mail | Self::Pam => 25,
        }
    }

    /// Its name in output for programs; that of the mail apps is `imap`, as before there was more than one protocol.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webmail => "webmail",
            Self::Mail => "imap",
            Self::Pam => "pam",
        }
    }
}
