//! `org.postern.Auth`: the interface for the fronts. The interface file is [`DESCRIPTION`].
//!
//! Every reply to a sign-in is a verdict; a refusal is a value, not an error. A verdict that a front does not know
//! fails to parse, and the front must treat that as a refusal.

use crate::Secret;
use crate::proves::Proves;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// The interface's name.
pub const INTERFACE: &str = "org.postern.Auth";
/// The interface file.
pub const DESCRIPTION: &str = include_str!("org.postern.Auth.varlink");
/// The error for changes that cannot be stored now: the store is full, damaged or read-only.
pub const UNAVAILABLE: &str = "org.postern.Auth.Unavailable";
/// The most characters of a name, a service or a client.
pub const MAX_NAME: usize = 320;
/// The most names in [`Ask::also`].
pub const MAX_ALSO: usize = 4;
/// The most characters of an answer: the longest is an app password with its separators, or a code pasted with blanks
/// in it.
pub const MAX_CODE: usize = 128;
/// The most bytes of a security key's response.
pub const MAX_RESPONSE: usize = 16 * 1024;
/// The most bytes of a field with a password and a code (PAM_MAX_RESP_SIZE of libpam is 512).
pub const MAX_FIELD: usize = 1024;
/// The most characters of a method's description.
pub const MAX_DESCRIPTION: usize = 64;
/// Characters of a browser's token: 32 random bytes in base64url without padding (RFC 4648 section 5).
pub const BROWSER_TOKEN: usize = 43;
/// Letters of an app password, without the blanks and hyphens between them.
pub const APP_PASSWORD_LETTERS: usize = 25;
/// The most sessions in one [`Recheck`].
pub const MAX_RECHECK: usize = 128;

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
    /// The random token that identifies the browser at the webmail front, [`BROWSER_TOKEN`] characters; any other form
    /// counts as none. A browser without a token receives one when its session is admitted, so the front draws it
    /// before [`Answer`], [`Confirm`] and [`SignedIn`]. To require a code from trusted browsers too, leave it out of
    /// [`Ask`]. Other fronts have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<Secret>,
    /// Whether the front is for Exchange, which accepts several names for each mailbox.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub before_exchange: bool,
}

/// Asks what a sign-in needs. Read-only: it changes nothing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Ask {
    /// The name as the user typed it; the daemon canonicalizes it. If the webmail tells whose session it is, that name.
    pub name: String,
    /// Further names of the same sign-in, at most [`MAX_ALSO`]: all must lead to the same mailbox. See
    /// [`Asked::also_judged`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// The front's channel.
    #[serde(rename = "door")]
    pub channel: Channel,
    /// The source of the sign-in.
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
    /// The canonical mailbox, if it has app passwords. In that case, input of a mail app may be one: send it as
    /// [`AnswerField`] whatever the verdict is, and a password that the webmail has accepted as [`PasswordAccepted`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_passwords_of: Option<String>,
    /// Whether [`Origin::browser`] is a known token of this account. An unknown token may have been planted by an
    /// attacker: a front that admits this browser gives it a new one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub browser_known: bool,
    /// Whether the verdict takes every name of [`Ask::also`] into account. A daemon that does not know that field leaves
    /// this out: a front that has sent further names then treats the reply as a refusal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub also_judged: bool,
    /// How long the session of this sign-in may last; `None`: as long as its connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lives: Option<Lives>,
}

/// How long a session may last, in seconds. A front that is not told takes short times of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lives {
    /// A sign-in after the password: until a code is given, or the first method is set up.
    pub sign_in: u32,
    /// The page with new backup codes at the first set-up.
    pub saving: u32,
    /// A session without any request.
    pub idle: u32,
    /// A session in all.
    pub whole: u32,
}

impl From<AskVerdict> for Asked {
    fn from(verdict: AskVerdict) -> Self {
        Self { verdict, app_passwords_of: None, browser_known: false, also_judged: false, lives: None }
    }
}

/// What a sign-in needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[must_use]
pub enum AskVerdict {
    /// No second factor is required. This is the only verdict that admits a sign-in without one.
    NotRequired {
        /// The canonical mailbox, or the name as given if it is not in a platform's domain.
        mailbox: String,
        /// For [`Recheck`].
        standing: String,
    },
    /// A second factor is required.
    Challenge {
        /// The canonical mailbox.
        mailbox: String,
        /// The methods that may be answered with, the last used first. If [`CONTACT`] is the only one, the account has
        /// no second factor, and the sign-in is unusual.
        methods: Vec<Offer>,
        /// For how many days the user may trust this browser, by [`Answer::trust`]; `None`: not at all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trust_days: Option<u32>,
    },
    /// The account has no second factor yet and this channel can enrol one.
    Enrol {
        /// The canonical mailbox.
        mailbox: String,
        /// The methods that can be set up, as in [`Enrol::kind`].
        #[serde(default)]
        kinds: Vec<String>,
    },
    /// Refused.
    Refused(Refusal),
}

