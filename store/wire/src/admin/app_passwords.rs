//! App passwords.

use crate::Secret;
use serde::{Deserialize, Serialize};

/// An app password, as reported to the administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppPassword {
    /// Unique in its account, and its first five letters.
    pub id: String,
    /// The user's description.
    pub description: String,
    /// When it was made, RFC 3339.
    pub created: String,
    /// From when on it is refused, RFC 3339.
    #[serde(default)]
    pub expires: Option<String>,
    /// The networks from which it is accepted, in CIDR notation; empty: from anywhere.
    #[serde(default)]
    pub networks: Vec<String>,
    /// When it was last used, RFC 3339.
    #[serde(default)]
    pub last_used: Option<String>,
    /// The client's address at that time.
    #[serde(default)]
    pub last_address: Option<String>,
    /// The client's description of itself.
    #[serde(default)]
    pub last_client: Option<String>,
    /// The mailbox's password has changed: it works again after the next sign-in to the webmail.
    #[serde(default)]
    pub outdated: bool,
}

/// The reply to `ListAppPasswords` and `RevokeAppPassword`: the remaining app passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppPasswords {
    /// The canonical mailbox.
    pub mailbox: String,
    /// In the order in which they were made.
    pub app_passwords: Vec<AppPassword>,
}

/// Parameters of `CreateAppPassword`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateAppPassword {
    /// The mailbox.
    pub mailbox: String,
    /// Its password, which the mail server checks.
    pub password: Secret,
    /// The mail server does not check it: the administrator vouches for the password. For hosts without an IMAP front.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unchecked: bool,
    /// The user's description.
    #[serde(default)]
    pub description: String,
    /// From when on it is refused, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// The networks from which it is accepted, in CIDR notation; empty: from anywhere.
    #[serde(default)]
    pub networks: Vec<String>,
}

/// The reply to `CreateAppPassword`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppPasswordCreated {
    /// Its id.
    pub id: String,
    /// The app password to enter in the mail app; it is returned only here.
    pub app_password: Secret,
}

/// Parameters of `RevokeAppPassword`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RevokeAppPassword {
    /// The mailbox.
    pub mailbox: String,
    /// The app password's id.
    pub id: String,
}
