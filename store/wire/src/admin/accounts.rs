//! Accounts, and their changes.

use crate::Secret;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Hours that a suspension may last.
pub const SUSPEND_HOURS: std::ops::RangeInclusive<i64> = 1..=720;

/// An account, as reported to the administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// `local@domain`, canonical.
    pub mailbox: String,
    /// Its platform's name.
    pub platform: String,
    /// Its current state.
    pub state: State,
    /// When a suspension or a lock ends, RFC 3339; `None` for a lock that only an administrator ends.
    pub until: Option<String>,
    /// Its methods.
    pub methods: Vec<Method>,
    /// Aliases of the mailbox.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The number of unused backup codes.
    #[serde(default)]
    pub backup_codes_left: u32,
    /// Wrong codes in a row, by channel.
    #[serde(default)]
    pub failures: BTreeMap<String, u32>,
    /// The address for notices, and for a code when the sign-in to an account that is off is unusual.
    #[serde(default)]
    pub contact: Option<String>,
    /// The number of known browsers that have signed in at the webmail.
    #[serde(default)]
    pub browsers: u32,
}

/// The state of an account at a point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// No second factor is required.
    Off,
    /// The next webmail sign-in shows a QR code.
    Enrolling,
    /// A second factor is required.
    Protected,
    /// No second factor is required until a given time.
    Suspended,
    /// Too many wrong codes at some channel.
    Locked,
}

impl State {
    /// Every state, in the order in which they are listed.
    pub const ALL: [Self; 5] = [Self::Off, Self::Enrolling, Self::Protected, Self::Suspended, Self::Locked];
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Off => "off",
            Self::Enrolling => "enrolling",
            Self::Protected => "protected",
            Self::Suspended => "suspended",
            Self::Locked => "locked",
        })
    }
}

/// A method, as reported to the administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    /// Its id, for `RemoveMethod`.
    pub id: String,
    /// `totp`, or another kind.
    pub kind: String,
    /// The user's description.
    pub description: String,
    /// When it was made, RFC 3339.
    pub created: String,
    /// When it was last used, RFC 3339; `None`: never.
    pub last_used: Option<String>,
    /// A security key that was copied: it is refused until it is removed.
    #[serde(default)]
    pub copied: bool,
}

/// Parameters with a mailbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Mailbox {
    /// As the administrator typed it; the daemon canonicalizes it.
    pub mailbox: String,
}

/// Parameters of `ListAccounts`; called with `more`, it returns [`Accounts`] in pieces.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ListAccounts {
    /// Only accounts of this platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Only accounts in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
}

/// A piece of the reply to `ListAccounts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounts {
    /// In the order of their mailboxes.
    pub accounts: Vec<Account>,
}

/// An action on an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Lists a mailbox without a second factor; a listed one is unchanged.
    Add,
    /// Off → Enrolling; creates the account if there is none.
    Enable,
    /// No code is required for a number of hours.
    Suspend,
    /// Ends a suspension.
    Resume,
    /// Removes all factors; the next webmail sign-in shows a QR code.
    Reset,
    /// Removes all secrets → Off.
    Remove,
    /// Ends a lock.
    Unlock,
}

/// Parameters of `ChangeAccount`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChangeAccount {
    /// As the administrator typed it.
    pub mailbox: String,
    /// The action.
    pub action: Action,
    /// For [`Action::Suspend`]: the hours, within [`SUSPEND_HOURS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<i64>,
    /// Only report the result, without a change.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// For [`Action::Enable`]: make a code that is required before the first method is set up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enrolment_code: bool,
}

/// The reply to `ChangeAccount`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The state before; `None` if there was no account.
    pub before: Option<State>,
    /// The account after the change.
    pub after: Account,
    /// False if there was nothing to change.
    pub changed: bool,
    /// The enrolment code, which the user types before the first method is set up; it is returned only here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment_code: Option<Secret>,
}

/// Parameters of `AddAliases` and `RemoveAliases`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Aliases {
    /// The mailbox.
    pub mailbox: String,
    /// Its aliases.
    pub aliases: Vec<String>,
}

/// Parameters of `SetContact`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetContact {
    /// The mailbox; the account need not exist yet.
    pub mailbox: String,
    /// An e-mail address outside the mailbox; `None`: the address is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}