/// A method that can answer a sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its id, for [`Answer::method`].
    pub id: String,
    /// `totp`, `sms`, `email`, `key` or `backup`; a front shows an unknown kind as a plain code. The code for `sms` and
    /// `email`, and the challenge for `key`, are requested by [`Prepare`].
    pub kind: String,
    /// The user's description; may be empty.
    pub description: String,
    /// The number of characters of the code, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<u32>,
    /// The number or address for the code, in masked form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// The id of backup codes among the methods.
pub const BACKUP: &str = "backup";
/// The id of a code to the contact address, for an account without a second factor whose sign-in is unusual.
pub const CONTACT: &str = "contact";

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
    /// The canonical mailbox, in the reply to [`Ask`]: the mailbox for a reset request.
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
    /// The change requires a second factor that is given for it ([`Answer::proves`]).
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

/// Starts a method: sends a code, or makes a challenge for a security key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Prepare {
    /// The mailbox from the verdict.
    pub name: String,
    /// The front's channel.
    #[serde(rename = "door")]
    pub channel: Channel,
    /// The source of the sign-in.
    #[serde(default)]
    pub origin: Origin,
    /// The id of one of the offers.
    pub method: String,
    /// The challenge of an earlier call for this sign-in: its code becomes void when another is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Secret>,
    /// The language of the message: `en` or `fr`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The origin of the pages (RFC 6454), to which a security key's answer is bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
}

/// The result of [`Prepare`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[must_use]
pub enum PrepareVerdict {
    /// A code was sent.
    Sent {
        /// The canonical mailbox.
        mailbox: String,
        /// For [`Answer::challenge`]: the code is valid only together with it.
        challenge: Secret,
        /// The time from which another code may be requested, in seconds since 1970.
        again: i64,
    },
    /// A challenge for a security key.
    Key {
        /// The canonical mailbox.
        mailbox: String,
        /// For [`Answer::challenge`].
        challenge: Secret,
        /// For `navigator.credentials.get` (WebAuthn Level 3, `PublicKeyCredentialRequestOptionsJSON`).
        options: String,
    },
    /// Refused.
    Refused(Refusal),
}

/// Answers a challenge.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    /// The mailbox from the verdict.
    pub name: String,
    /// The front's channel.
    #[serde(rename = "door")]
    pub channel: Channel,
    /// The source of the sign-in.
    #[serde(default)]
    pub origin: Origin,
    /// The id of one of the offers; `None`: every method that matches is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// What the user typed; for a security key its response as JSON, at most [`MAX_RESPONSE`] bytes.
    pub code: Secret,
    /// The challenge from [`PrepareVerdict`], for a code that was sent and for a security key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Secret>,
    /// The user trusts this browser ([`Origin::browser`]): it is not asked for a code for as long as the platform
    /// allows. Ignored if the platform allows none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trust: bool,
    /// The change for which the user is asked for a factor during a session; `None`: to sign in. The proof is valid
    /// only for that change. Not together with [`Self::trust`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proves: Option<Proves>,
}

/// The result of an answer.
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
        /// The number of unused backup codes, if one was just used.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        backup_codes_left: Option<u32>,
        /// Proof that the user has just given a second factor, to sign in or for [`Answer::proves`]; opaque.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<Secret>,
    },
    /// Refused.
    Refused(Refusal),
}

/// Sends a field that holds an app password, or the password followed by a code: a mail app, or a host that prompts
/// once, can send nothing else. To be called after a [`AskVerdict::Challenge`], and, if the account has app passwords
/// ([`Asked::app_passwords_of`]), after any verdict.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AnswerField {
    /// The mailbox from the verdict.
    pub name: String,
    /// The front's channel.
    #[serde(rename = "door")]
    pub channel: Channel,
    /// The source of the sign-in.
    #[serde(default)]
    pub origin: Origin,
    /// The whole field, at most [`MAX_FIELD`] bytes.
    pub text: Secret,
}

