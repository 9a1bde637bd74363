//! The labels of the metrics.

use crate::serve::side::Side;
use postern_process::label;
use postern_rules::Account;
use postern_rules::factor::{BACKUP, CONTACT, KindName};
use postern_rules::message_cap::Medium;
use postern_wire::auth::{AskVerdict, Reason};

label! {
    /// The version of posternd.
    pub enum Build in "version" {
        /// The running version.
        This = env!("CARGO_PKG_VERSION"),
    }
}

label! {
    /// The channel of a sign-in.
    pub enum Channel in "door" of postern_rules::Channel {
        /// The webmail front.
        Webmail = "webmail" => postern_rules::Channel::Webmail,
        /// The IMAP front, and the endpoints of Exchange besides Outlook on the web.
        Imap = "imap" => postern_rules::Channel::Imap,
        /// The POP3 front.
        Pop3 = "pop3" => postern_rules::Channel::Pop3,
        /// A host with the PAM module.
        Pam = "pam" => postern_rules::Channel::Pam,
    }
}

label! {
    /// What a sign-in requires.
    pub enum Needed in "answer" of &AskVerdict {
        /// Nothing more.
        NotRequired = "not_required" => AskVerdict::NotRequired { .. },
        /// A second factor.
        Challenge = "challenge" => AskVerdict::Challenge { .. },
        /// Setting up the first method.
        Enrol = "enrol" => AskVerdict::Enrol { .. },
        /// The sign-in is refused.
        Refused = "refused" => AskVerdict::Refused(_),
    }
}

label! {
    /// The method of a sign-in.
    pub enum Method in "method" {
        /// An authenticator app.
        Totp = "totp",
        /// A code by SMS.
        Sms = "sms",
        /// A code by e-mail.
        Email = "email",
        /// A security key.
        Key = "key",
        /// A backup code.
        Backup = "backup",
        /// A code to the contact address, where nothing else is required and the sign-in is unusual.
        Contact = "contact",
        /// An app password.
        AppPassword = "app_password",
    }
}

label! {
    /// Why a request was refused: [`Reason`].
    pub enum Why in "reason" of Reason {
        /// A wrong code.
        Wrong = "wrong" => Reason::Wrong,
        /// Too many wrong codes.
        Locked = "locked" => Reason::Locked,
        /// No account's name.
        Name = "name" => Reason::Name,
        /// No second factor yet, on a channel that cannot set one up.
        Unenrolled = "unenrolled" => Reason::Unenrolled,
        /// A new code too soon.
        TooSoon = "too_soon" => Reason::TooSoon,
        /// Too many codes.
        TooMany = "too_many" => Reason::TooMany,
        /// A code that could not be sent.
        NotSent = "not_sent" => Reason::NotSent,
        /// The last sign-in is too long ago.
        NotFresh = "not_fresh" => Reason::NotFresh,
        /// An enrolment code is missing or wrong.
        EnrolmentCode = "enrolment_code" => Reason::EnrolmentCode,
        /// A sign-in that looks unusual.
        Unusual = "unusual" => Reason::Unusual,
        /// An expired app password.
        Expired = "expired" => Reason::Expired,
        /// A security key that has been copied.
        Copied = "copied" => Reason::Copied,
        /// The account has changed in the meantime.
        Stale = "stale" => Reason::Stale,
        /// The request is not possible for the user: the value is in use or unfit, the method is not offered, or it is
        /// the only one.
        Unfit = "unfit" => Reason::OnlyMethod | Reason::InUse | Reason::Unfit | Reason::NotOffered,
        /// posternd cannot answer.
        Unavailable = "unavailable" => Reason::Unavailable,
    }
}

label! {
    /// A change of an account.
    pub enum Change in "change" {
        /// The first second factor was set up.
        Enrolled = "enrolled",
        /// Too many wrong codes have locked a channel.
        Locked = "locked",
        /// An administrator has unlocked the channels.
        Unlocked = "unlocked",
        /// The second factor was made required.
        Enabled = "enabled",
        /// The second factor was suspended for a while.
        Suspended = "suspended",
        /// The suspension was ended early.
        Resumed = "resumed",
        /// All factors were removed.
        Reset = "reset",
        /// The second factor is no longer required.
        Removed = "removed",
        /// A method was removed.
        MethodRemoved = "method_removed",
        /// An app password was created.
        AppPasswordMade = "app_password_made",
        /// An app password was revoked.
        AppPasswordRevoked = "app_password_revoked",
    }
}

label! {
    /// The socket.
    pub enum Socket in "socket" of Side {
        /// The socket for the channels.
        Auth = "auth" => Side::Auth,
        /// The socket for the administrator.
        Admin = "admin" => Side::Admin,
    }
}

label! {
    /// The outcome of an operation.
    pub enum Outcome in "outcome" {
        /// It succeeded.
        Done = "done",
        /// It failed.
        Failed = "failed",
    }
}

label! {
    /// How a message is sent.
    pub enum Way in "sender" of Medium {
        /// As a text message.
        Sms = "sms" => Medium::Text,
        /// As a mail.
        Mail = "mail" => Medium::Mail,
    }
}

label! {
    /// The outcome of a message.
    pub enum Delivery in "outcome" {
        /// The receiver has accepted it.
        Sent = "sent",
        /// The receiver rejects it.
        Refused = "refused",
        /// The receiver could not be reached, or did not answer.
        Unavailable = "unavailable",
        /// The daily budget is used up.
        Budget = "budget",
        /// The limit of the recipient is reached.
        Recipient = "recipient",
        /// No such transport is configured.
        NotConfigured = "not_configured",
    }
}

impl Method {
    /// The method of a factor of this account, by the id in a verdict.
    pub fn of(account: &Account, id: &str) -> Option<Self> {
        match id {
            BACKUP => return Some(Self::Backup),
            CONTACT => return Some(Self::Contact),
            _ => {}
        }
        let factor = account.factors.iter().find(|factor| factor.id == id)?;
        Some(match factor.kind.name() {
            KindName::Totp => Self::Totp,
            KindName::Sms => Self::Sms,
            KindName::Email => Self::Email,
            KindName::Key => Self::Key,
        })
    }
}

impl Outcome {
    /// The outcome of a call or an attempt.
    pub fn of<T, E>(outcome: &Result<T, E>) -> Self {
        if outcome.is_ok() { Self::Done } else { Self::Failed }
    }
}
