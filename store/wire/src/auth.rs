//! `org.postern.Auth`: what a front may say to the daemon. The interface file is [`DESCRIPTION`].
//!
//! Every reply to a sign-in is a verdict; a refusal is a value, not an error. A verdict that a front does not know
//! does not parse, and what does not parse is a refusal.

use crate::Secret;
use crate::proves::Proves;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// The interface's name.
pub const INTERFACE: &str = "org.postern.Auth";
/// The interface file.
pub const DESCRIPTION: &str = include_str!("org.postern.Auth.varlink");
/// The error of what cannot be noted now: the store is full, damaged or read-only.
pub const UNAVAILABLE: &str = "org.postern.Auth.Unavailable";
/// Characters that a name, a service or a client may have.
pub const MAX_NAME: usize = 320;
/// Characters that an answer may have: the longest is an app password with its separators, or a code pasted with
/// blanks in it.
pub const MAX_CODE: usize = 128;
/// Bytes that a security key's response may have.
pub const MAX_RESPONSE: usize = 16 * 1024;
/// Bytes that a field with a password and a code may have (PAM_MAX_RESP_SIZE of libpam is 512).
pub const MAX_FIELD: usize = 1024;
/// Characters that a method's description may have.
pub const MAX_DESCRIPTION: usize = 64;
/// Characters of a browser's token: 32 random bytes in base64url without padding (RFC 4648 section 5).
pub const BROWSER_TOKEN: usize = 43;
/// Letters of an app password, without the blanks and hyphens between them.
pub const APP_PASSWORD_LETTERS: usize = 25;
/// Sessions that one [`Recheck`] may name.
pub const MAX_RECHECK: usize = 128;

/// A kind of front. Failures count for each on its own, so that a stranger who hammers one channel does not close the
/// others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// The webmail front: the password has been accepted before the daemon is asked.
    #[default]
    Webmail,
    /// The IMAP front: asks before the backend has seen a password.
    Imap,
    /// The PAM module.
    Pam,
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Webmail => "webmail",
            Self::Imap => "imap",
            Self::Pam => "pam",
        })
    }
}

/// Where a sign-in comes from, as the front saw it; for the audit log and for throttling.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The client's address, after any trusted PROXY header.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::address::canonical")]
    pub address: Option<IpAddr>,
    /// The PAM service, or the front's listener.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// What the client says of itself (User-Agent, IMAP ID).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The random token by which the webmail front knows this browser again, [`BROWSER_TOKEN`] characters; what is not
    /// of that form counts as none. A browser that brings none gets one when its session is released, so the front draws
    /// it before [`Answer`], [`Confirm`] and [`SignedIn`]. To have a code asked for whoever is trusted, leave it out of
    /// [`Ask`]. Other fronts have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<Secret>,
    /// The front stands before Exchange, which knows each mailbox by several names.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub before_exchange: bool,
}

/// Asks what a sign-in needs. Reading only: asking changes nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ask {
    /// The name as the person typed it; the daemon canonicalises it.
    pub name: String,
    /// Who asks.
    #[serde(rename = "door")]
    pub channel: Channel,
    /// From where.
    #[serde(default)]
    pub origin: Origin,
}

/// The reply to [`Ask`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[must_use]
pub struct Asked {
    /// What the sign-in needs.
    #[serde(flatten)]
    pub verdict: AskVerdict,
    /// The canonical mailbox, where it has app passwords: what a mail app typed may be one, so it goes to
    /// [`AnswerField`] whatever the verdict is, and a password that the webmail has accepted to [`PasswordAccepted`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_passwords_of: Option<String>,
    /// Whether [`Origin::browser`] is a token that is remembered of this account. One that is not may have been planted
    /// by somebody who knows it: a front that lets this browser in gives it a new one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub browser_known: bool,
}

/// What a sign-in needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[must_use]
pub enum AskVerdict {
    /// No second factor is required. This is the only word that lets a sign-in pass without one.
    NotRequired {
        /// The canonical mailbox, or the name as given when it is none of ours.
        mailbox: String,
        /// For [`Recheck`].
        standing: String,
    },
    /// A second factor is required.
    Challenge {
        /// The canonical mailbox.
        mailbox: String,
        /// What may be answered with, the one used last first. [`CONTACT`] alone: the account has no second factor,
        /// and the sign-in looks unusual.
        methods: Vec<Offer>,
        /// For how many days the person may trust this browser, by [`Answer::trust`]; none: not at all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trust_days: Option<u32>,
    },
    /// The account has no second factor yet and this channel can enrol one.
    Enrol {
        /// The canonical mailbox.
        mailbox: String,
        /// What can be set up, as in [`Enrol::kind`].
        #[serde(default)]
        kinds: Vec<String>,
    },
    /// No.
    Refused(Refusal),
}

