//! The daemon itself: its state, what its checks find, its log, its master keys.

use super::platforms::Platform;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Parameters of `SetLog`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetLog {
    /// Such as `debug`, or `warn,signin=debug`.
    pub levels: String,
}

/// The reply of the methods about the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLevels {
    /// The filter in effect, such as `info,sled=warn`.
    pub levels: String,
    /// The configured filter, which is in effect after a start.
    pub at_start: String,
}

/// The reply to `Status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// posternd's version.
    pub version: String,
    /// `sled` or `memory`.
    pub engine: String,
    /// The directory of the store.
    pub path: String,
    /// Empty if the store works; otherwise the problem and what to do.
    pub trouble: String,
    /// The id of the master key that seals new records.
    pub key_id: u32,
    /// When the daemon started, RFC 3339.
    pub started: String,
    /// Seconds since then on the monotonic clock.
    pub uptime: u64,
    /// The number of accounts in each state.
    pub accounts: BTreeMap<String, u64>,
    /// The platforms.
    pub platforms: Vec<Platform>,
    /// When the newest automatic export was made, RFC 3339.
    pub last_export: Option<String>,
}

/// One finding of `Check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Its severity.
    pub level: Level,
    /// The object of the check.
    pub subject: String,
    /// The result, and what to do if something is to be done.
    pub message: String,
}

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, but may not be intended.
    Warning,
    /// It does not work, or allows to bypass the second factor.
    Failure,
}

/// The reply to `Check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// In the order of the checks.
    pub findings: Vec<Finding>,
}

/// The reply to `ListKeys` and `RotateKey`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// The id of the master key that seals new records.
    pub active: u32,
    /// All keys, the oldest first.
    pub keys: Vec<Key>,
}

/// A master key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Its id.
    pub id: u32,
    /// The number of records that are sealed under it.
    pub records: u64,
}
