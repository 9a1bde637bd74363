//! The audit log: actor, action, mailbox, source, the state before and after, and the outcome.
//!
//! An entry is written in the same commit as its change, so neither exists without the other; it is also written to the
//! journal. Sign-ins that change nothing (not required, asked while locked) are only in the journal, so that an
//! unauthenticated client cannot fill the disk.

use postern_rules::{self as rules, Time, text};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The prefix of every entry's key.
pub const AUDIT: &[u8] = b"audit/";

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The time.
    pub time: Time,
    /// The actor: `uid 0 (root)`, a channel, or `posternd`.
    pub actor: String,
    /// The action: `enable`, `answer`, …
    pub action: String,
    /// The mailbox; `None` for platforms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<String>,
    /// The client's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// The state before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<State>,
    /// The state after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<State>,
    /// `done`, `accepted`, or the reason of a refusal.
    pub outcome: String,
    /// Details: the method, the hours, the alias, …
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "text::read_line")]
    pub detail: String,
}

impl Record {
    /// Writes it to the journal.
    pub fn log(&self) {
        let shown = |state: Option<State>| state.map_or(String::new(), |state| state.to_string());
        tracing::info!(
            target: "audit",
            actor = %self.actor,
            action = %self.action,
            mailbox = self.mailbox.as_deref().unwrap_or_default(),
            address = %self.address.map_or(String::new(), |address| address.to_string()),
            before = %shown(self.before),
            after = %shown(self.after),
            outcome = %self.outcome,
            detail = ?self.detail,
        );
    }
}

/// An account's state, without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// No second factor is required.
    Off,
    /// The first method is to be set up.
    Enrolling,
    /// A second factor is required.
    Protected,
    /// No second factor is required until a given time.
    Suspended,
    /// Too many wrong codes at some channel.
    Locked,
}

impl From<rules::State> for State {
    fn from(state: rules::State) -> Self {
        match state {
            rules::State::Off => Self::Off,
            rules::State::Enrolling => Self::Enrolling,
            rules::State::Protected => Self::Protected,
            rules::State::Suspended(_) => Self::Suspended,
            rules::State::Locked(_) => Self::Locked,
        }
    }
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

/// The key of the next entry: ordered by time, and within a second by the order of writing.
pub fn next_key(time: Time) -> Vec<u8> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    // Drawn in each process: two processes within one second must not use the same key, which would be a conflict. If
    // the kernel returns no random bytes, the process id is used.
    static RUN: LazyLock<u32> = LazyLock::new(|| getrandom::u32().unwrap_or_else(|_| std::process::id()));
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    [&first_key(time)[..], format!(".{count:08x}.{:08x}", *RUN).as_bytes()].concat()
}

/// A lower bound for the keys of all entries of `time` or later.
pub fn first_key(time: Time) -> Vec<u8> {
    [AUDIT, format!("{:016x}", time.unsigned()).as_bytes()].concat()
}