/// A method that a sign-in may be answered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// For [`Answer::method`].
    pub id: String,
    /// `totp`, `sms`, `email`, `key` or `backup`; a front shows a kind it does not know as a plain code. A code of `sms`
    /// and `email`, and the question for a `key`, come by [`Prepare`].
    pub kind: String,
    /// The person's own words for it; may be empty.
    pub description: String,
    /// How many characters the code has, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<u32>,
    /// The number or address that a code goes to, with most of it hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// The id under which backup codes are offered and answered.
pub const BACKUP: &str = "backup";
/// The id under which a code to the contact address is offered, to an account without a second factor whose sign-in
/// looks unusual.
pub const CONTACT: &str = "contact";

/// A refusal. What the person is told of it is the front's part; an administrator finds the rest in the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// Seconds since 1970 until which asking again is useless, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// Wrong codes in a row at this channel, so that a front can hint at the phone's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<u32>,
    /// The canonical mailbox that was asked about, in the reply to [`Ask`]: whom a request for a reset would be about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<String>,
}

impl Refusal {
    /// A refusal of which nothing but the reason is known.
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
    /// The name is not one that this platform serves, or cannot be a name.
    Name,
    /// The account must enrol first, and this channel cannot do that.
    Unenrolled,
    /// Another code may be sent from the time given on.
    TooSoon,
    /// No more codes are sent to this account today, or changes made, or requests taken.
    TooMany,
    /// The code could not be sent: another method may do.
    NotSent,
    /// What was asked for takes a second factor that is brought for it ([`Answer::proves`]).
    NotFresh,
    /// It is the only method, and the platform keeps that.
    OnlyMethod,
    /// The account, or another one, has it already.
    InUse,
    /// Not a number in international form, not an e-mail address, or one that leads into the mailbox itself.
    Unfit,
    /// The platform does not offer that.
    NotOffered,
    /// The administrator's enrolment code is needed first, and is missing or wrong.
    EnrolmentCode,
    /// What the front refers to is over: the account changed, or the enrolment took too long. Begin again.
    Stale,
    /// The app password is right, but its time is over, or the mailbox's password has changed since: the person makes
    /// a new one, or signs in to the webmail once.
    Expired,
    /// The sign-in looks unusual, and there is no address to which a code can be sent.
    Unusual,
    /// There is a copy of the security key that has answered: it is not offered any more, and another method may do.
    Copied,
    /// The daemon cannot answer now (its store is full, damaged or read-only).
    Unavailable,
}

/// Has a method begin: a code is sent, or a question for a security key made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Prepare {
    /// The mailbox that the verdict named.
    pub name: String,
    /// Who asks.
    #[serde(rename = "door")]
    pub channel: Channel,
    /// From where.
    #[serde(default)]
    pub origin: Origin,
    /// One of the offers.
    pub method: String,
    /// What an earlier call for this sign-in gave: the code sent then is void when another is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Secret>,
    /// In which language to send: `en` or `fr`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The origin of the pages (RFC 6454), to which a security key's answer is bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
}

/// What a method has begun with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[must_use]
pub enum PrepareVerdict {
    /// A code was sent.
    Sent {
        /// The canonical mailbox.
        mailbox: String,
        /// For [`Answer::challenge`]: the code is good for whoever brings this.
        challenge: Secret,
        /// From when on another may be asked for, in seconds since 1970.
        again: i64,
    },
    /// A security key is to sign this.
    Key {
        /// The canonical mailbox.
        mailbox: String,
        /// For [`Answer::challenge`].
        challenge: Secret,
        /// For `navigator.credentials.get` (WebAuthn Level 3, `PublicKeyCredentialRequestOptionsJSON`).
        options: String,
    },
    /// No.
    Refused(Refusal),
}

/// Answers a challenge.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    /// The mailbox that the verdict named.
    pub name: String,
    /// Who asks.
    #[serde(rename = "door")]
    pub channel: Channel,
    /// From where.
    #[serde(default)]
    pub origin: Origin,
    /// One of the offers; none tries every method that fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// What the person typed; of a security key its response as JSON, at most [`MAX_RESPONSE`] bytes.
    pub code: Secret,
    /// What [`PrepareVerdict`] gave, for a code that was sent and for a security key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Secret>,
    /// The person trusts this browser ([`Origin::browser`]): it is not asked for a code for as long as the platform
    /// allows. Ignored where it allows none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trust: bool,
    /// What the person is asked for a factor for, in the midst of a session; none: to sign in. The proof is good for that
    /// change and no other. Not together with [`Self::trust`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proves: Option<Proves>,
}

