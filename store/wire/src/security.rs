//! `org.postern.Auth`, the part for a person who looks after their own account, in the pages of the webmail front.
//!
//! Each call brings a proof, which the daemon gave when the person brought a second factor
//! ([`AnswerVerdict::Accepted`](crate::auth::AnswerVerdict::Accepted)). So a front can do nothing to accounts of people
//! who are not there. What gives or takes a way in takes a factor that was asked for that one change ([`Proves`]); the
//! change uses it up.

use crate::Secret;
use crate::admin::AppPassword;
use crate::auth::{Channel, Origin, Refusal};
pub use crate::proves::Proves;
use serde::{Deserialize, Serialize};

/// Characters that each text of a request may have.
pub const MAX_REQUEST_TEXT: usize = 1000;

/// User-Agents that the daemon names at once.
pub const MAX_CLIENTS: usize = 64;

/// Asks what there is to see.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowSecurity {
    /// The mailbox.
    pub name: String,
    /// From where: tells which of the browsers is this one.
    #[serde(default)]
    pub origin: Origin,
    /// What the sign-in gave.
    pub proof: Secret,
    /// The User-Agents of sessions that the front has of this mailbox, at most [`MAX_CLIENTS`]: it is told their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<String>,
}

/// The reply to [`ShowSecurity`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[must_use]
pub enum SecurityVerdict {
    /// All of it.
    Shown(Security),
    /// No.
    Refused(Refusal),
}

/// What a person sees of their own account. Times are seconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Security {
    /// The canonical mailbox.
    pub mailbox: String,
    /// Other names of the same mailbox.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The methods, in the order in which they were made.
    pub methods: Vec<OwnMethod>,
    /// Unused backup codes; none: there is no set.
    #[serde(default)]
    pub backup_codes_left: Option<u32>,
    /// What mail apps sign in with.
    #[serde(default)]
    pub app_passwords: Vec<AppPassword>,
    /// Whether they are of use here: there is a channel that takes them, or the account has some. Else none is to be
    /// offered.
    #[serde(default)]
    pub takes_app_passwords: bool,
    /// Whether one can be made now: a mail server can be asked about the password.
    #[serde(default)]
    pub can_make_app_passwords: bool,
    /// Where notices go.
    #[serde(default)]
    pub contact: Option<String>,
    /// In which language: `en` or `fr`.
    #[serde(default)]
    pub language: Option<String>,
    /// What can be added: `totp`, `sms`, `email`, `key`, `contact`.
    pub kinds: Vec<String>,
    /// The browsers that have signed in, the one used last first.
    #[serde(default)]
    pub browsers: Vec<OwnBrowser>,
    /// The names of [`ShowSecurity::clients`], in their order.
    #[serde(default)]
    pub clients: Vec<BrowserName>,
    /// Whether the platform lets people trust browsers.
    #[serde(default)]
    pub may_trust: bool,
}

/// A browser and what it runs on, by names that are the same in every language. A guess, since browsers call themselves by
/// the names of others: no decision depends on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrowserName {
    /// Such as `Firefox`; none where it is not known.
    #[serde(default)]
    pub browser: Option<String>,
    /// What it runs on, such as `Linux`; none where it is not known.
    #[serde(default)]
    pub system: Option<String>,
}

/// One of the methods.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnMethod {
    /// Its id.
    pub id: String,
    /// As in [`crate::auth::Offer::kind`].
    pub kind: String,
    /// The person's own words; may be empty.
    pub description: String,
    /// The number or address, with most of it hidden.
    #[serde(default)]
    pub hint: Option<String>,
    /// When it was set up.
    pub created: i64,
    /// When it last opened the account.
    #[serde(default)]
    pub last_used: Option<i64>,
    /// A security key of which there is a copy: it is refused until it is removed.
    #[serde(default)]
    pub copied: bool,
    /// What it comes to when the person removes it.
    #[serde(default)]
    pub removal: Removal,
}

/// What the removal of a method comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Removal {
    /// The method goes, and others are left.
    Free,
    /// It is the only one: the second factor is off then.
    SwitchesOff,
    /// It cannot be removed: there is no other that opens the account.
    #[default]
    Kept,
}

/// One of the browsers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnBrowser {
    /// Its id.
    pub id: String,
    /// What it says of itself, in names that are the same in every language: `Firefox (Linux)`; may be empty.
    pub description: String,
    /// The same in parts.
    #[serde(default)]
    pub named: BrowserName,
    /// The network of its last sign-in in CIDR notation, IPv4 /24 or IPv6 /48; may be empty.
    pub network: String,
    /// When it signed in first.
    pub created: i64,
    /// When it signed in last, to the day.
    pub last_used: i64,
    /// Until when it is not asked for a code; none: it is not trusted.
    #[serde(default)]
    pub trusted_until: Option<i64>,
    /// Whether that is the network that asks.
    #[serde(default)]
    pub here: bool,
    /// Whether it is the one that asks.
    pub this: bool,
}

/// Changes something.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChangeSecurity {
    /// The mailbox.
    pub name: String,
    /// Who asks.
    #[serde(default)]
    #[serde(rename = "door")]
    pub channel: Channel,
    /// From where.
    #[serde(default)]
    pub origin: Origin,
    /// What the sign-in gave, or what a factor for this change did.
    pub proof: Secret,
    /// What.
    pub change: Change,
}

/// What can be changed. What gives or takes a way in is refused as [`crate::auth::Reason::NotFresh`] where the proof is not
/// for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// Other words for a method.
    Rename {
        /// Which.
        id: String,
        /// The words.
        description: String,
    },
    /// A method goes.
    RemoveMethod {
        /// Which.
        id: String,
    },
    /// A new set of backup codes, in place of the one that there is.
    MakeBackupCodes,
    /// The set of backup codes goes.
    DeleteBackupCodes,
    /// A new app password.
    CreateAppPassword {
        /// The mailbox's password, which the mail server is asked about.
        password: Secret,
        /// The person's own words.
        description: String,
    },
    /// An app password goes.
    RevokeAppPassword {
        /// Which.
        id: String,
    },
    /// The contact address goes.
    RemoveContact,
    /// Notices and codes come in this language.
    SetLanguage {
        /// `en` or `fr`.
        language: String,
    },
    /// A browser is asked for a code again; what it has open without one is over.
    RevokeTrust {
        /// Which.
        id: String,
    },
    /// The same for every browser but the one that asks.
    RevokeOtherTrust,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[must_use]
pub enum ChangeVerdict {
    /// Done. The session goes on with these, in place of what it had: a change may end all others of the account.
    Done {
        /// For rechecks.
        standing: String,
        /// For further changes; none: the second factor is off now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<Secret>,
        /// The new backup codes, which are shown this once.
        #[serde(default)]
        backup_codes: Vec<Secret>,
        /// The new app password, which is shown this once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        app_password: Option<Secret>,
    },
    /// No.
    Refused(Refusal),
}

/// Someone who knows the password has lost every method: asks the administrator for a reset.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OpenRequest {
    /// The mailbox.
    pub name: String,
    /// Who asks.
    #[serde(default)]
    #[serde(rename = "door")]
    pub channel: Channel,
    /// From where.
    #[serde(default)]
    pub origin: Origin,
    /// How the administrator reaches the person: a telephone number, an address.
    pub contact: String,
    /// What happened.
    pub reason: String,
    /// What proves that it is the owner who asks.
    pub evidence: String,
    /// In which language to answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[must_use]
pub enum RequestVerdict {
    /// The administrator sees it.
    Opened,
    /// There is one already, which the administrator sees.
    OpenAlready,
    /// No.
    Refused(Refusal),
}
