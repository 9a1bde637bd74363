//! The set-up of a method.

use super::origin::{Channel, Origin};
use super::refusal::Refusal;
use crate::Secret;
use serde::{Deserialize, Serialize};

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
    /// The proof from `Accepted` for [`Answer::proves`](super::Answer::proves), if the account is protected already;
    /// not needed with the ticket of a setup that was started with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Secret>,
    /// As in [`Prepare::language`](super::Prepare::language).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// As in [`Prepare::site`](super::Prepare::site).
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
        /// As in [`AskVerdict::Enrol`](super::AskVerdict::Enrol).
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
        /// As in [`AskVerdict::Enrol`](super::AskVerdict::Enrol).
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
        /// As in [`AskVerdict::Enrol`](super::AskVerdict::Enrol).
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
        /// For [`Recheck`](super::Recheck).
        standing: String,
        /// The new method's id.
        method: String,
        /// The backup codes, if this was the first method; they are returned only here.
        #[serde(default)]
        backup_codes: Vec<Secret>,
        /// As in [`AnswerVerdict::Accepted`](super::AnswerVerdict::Accepted).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<Secret>,
    },
    /// Refused.
    Refused(Refusal),
}
