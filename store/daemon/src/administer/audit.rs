//! The audit log as the administrator sees it.

use crate::clock;
use postern_rules as rules;
use postern_vault::RecordError;
use postern_vault::audit::{AUDIT, Record, State};
use postern_vault::records::{Records, Stored};
use postern_wire::admin::{self, AuditEntry};

/// The next entries behind the key `after`, oldest first, and that page's last key; none are left when it is empty.
///
/// # Errors
/// [`RecordError`], when one of them cannot be read.
pub async fn page(records: &Records, after: Option<&[u8]>) -> Result<(Vec<Record>, Option<Vec<u8>>), RecordError> {
    let page: Vec<Stored<Record>> = records.page(AUDIT, after).await?;
    let last = page.last().map(|stored| stored.key.clone());
    Ok((page.into_iter().map(|stored| stored.value).collect(), last))
}

/// An entry as the administrator sees it.
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

/// The state as the administrator sees it.
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
