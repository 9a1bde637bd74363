//! What a sign-in needs.

use super::origin::{Channel, Origin};
use super::refusal::Refusal;
use serde::{Deserialize, Serialize};

/// Asks what a sign-in needs. Read-only: it changes nothing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Ask {
    /// The name as the user typed it; the daemon canonicalizes it. If the webmail tells whose session it is, that name.
    pub name: String,
    /// Further names of the same sign-in, at most [`MAX_ALSO`](super::MAX_ALSO): all must lead to the same mailbox. See
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
    /// [`AnswerField`](super::AnswerField) whatever the verdict is, and a password that the webmail has accepted as
    /// [`PasswordAccepted`](super::PasswordAccepted).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_passwords_of: Option<String>,
    /// Whether [`Origin::browser`] is a known token of this account. An unknown token may have been planted by an
    /// attacker: a front that admits this browser gives it a new one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub browser_known: bool,
    /// Whether the verdict takes every name of [`Ask::also`] into account. A daemon that does not know that field
    /// leaves this out: a front that has sent further names then treats the reply as a refusal.
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
        /// For [`Recheck`](super::Recheck).
        standing: String,
    },
    /// A second factor is required.
    Challenge {
        /// The canonical mailbox.
        mailbox: String,
        /// The methods that may be answered with, the last used first. If [`CONTACT`] is the only one, the account has
        /// no second factor, and the sign-in is unusual.
        methods: Vec<Offer>,
        /// For how many days the user may trust this browser, by [`Answer::trust`](super::Answer::trust); `None`: not
        /// at all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trust_days: Option<u32>,
    },
    /// The account has no second factor yet and this channel can enrol one.
    Enrol {
        /// The canonical mailbox.
        mailbox: String,
        /// The methods that can be set up, as in [`Enrol::kind`](super::Enrol::kind).
        #[serde(default)]
        kinds: Vec<String>,
    },
    /// Refused.
    Refused(Refusal),
}

/// A method that can answer a sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its id, for [`Answer::method`](super::Answer::method).
    pub id: String,
    /// `totp`, `sms`, `email`, `key` or `backup`; a front shows an unknown kind as a plain code. The code for `sms` and
    /// `email`, and the challenge for `key`, are requested by [`Prepare`](super::Prepare).
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
