//! The audit log as the administrator sees it.

use crate::clock;
use postern_rules as rules;
use postern_vault::RecordError;
use postern_vault::audit::{AUDIT, Record, State};
use postern_vault::records::{Records, Stored};
use postern_wire::admin::{self, AuditEntry};

/// Returns the next entries after the key `after`, oldest first, and the page's last key. An empty page means that none
/// are left.
///
/// # Errors
/// [`RecordError`], when an entry cannot be read.
pub async fn page(records: &Records, after: Option<&[u8]>) -> Result<(Vec<Record>, Option<Vec<u8>>), RecordError> {
    let page: Vec<Stored<Record>> = records.page(AUDIT, after).await?;
    let last = page.last().map(|stored| stored.key.clone());
    Ok((page.into_iter().map(|stored| stored.value).collect(), last))
}

/// Returns an entry as the administrator sees it.
pub fn shown(record: Record) -> AuditEntry {
    AuditEntry {
        time: clock::rfc3339(record.time),
        actor: record.actor,
        action: record.action,
        mailbox: record.mailbox,
        address: record.address.map(|address| address.to_string()),
        before: record.before.map(word),
        after: record.after.map(word),
        outcome: record.outcome,
        detail: record.detail,
    }
}

/// Returns a state as the administrator sees it.
pub fn shown_state(state: rules::State) -> admin::State {
    word(state.into())
}

fn word(state: State) -> admin::State {
    match state {
        State::Off => admin::State::Off,
        State::Enrolling => admin::State::Enrolling,
        State::Protected => admin::State::Protected,
        State::Suspended => admin::State::Suspended,
        State::Locked => admin::State::Locked,
    }
}
