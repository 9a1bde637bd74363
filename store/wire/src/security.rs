//! `org.postern.Auth`, the part for a user who manages their own account, in the pages of the webmail front.
//!
//! Each call carries a proof, which the daemon issued when the user gave a second factor
//! ([`AnswerVerdict::Accepted`](crate::auth::AnswerVerdict::Accepted)). So a front cannot change accounts of users who
//! are not signed in. A change that adds or removes a credential requires a factor that was requested for that one
//! change ([`Proves`]); the change uses the proof up.

use crate::Secret;
use crate::admin::AppPassword;
use crate::auth::{Channel, Origin, Refusal};
pub use crate::proves::Proves;
use serde::{Deserialize, Serialize};

/// The most characters of each text of a request.
pub const MAX_REQUEST_TEXT: usize = 1000;

/// The most User-Agents in one call.
pub const MAX_CLIENTS: usize = 64;

/// Requests the data of the account page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowSecurity {
    /// The mailbox.
    pub name: String,
    /// The source of the request: it determines which of the browsers is this one.
    #[serde(default)]
    pub origin: Origin,
    /// The proof from the sign-in.
    pub proof: Secret,
    /// The User-Agents of the front's sessions of this mailbox, at most [`MAX_CLIENTS`]; the reply has their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<String>,
}

/// The reply to [`ShowSecurity`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[must_use]
pub enum SecurityVerdict {
    /// The data of the account.
    Shown(Security),
    /// Refused.
    Refused(Refusal),
}

/// The data of an account for its owner. Times are seconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Security {
    /// The canonical mailbox.
    pub mailbox: String,
    /// Aliases of the mailbox.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The methods, in the order in which they were made.
    pub methods: Vec<OwnMethod>,
    /// The number of unused backup codes; `None`: there is no set.
    #[serde(default)]
    pub backup_codes_left: Option<u32>,
    /// The app passwords of mail apps.
    #[serde(default)]
    pub app_passwords: Vec<AppPassword>,
    /// Whether app passwords can be used here: there is a channel that accepts them, or the account has some. Otherwise
    /// none is to be offered.
    #[serde(default)]
    pub takes_app_passwords: bool,
    /// Whether one can be made now: a mail server is available to check the password.
    #[serde(default)]
    pub can_make_app_passwords: bool,
    /// The address for notices.
    #[serde(default)]
    pub contact: Option<String>,
    /// The language of notices: `en` or `fr`.
    #[serde(default)]
    pub language: Option<String>,
    /// What can be added: `totp`, `sms`, `email`, `key`, `contact`.
    pub kinds: Vec<String>,
    /// The browsers that have signed in, the last used first.
    #[serde(default)]
    pub browsers: Vec<OwnBrowser>,
    /// The names for [`ShowSecurity::clients`], in their order.
    #[serde(default)]
    pub clients: Vec<BrowserName>,
    /// Whether the platform allows users to trust browsers.
    #[serde(default)]
    pub may_trust: bool,
}

/// A browser and its operating system, by names that are the same in every language. A guess, since browsers include
/// the names of others in their User-Agent: no decision depends on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrowserName {
    /// Such as `Firefox`; `None` if unknown.
    #[serde(default)]
    pub browser: Option<String>,
    /// The operating system, such as `Linux`; `None` if unknown.
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
    /// The user's description; may be empty.
    pub description: String,
    /// The number or address, in masked form.
    #[serde(default)]
    pub hint: Option<String>,
    /// When it was set up.
    pub created: i64,
    /// When it was last used to sign in.
    #[serde(default)]
    pub last_used: Option<i64>,
    /// A security key that was copied: it is refused until it is removed.
    #[serde(default)]
    pub copied: bool,
    /// The result of its removal by the user.
    #[serde(default)]
    pub removal: Removal,
}

