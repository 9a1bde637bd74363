//! By what the numbers are told apart.

use crate::serve::side::Side;
use postern_process::label;
use postern_rules::factor::{BACKUP, CONTACT, KindName};
use postern_rules::message_cap::Medium;
use postern_rules::{Account, Event};
use postern_wire::auth::{AskVerdict, Reason};

label! {
    /// Its version.
    pub enum Build in "version" {
        /// This one's.
        This = env!("CARGO_PKG_VERSION"),
    }
}

label! {
    /// Where somebody signs in.
    pub enum Channel in "door" of postern_rules::Channel {
        /// The webmail front.
        Webmail = "webmail" => postern_rules::Channel::Webmail,
        /// The IMAP front, and the channels beside Outlook on the web.
        Imap = "imap" => postern_rules::Channel::Imap,
        /// A host with the PAM module.
        Pam = "pam" => postern_rules::Channel::Pam,
    }
}

label! {
    /// What a sign-in needs.
    pub enum Needed in "answer" of &AskVerdict {
        /// Nothing more.
        NotRequired = "not_required" => AskVerdict::NotRequired { .. },
        /// A second factor.
        Challenge = "challenge" => AskVerdict::Challenge { .. },
        /// A first second factor.
        Enrol = "enrol" => AskVerdict::Enrol { .. },
        /// It is refused.
        Refused = "refused" => AskVerdict::Refused(_),
    }
}

label! {
    /// With what somebody has signed in.
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
    /// Why somebody was refused: [`Reason`].
    pub enum Why in "reason" of Reason {
        /// A wrong code.
        Wrong = "wrong" => Reason::Wrong,
        /// Too many of them.
        Locked = "locked" => Reason::Locked,
        /// Nobody's name.
        Name = "name" => Reason::Name,
        /// No second factor yet, at a channel that cannot set one up.
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
        /// An app password that is over.
        Expired = "expired" => Reason::Expired,
        /// A security key that there is a copy of.
        Copied = "copied" => Reason::Copied,
        /// The account has changed meanwhile.
        Stale = "stale" => Reason::Stale,
        /// What is asked for cannot be, for the person: it is in use, unfit, not offered, the only method.
        Unfit = "unfit" => Reason::OnlyMethod | Reason::InUse | Reason::Unfit | Reason::NotOffered,
        /// posternd cannot answer.
        Unavailable = "unavailable" => Reason::Unavailable,
    }
}

label! {
    /// What has changed in an account.
    pub enum Change in "change" {
        /// It has its first second factor.
        Enrolled = "enrolled",
        /// Too many wrong codes have closed a channel.
        Locked = "locked",
        /// An administrator has opened them again.
        Unlocked = "unlocked",
        /// The second factor is wanted from now on.
        Enabled = "enabled",
        /// It is not, for a while.
        Suspended = "suspended",
        /// It is again, before its time.
        Resumed = "resumed",
        /// All factors are gone.
        Reset = "reset",
        /// The second factor is wanted no more.
        Removed = "removed",
        /// A method was removed.
        MethodRemoved = "method_removed",
        /// An app password was made.
        AppPasswordMade = "app_password_made",
        /// An app password was taken back.
        AppPasswordRevoked = "app_password_revoked",
    }
}

label! {
    /// Which socket.
    pub enum Socket in "socket" of Side {
        /// That of the channels.
        Auth = "auth" => Side::Auth,
        /// The administrator's.
        Admin = "admin" => Side::Admin,
    }
}

label! {
    /// What came of it.
    pub enum Outcome in "outcome" {
        /// It was done.
        Done = "done",
        /// It was not.
        Failed = "failed",
    }
}

label! {
    /// How a message leaves.
    pub enum Way in "sender" of Medium {
        /// As a text to a phone.
        Sms = "sms" => Medium::Text,
        /// As a mail.
        Mail = "mail" => Medium::Mail,
    }
}

label! {
    /// What became of a message.
    pub enum Delivery in "outcome" {
        /// The receiver has it.
        Sent = "sent",
        /// The receiver does not take it.
        Refused = "refused",
        /// The receiver could not be reached, or did not say.
        Unavailable = "unavailable",
        /// As many as a day may have.
        Budget = "budget",
        /// As many as one recipient may have.
        Recipient = "recipient",
        /// There is no such way.
        NotConfigured = "not_configured",
    }
}

impl Method {
    /// Of a factor of this account, by the id that a verdict names.
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

impl Change {
    /// What an event is about that the states alone do not tell.
    pub fn of(event: &Event<'_>) -> Option<Self> {
        Some(match event {
            Event::Unlock => Self::Unlocked,
            Event::Enable { .. } => Self::Enabled,
            Event::Suspend(_) => Self::Suspended,
            Event::Resume => Self::Resumed,
            Event::Reset { .. } => Self::Reset,
            Event::Remove => Self::Removed,
            Event::RemoveFactor(_) | Event::RemoveOwn { .. } => Self::MethodRemoved,
            Event::AddAppPassword { .. } => Self::AppPasswordMade,
            Event::RevokeAppPassword { .. } => Self::AppPasswordRevoked,
            _ => return None,
        })
    }
}

impl Outcome {
    /// Of a call or an attempt.
    pub fn of<T, E>(outcome: &Result<T, E>) -> Self {
        if outcome.is_ok() { Self::Done } else { Self::Failed }
    }
}
