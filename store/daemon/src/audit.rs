//! The audit log: who did what, to whom, from where, the state before and after, and the outcome. An entry is written
//! in the same commit as what it tells of, so neither exists without the other; it is written to the journal too.
//! Sign-ins that change nothing (not required, asked while locked) are in the journal only, so that a stranger cannot
//! fill the disk.

use crate::clock;
use crate::records::{RecordError, Records, Stored};
use postern_rules::{State, Time, text};
use postern_wire::admin::{self, AuditEntry};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Every entry's key begins so.
pub const AUDIT: &[u8] = b"audit/";

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When.
    pub time: Time,
    /// Who: `uid 0 (root)`, a channel, or `posternd`.
    pub actor: String,
    /// What: `enable`, `answer`, …
    pub action: String,
    /// To whom; a platform's entry has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<String>,
    /// From where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// The state before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<admin::State>,
    /// The state after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<admin::State>,
    /// `done`, `accepted`, or why not.
    pub outcome: String,
    /// The method, the hours, the alias, …
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "text::read_line")]
    pub detail: String,
}

impl Record {
    /// As the administrator sees it.
    pub fn shown(self) -> AuditEntry {
        AuditEntry {
            time: clock::rfc3339(self.time),
            actor: self.actor,
            action: self.action,
            mailbox: self.mailbox,
            address: self.address.map(|address| address.to_string()),
            before: self.before,
            after: self.after,
            outcome: self.outcome,
            detail: self.detail,
        }
    }

    /// Writes it to the journal.
    pub fn log(&self) {
        let shown = |state: Option<admin::State>| state.map_or(String::new(), |state| state.to_string());
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

/// The state as the administrator sees it.
pub fn shown_state(state: State) -> admin::State {
    match state {
        State::Off => admin::State::Off,
        State::Enrolling => admin::State::Enrolling,
        State::Protected => admin::State::Protected,
        State::Suspended(_) => admin::State::Suspended,
        State::Locked(_) => admin::State::Locked,
    }
}

/// The key of the next entry: in the order of time, and within a second in the order of writing.
pub fn next_key(time: Time) -> Vec<u8> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    // Drawn by each run: two runs within one second must not name the same key, which would read as a conflict. Should
    // the kernel give no random bytes, the process's number does.
    static RUN: LazyLock<u32> = LazyLock::new(|| getrandom::u32().unwrap_or_else(|_| std::process::id()));
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    [&first_key(time)[..], format!(".{count:08x}.{:08x}", *RUN).as_bytes()].concat()
}

/// No entry of `time` or later has a smaller key.
pub fn first_key(time: Time) -> Vec<u8> {
    [AUDIT, format!("{:016x}", time.unsigned()).as_bytes()].concat()
}

/// The next entries behind the key `after`, oldest first, and that page's last key; none are left when it is empty.
///
/// # Errors
/// [`RecordError`], when one of them cannot be read.
pub fn page(records: &Records, after: Option<&[u8]>) -> Result<(Vec<Record>, Option<Vec<u8>>), RecordError> {
    let page: Vec<Stored<Record>> = records.page(AUDIT, after)?;
    let last = page.last().map(|stored| stored.key.clone());
    Ok((page.into_iter().map(|stored| stored.value).collect(), last))
}
