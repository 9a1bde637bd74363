//! Methods: added, imported, removed.

use crate::Secret;
use serde::{Deserialize, Serialize};

/// Parameters of `AddTotp`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AddTotp {
    /// The mailbox.
    pub mailbox: String,
    /// Base32, 80 bits or more; `None`: a secret of 160 bits is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// May be empty.
    #[serde(default)]
    pub description: String,
    /// `SHA1` (default), `SHA256`, `SHA512`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// 6 (default) to 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<u32>,
    /// Seconds, 15 to 300; 30 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<u64>,
}

/// The reply to `AddTotp`; the secret is returned only here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotpAdded {
    /// The method's id.
    pub id: String,
    /// Base32 without padding.
    pub secret: Secret,
    /// `otpauth://…`.
    pub uri: Secret,
    /// Backup codes, if it was the first method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_codes: Option<Vec<Secret>>,
}

/// Parameters of `ImportTotp`: a secret that a user has already, with its data from another program. The account is
/// created if there is none, and is protected at once; the reply is [`Changed`](super::Changed).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ImportTotp {
    /// The mailbox.
    pub mailbox: String,
    /// Base32, 80 bits or more.
    pub secret: Secret,
    /// May be empty.
    #[serde(default)]
    pub description: String,
    /// 6 (default) to 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<u32>,
    /// Seconds, 15 to 300; 30 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<u64>,
    /// A code of this step (RFC 6238: seconds since 1970 by the period) or an earlier one was used. Codes of steps
    /// before the current one count as used in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent_step: Option<u64>,
    /// Unused backup codes of the other program, of eight digits each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backup_codes: Vec<Secret>,
    /// Also if the account is protected already: the secret is added to its methods.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub beside: bool,
    /// Only report the result, without a change.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// With `dry_run`: secrets that would have been imported for this mailbox before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<HeldTotp>,
}

/// A secret that a user has already, as in [`ImportTotp`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct HeldTotp {
    /// Base32, 80 bits or more.
    pub secret: Secret,
    /// 6 (default) to 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<u32>,
    /// Seconds, 15 to 300; 30 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<u64>,
}

/// Parameters of `RemoveMethod`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveMethod {
    /// The mailbox.
    pub mailbox: String,
    /// The method's id.
    pub id: String,
}