/// The result of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[must_use]
pub enum FieldVerdict {
    /// It is not an app password, and no second factor is required: the whole field is the password.
    NotRequired {
        /// The canonical mailbox.
        mailbox: String,
        /// For [`Recheck`].
        standing: String,
    },
    /// It ends in a code, which is verified.
    Accepted {
        /// The canonical mailbox.
        mailbox: String,
        /// For [`Recheck`].
        standing: String,
        /// The method that matched.
        method: String,
        /// The length of the password in the field, in bytes; the rest is the code, which is used up.
        password_length: u32,
        /// The number of unused backup codes, if one was just used.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        backup_codes_left: Option<u32>,
    },
    /// It is an app password.
    AppPassword {
        /// The canonical mailbox.
        mailbox: String,
        /// For [`Recheck`], and for [`PasswordRefused`].
        standing: String,
        /// Its id.
        id: String,
        /// The mailbox's password, for the mail server.
        password: Secret,
    },
    /// Refused.
    Refused(Refusal),
}

/// Reports that the mail server has refused the password from [`FieldVerdict::AppPassword`]: it was changed. From now
/// on the account's app passwords are [`Reason::Expired`], until [`PasswordAccepted`] reports the new password.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PasswordRefused {
    /// The session that was to be opened.
    pub session: Session,
}

/// Reports that the mail server, or the webmail, has accepted a password of this mailbox: it is sealed again for the
/// account's app passwords.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PasswordAccepted {
    /// The mailbox from [`Asked::app_passwords_of`].
    pub name: String,
    /// The front's channel.
    #[serde(rename = "door")]
    pub channel: Channel,
    /// The source of the sign-in.
    #[serde(default)]
    pub origin: Origin,
    /// The password, at most [`MAX_FIELD`] bytes.
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

/// Starts the setup of a method, or returns one that was started. The first method of an enrolling account requires
/// only the password; any further one, and a contact address, requires a [`proof`](Self::proof) for it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Enrol {
    /// The mailbox from the verdict.
    pub name: String,
    /// The front's channel.
    #[serde(rename = "door")]
    pub channel: Channel,
    /// The source of the request.
    #[serde(default)]
    pub origin: Origin,
    /// The ticket of a started setup, to receive it again, or to have another code sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Secret>,
    /// `totp`, `sms`, `email`, `key` or `contact`; `None`: `totp`, or the kind in the ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The number or the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The proof from `Accepted` for [`Answer::proves`], if the account is protected already; not needed with the
    /// ticket of a setup that was started with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Secret>,
    /// As in [`Prepare::language`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// As in [`Prepare::site`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The administrator's enrolment code, if the platform requires one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment_code: Option<Secret>,
}

/// The result of [`Enrol`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[must_use]
pub enum EnrolVerdict {
    /// A new TOTP secret. It is not used until [`Confirm`] sends one of its codes.
    Offered {
        /// The canonical mailbox.
        mailbox: String,
        /// Opaque. The daemon stores nothing, so the front sends it back. Valid for 15 minutes and for one enrolment.
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
        /// The destination as the user typed it, in canonical form.
        to: String,
        /// The time from which another code may be requested, in seconds since 1970.
        again: i64,
        /// As in [`AskVerdict::Enrol`].
        #[serde(default)]
        kinds: Vec<String>,
    },
    /// A challenge for a security key to create a credential.
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
    /// Refused.
    Refused(Refusal),
}

/// Completes a setup that [`Enrol`] started.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Confirm {
    /// The mailbox from the verdict.
    pub name: String,
    /// The front's channel.
    #[serde(rename = "door")]
    pub channel: Channel,
    /// The source of the request.
    #[serde(default)]
    pub origin: Origin,
    /// The ticket from [`EnrolVerdict::Offered`].
    pub ticket: Secret,
    /// The code from the app or the message; for a security key its response as JSON.
    pub code: Secret,
    /// The user's description of the device; may be empty.
    #[serde(default)]
    pub description: String,
}

/// The result of an enrolment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[must_use]
pub enum ConfirmVerdict {
    /// The account is protected now, and the user is signed in.
    Accepted {
        /// The canonical mailbox.
        mailbox: String,
        /// For [`Recheck`].
        standing: String,
        /// The new method's id.
        method: String,
        /// The backup codes, if this was the first method; they are returned only here.
        #[serde(default)]
        backup_codes: Vec<Secret>,
        /// As in [`AnswerVerdict::Accepted`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<Secret>,
    },
    /// Refused.
    Refused(Refusal),
}

/// Reports that a session was admitted because no second factor was required: the browser is recorded if needed. The
/// reply is empty; the sign-in is valid whatever the result is. For the fronts' user only, as [`PasswordChecks`].
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
    /// At most [`MAX_RECHECK`].
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