/// What became of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[must_use]
pub enum AnswerVerdict {
    /// The factor is verified, and its use is on disk.
    Accepted {
        /// The canonical mailbox.
        mailbox: String,
        /// For [`Recheck`].
        standing: String,
        /// The method that matched.
        method: String,
        /// Unused backup codes, when one was used now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        backup_codes_left: Option<u32>,
        /// That this person has just brought a second factor: to sign in, or for [`Answer::proves`]; opaque.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<Secret>,
    },
    /// No.
    Refused(Refusal),
}

/// Hands on a field that holds an app password, or the password with a code right behind it: all that a mail app, or a
/// host that asks once, can give. To be asked after a [`AskVerdict::Challenge`], and whatever the verdict where the
/// account has app passwords ([`Asked::app_passwords_of`]).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AnswerField {
    /// The mailbox that the verdict named.
    pub name: String,
    /// Who asks.
    #[serde(rename = "door")]
    pub channel: Channel,
    /// From where.
    #[serde(default)]
    pub origin: Origin,
    /// The whole field, at most [`MAX_FIELD`] bytes.
    pub text: Secret,
}

/// What became of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[must_use]
pub enum FieldVerdict {
    /// It is no app password, and no second factor is required: the whole field is the password.
    NotRequired {
        /// The canonical mailbox.
        mailbox: String,
        /// For [`Recheck`].
        standing: String,
    },
    /// It ends in a code, and that is verified.
    Accepted {
        /// The canonical mailbox.
        mailbox: String,
        /// For [`Recheck`].
        standing: String,
        /// The method that matched.
        method: String,
        /// How many bytes of the field are the password; the rest is the code, and no longer good.
        password_length: u32,
        /// Unused backup codes, when one was used now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        backup_codes_left: Option<u32>,
    },
    /// It is an app password.
    AppPassword {
        /// The canonical mailbox.
        mailbox: String,
        /// For [`Recheck`], and for [`PasswordRefused`].
        standing: String,
        /// Which one.
        id: String,
        /// The mailbox's password, which the mail server wants.
        password: Secret,
    },
    /// No.
    Refused(Refusal),
}

/// Tells that the mail server has refused the password that [`FieldVerdict::AppPassword`] gave: it was changed. The
/// account's app passwords are [`Reason::Expired`] from now on, until [`PasswordAccepted`] brings the new one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PasswordRefused {
    /// The session that was to be.
    pub session: Session,
}

/// Tells that the mail server, or the webmail, has accepted a password of this mailbox: it is sealed anew for the
/// account's app passwords.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PasswordAccepted {
    /// The mailbox that [`Asked::app_passwords_of`] named.
    pub name: String,
    /// Who tells it.
    #[serde(rename = "door")]
    pub channel: Channel,
    /// From where.
    #[serde(default)]
    pub origin: Origin,
    /// The password, at most [`MAX_FIELD`] bytes.
    pub password: Secret,
}

/// Offers to check passwords with the mail server behind a front. A stream: each reply is one password to check, and
/// the first, which comes at once, is none. Only root, the daemon's own user and `postern-proxy` may ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordChecks {
    /// What to check; none: the daemon has heard the offer.
    #[serde(default)]
    pub check: Option<PasswordCheck>,
}

/// A password to check; [`PasswordChecked`] brings the result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordCheck {
    /// Which check it is.
    pub id: u64,
    /// The canonical mailbox.
    pub mailbox: String,
    /// What may be its password.
    pub password: Secret,
}

/// The result of a [`PasswordCheck`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordChecked {
    /// Which check it is.
    pub id: u64,
    /// What the mail server says.
    pub outcome: CheckOutcome,
}

/// What the mail server says of a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// It opens the mailbox.
    Accepted,
    /// It does not.
    Refused,
    /// It cannot say now.
    Unavailable,
}

