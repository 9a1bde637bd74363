//! The audit log.

use super::accounts::State;
use serde::{Deserialize, Serialize};

/// Parameters of `ReadAudit`; called with `more`, it returns [`AuditEntries`] in pieces.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ReadAudit {
    /// Only entries about this mailbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<String>,
    /// Only entries from this time on, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// A piece of the audit log, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntries {
    /// In the order in which they were written.
    pub entries: Vec<AuditEntry>,
}

/// One entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// RFC 3339.
    pub time: String,
    /// `uid 0 (root)`, a front's channel, or `posternd` for automatic actions.
    pub actor: String,
    /// The action: `enable`, `answer`, …
    pub action: String,
    /// The mailbox; `None` for platforms.
    pub mailbox: Option<String>,
    /// The client's address, if there is one.
    pub address: Option<String>,
    /// The state before.
    pub before: Option<State>,
    /// The state after.
    pub after: Option<State>,
    /// `done`, `accepted`, or the reason of a refusal.
    pub outcome: String,
    /// Details: the method, the hours, the alias, …
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}
