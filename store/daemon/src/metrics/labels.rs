//! By what the numbers are told apart.

use crate::notify::senders::SendError;
use crate::serve::server::Side;
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
    pub enum Channel in "door" {
        /// The webmail front.
        Webmail = "webmail",
        /// The IMAP front, and the channels beside Outlook on the web.
        Imap = "imap",
        /// A host with the PAM module.
        Pam = "pam",
    }
}

label! {
    /// What a sign-in needs.
    pub enum Needed in "answer" {
        /// Nothing more.
        NotRequired = "not_required",
        /// A second factor.
        Challenge = "challenge",
        /// A first second factor.
        Enrol = "enrol",
        /// It is refused.
        Refused = "refused",
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
    pub enum Why in "reason" {
        /// A wrong code.
        Wrong = "wrong",
        /// Too many of them.
        Locked = "locked",
        /// Nobody's name.
        Name = "name",
        /// No second factor yet, at a channel that cannot set one up.
        Unenrolled = "unenrolled",
        /// A new code too soon.
        TooSoon = "too_soon",
        /// Too many codes.
        TooMany = "too_many",
        /// A code that could not be sent.
        NotSent = "not_sent",
        /// The last sign-in is too long ago.
        NotFresh = "not_fresh",
        /// An enrolment code is missing or wrong.
        EnrolmentCode = "enrolment_code",
        /// A sign-in that looks unusual.
        Unusual = "unusual",
        /// An app password that is over.
        Expired = "expired",
        /// A security key that there is a copy of.
        Copied = "copied",
        /// The account has changed meanwhile.
        Stale = "stale",
        /// What is asked for cannot be, for the person: it is in use, unfit, not offered, the only method.
        Unfit = "unfit",
        /// posternd cannot answer.
        Unavailable = "unavailable",
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
    pub enum Socket in "socket" {
        /// That of the channels.
        Auth = "auth",
        /// The administrator's.
        Admin = "admin",
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
    pub enum Way in "sender" {
        /// As a text to a phone.
        Sms = "sms",
        /// As a mail.
        Mail = "mail",
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

impl From<&AskVerdict> for Needed {
    fn from(verdict: &AskVerdict) -> Self {
        match verdict {
            AskVerdict::NotRequired { .. } => Self::NotRequired,
            AskVerdict::Challenge { .. } => Self::Challenge,
            AskVerdict::Enrol { .. } => Self::Enrol,
            AskVerdict::Refused(_) => Self::Refused,
        }
    }
}

impl Delivery {
    /// Of a message.
    pub fn of(outcome: &Result<(), SendError>) -> Self {
        match outcome {
            Ok(()) => Self::Sent,
            Err(SendError::Refused(_)) => Self::Refused,
            Err(SendError::Unavailable(_)) => Self::Unavailable,
            Err(SendError::Budget(..)) => Self::Budget,
            Err(SendError::Recipient(_)) => Self::Recipient,
            Err(SendError::NotConfigured(_)) => Self::NotConfigured,
        }
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

impl From<postern_rules::Channel> for Channel {
    fn from(channel: postern_rules::Channel) -> Self {
        match channel {
            postern_rules::Channel::Webmail => Self::Webmail,
            postern_rules::Channel::Imap => Self::Imap,
            postern_rules::Channel::Pam => Self::Pam,
        }
    }
}

impl From<Reason> for Why {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Wrong => Self::Wrong,
            Reason::Locked => Self::Locked,
            Reason::Name => Self::Name,
            Reason::Unenrolled => Self::Unenrolled,
            Reason::TooSoon => Self::TooSoon,
            Reason::TooMany => Self::TooMany,
            Reason::NotSent => Self::NotSent,
            Reason::NotFresh => Self::NotFresh,
            Reason::EnrolmentCode => Self::EnrolmentCode,
            Reason::Unusual => Self::Unusual,
            Reason::Expired => Self::Expired,
            Reason::Copied => Self::Copied,
            Reason::Stale => Self::Stale,
            Reason::OnlyMethod | Reason::InUse | Reason::Unfit | Reason::NotOffered => Self::Unfit,
            Reason::Unavailable => Self::Unavailable,
        }
    }
}

impl From<Side> for Socket {
    fn from(side: Side) -> Self {
        match side {
            Side::Auth => Self::Auth,
            Side::Admin => Self::Admin,
        }
    }
}

impl From<Medium> for Way {
    fn from(kind: Medium) -> Self {
        match kind {
            Medium::Text => Self::Sms,
            Medium::Mail => Self::Mail,
        }
    }
}

impl Outcome {
    /// Of a call or an attempt.
    pub fn of<T, E>(outcome: &Result<T, E>) -> Self {
        if outcome.is_ok() { Self::Done } else { Self::Failed }
    }
}
