//! Platforms.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A platform: a set of domains with one switch and one policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    /// Its name.
    pub name: String,
    /// The domains whose mailboxes belong to it, in ASCII (A-labels).
    pub domains: Vec<String>,
    /// NetBIOS names for the part before the backslash in `DOMAIN\user`.
    pub netbios: Vec<String>,
    /// The switch. If off, no account is asked for a code, and every account keeps its state.
    pub enabled: bool,
    /// The keys of `platform set`, with their values.
    pub settings: BTreeMap<String, String>,
    /// The number of its accounts.
    pub accounts: u64,
}

/// Parameters with the name of a platform.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlatformName {
    /// Its name.
    pub name: String,
}

/// Parameters of `CreatePlatform`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreatePlatform {
    /// 1 to 64 letters, digits, `-`, `_`, `.`.
    pub name: String,
    /// At least one.
    pub domains: Vec<String>,
    /// May be empty.
    #[serde(default)]
    pub netbios: Vec<String>,
}

/// Parameters of `SetPlatform`: one key of the policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetPlatform {
    /// The platform.
    pub name: String,
    /// Such as `unlisted`.
    pub key: String,
    /// Such as `refuse`.
    pub value: String,
}

/// Parameters of `SwitchPlatform`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SwitchPlatform {
    /// The platform.
    pub name: String,
    /// On or off.
    pub enabled: bool,
}

/// The reply to `ListPlatforms`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platforms {
    /// In the order of their names.
    pub platforms: Vec<Platform>,
}
