//! Answers to a challenge, and what is started before one.

use super::origin::{Channel, Origin};
use super::refusal::Refusal;
use crate::Secret;
use crate::proves::Proves;
use serde::{Deserialize, Serialize};

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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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
    /// What the user typed; for a security key its response as JSON, at most [`MAX_RESPONSE`](super::MAX_RESPONSE)
    /// bytes.
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
        /// For [`Recheck`](super::Recheck).
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
/// once, can send nothing else. To be called after a [`AskVerdict::Challenge`](super::AskVerdict::Challenge), and, if
/// the account has app passwords ([`Asked::app_passwords_of`](super::Asked::app_passwords_of)), after any verdict.
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
    /// The whole field, at most [`MAX_FIELD`](super::MAX_FIELD) bytes.
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
        /// For [`Recheck`](super::Recheck).
        standing: String,
    },
    /// It ends in a code, which is verified.
    Accepted {
        /// The canonical mailbox.
        mailbox: String,
        /// For [`Recheck`](super::Recheck).
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
        /// For [`Recheck`](super::Recheck), and for [`PasswordRefused`](super::PasswordRefused).
        standing: String,
        /// Its id.
        id: String,
        /// The mailbox's password, for the mail server.
        password: Secret,
    },
    /// Refused.
    Refused(Refusal),
}