/// Begins to set up a method, or shows what was begun again. The first one of an enrolling account needs nothing more
/// than the password; any further one, and a contact address, needs a [`proof`](Self::proof) that is for it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Enrol {
    /// The mailbox that the verdict named.
    pub name: String,
    /// Who asks.
    #[serde(rename = "door")]
    pub channel: Channel,
    /// From where.
    #[serde(default)]
    pub origin: Origin,
    /// The ticket of what was begun, to see it again, or to have another code sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Secret>,
    /// `totp`, `sms`, `email`, `key` or `contact`; none: `totp`, or what the ticket says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The number or the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// What an `Accepted` gave for [`Answer::proves`], for an account that is protected already; not needed with the ticket
    /// of what was begun with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Secret>,
    /// As in [`Prepare::language`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// As in [`Prepare::site`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// What the administrator gave the person, where the platform wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment_code: Option<Secret>,
}

/// What to set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[must_use]
pub enum EnrolVerdict {
    /// A new TOTP secret. It counts for nothing until [`Confirm`] brings a code of it.
    Offered {
        /// The canonical mailbox.
        mailbox: String,
        /// Opaque; the daemon keeps nothing, so the front hands it back. Good for 15 minutes and for one enrolment.
        ticket: Secret,
        /// The secret in base32, without padding.
        secret: Secret,
        /// The same as an `otpauth://` URI.
        uri: Secret,
        /// As in [`AskVerdict::Enrol`].
        #[serde(default)]
        kinds: Vec<String>,
    },
    /// A code was sent to a number or an address.
    Sent {
        /// The canonical mailbox.
        mailbox: String,
        /// As in [`Self::Offered`].
        ticket: Secret,
        /// Where to, as the person typed it, in its one spelling.
        to: String,
        /// From when on another may be asked for, in seconds since 1970.
        again: i64,
        /// As in [`AskVerdict::Enrol`].
        #[serde(default)]
        kinds: Vec<String>,
    },
    /// A security key is to make a credential.
    Key {
        /// The canonical mailbox.
        mailbox: String,
        /// As in [`Self::Offered`].
        ticket: Secret,
        /// For `navigator.credentials.create` (WebAuthn Level 3, `PublicKeyCredentialCreationOptionsJSON`).
        options: String,
        /// As in [`AskVerdict::Enrol`].
        #[serde(default)]
        kinds: Vec<String>,
    },
    /// No.
    Refused(Refusal),
}

/// Ends what [`Enrol`] began.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Confirm {
    /// The mailbox that the verdict named.
    pub name: String,
    /// Who asks.
    #[serde(rename = "door")]
    pub channel: Channel,
    /// From where.
    #[serde(default)]
    pub origin: Origin,
    /// What [`EnrolVerdict::Offered`] gave.
    pub ticket: Secret,
    /// The code that the app shows or that was sent; of a security key its response as JSON.
    pub code: Secret,
    /// The person's own words for the device; may be empty.
    #[serde(default)]
    pub description: String,
}

/// What became of an enrolment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[must_use]
pub enum ConfirmVerdict {
    /// The account is protected now, and the person signed in.
    Accepted {
        /// The canonical mailbox.
        mailbox: String,
        /// For [`Recheck`].
        standing: String,
        /// The new method's id.
        method: String,
        /// The backup codes, when this was the first method; they are shown this once.
        #[serde(default)]
        backup_codes: Vec<Secret>,
        /// As in [`AnswerVerdict::Accepted`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<Secret>,
    },
    /// No.
    Refused(Refusal),
}

/// Tells that a session was released because no second factor was required: the browser is noted, where there is
/// something to note. The reply is empty; the sign-in stands whatever becomes of this. For the fronts' user only, as
/// [`PasswordChecks`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignedIn {
    /// The mailbox that the verdict named.
    pub name: String,
    /// Who tells it.
    #[serde(rename = "door")]
    pub channel: Channel,
    /// From where.
    #[serde(default)]
    pub origin: Origin,
    /// What the verdict gave. One that does not stand any more notes nothing.
    pub standing: String,
    /// The language of the pages, for a notice to a person who has chosen none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// Asks which open sessions are over. A front asks after each event of [`WatchEvent`], and when it is connected anew.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Recheck {
    /// At most [`MAX_RECHECK`].
    pub sessions: Vec<Session>,
}

/// An open session, as far as the daemon needs to know it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// The canonical mailbox.
    pub mailbox: String,
    /// What the verdict gave that released it.
    pub standing: String,
}

/// Which of the named sessions are over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rechecked {
    /// For each session, in order: true if it must end now.
    pub ended: Vec<bool>,
}

/// One reply of `Watch`: something changed that may end sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchEvent {
    /// The mailbox it is about; none: any (a platform's switch, or the first event of a stream).
    #[serde(default)]
    pub mailbox: Option<String>,
}