/// The result of a method's removal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Removal {
    /// The method is removed, and others are left.
    Free,
    /// It is the only one: the second factor is switched off.
    SwitchesOff,
    /// It cannot be removed: it is the only usable one.
    #[default]
    Kept,
}

/// One of the browsers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnBrowser {
    /// Its id.
    pub id: String,
    /// Its description, in names that are the same in every language: `Firefox (Linux)`; may be empty.
    pub description: String,
    /// The description as browser and system.
    #[serde(default)]
    pub named: BrowserName,
    /// The network of its last sign-in in CIDR notation, IPv4 /24 or IPv6 /48; may be empty.
    pub network: String,
    /// The first sign-in.
    pub created: i64,
    /// The last sign-in, to the day.
    pub last_used: i64,
    /// Until when it is not asked for a code; `None`: it is not trusted.
    #[serde(default)]
    pub trusted_until: Option<i64>,
    /// Whether that is the network of this request.
    #[serde(default)]
    pub here: bool,
    /// Whether it is the browser of this request.
    pub this: bool,
}

/// Changes the account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChangeSecurity {
    /// The mailbox.
    pub name: String,
    /// The front's channel.
    #[serde(default)]
    #[serde(rename = "door")]
    pub channel: Channel,
    /// The source of the request.
    #[serde(default)]
    pub origin: Origin,
    /// The proof from the sign-in, or from a factor for this change.
    pub proof: Secret,
    /// The change.
    pub change: Change,
}

/// A change of the account. One that adds or removes a credential is refused with [`crate::auth::Reason::NotFresh`] if
/// the proof is not for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// Changes the description of a method.
    Rename {
        /// The method's id.
        id: String,
        /// The new description.
        description: String,
    },
    /// Removes a method.
    RemoveMethod {
        /// The method's id.
        id: String,
    },
    /// Makes a new set of backup codes, which replaces the present one.
    MakeBackupCodes,
    /// Deletes the set of backup codes.
    DeleteBackupCodes,
    /// Makes a new app password.
    CreateAppPassword {
        /// The mailbox's password, which the mail server checks.
        password: Secret,
        /// The user's description.
        description: String,
    },
    /// Revokes an app password.
    RevokeAppPassword {
        /// The id of the app password.
        id: String,
    },
    /// Removes the contact address.
    RemoveContact,
    /// Sets the language of notices and codes.
    SetLanguage {
        /// `en` or `fr`.
        language: String,
    },
    /// Ends the trust in a browser: it is asked for a code again, and its sessions without one end.
    RevokeTrust {
        /// The browser's id.
        id: String,
    },
    /// The same for every browser except the one of this request.
    RevokeOtherTrust,
}

/// The result of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[must_use]
pub enum ChangeVerdict {
    /// Done. The session continues with these values instead of its present ones: a change may end all others of the
    /// account.
    Done {
        /// The standing, for [`Recheck`](crate::auth::Recheck).
        standing: String,
        /// The proof for further changes; `None`: the second factor is off now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<Secret>,
        /// The new backup codes; they are returned only here.
        #[serde(default)]
        backup_codes: Vec<Secret>,
        /// The new app password; it is returned only here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        app_password: Option<Secret>,
    },
    /// Refused.
    Refused(Refusal),
}

/// Requests a reset from the administrator, for a user who knows the password and has lost every method.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OpenRequest {
    /// The mailbox.
    pub name: String,
    /// The front's channel.
    #[serde(default)]
    #[serde(rename = "door")]
    pub channel: Channel,
    /// The source of the request.
    #[serde(default)]
    pub origin: Origin,
    /// How the administrator can reach the user: a telephone number, an address.
    pub contact: String,
    /// The reason for the request.
    pub reason: String,
    /// The evidence that the requester is the owner.
    pub evidence: String,
    /// The language of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[must_use]
pub enum RequestVerdict {
    /// The request is open, and the administrator can see it.
    Opened,
    /// A request was open already.
    OpenAlready,
    /// Refused.
    Refused(Refusal),
}
