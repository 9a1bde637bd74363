//! What happens by itself: suspensions end, old entries of the audit log go, an export is made each day.

use crate::audit;
use crate::clock;
use crate::daemon::{Actor, Daemon};
use crate::engine::Change;
use crate::export;
use crate::records::RecordError;
use postern_rules::Event;
use std::sync::Arc;
use std::time::Duration;

/// How often the end of suspensions is looked for. The wall clock decides, and it may step, so there is no timer that
/// could be set to the moment itself.
const SUSPENSIONS: Duration = Duration::from_secs(1);
/// How often the rest is looked at.
const HOUSEKEEPING: Duration = Duration::from_secs(600);
/// Entries of the audit log that are taken out at once.
const BATCH: usize = 64;
/// Seconds of a day.
const DAY: i64 = 24 * 3600;

/// Runs until it is dropped.
pub async fn run(daemon: Arc<Daemon>) {
    tokio::join!(end_suspensions(&daemon), keep_house(&daemon));
}

async fn end_suspensions(daemon: &Daemon) {
    let mut tick = tokio::time::interval(SUSPENSIONS);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut troubled = false;
    loop {
        tick.tick().await;
        let outcome = end_those_due(daemon).await;
        // Said once, not each second.
        if let (Err(error), false) = (&outcome, troubled) {
            tracing::error!("the end of suspensions cannot be written: {error}");
        }
        troubled = outcome.is_err();
    }
}

async fn end_those_due(daemon: &Daemon) -> Result<(), RecordError> {
    let actor = Actor { name: "posternd".to_owned(), address: None, detail: String::new() };
    for mailbox in daemon.records.suspensions_ended(clock::now())? {
        daemon.apply(&mailbox.value, None, &actor, || Ok(Event::Tick)).await?;
        // The index goes with the suspension; what is left of it here belongs to none.
        if let Some((_, revision)) = daemon.records.engine().load(&mailbox.key)? {
            let kept = daemon.records.account(&mailbox.value)?;
            if kept.is_none_or(|kept| kept.value.suspension.is_none()) {
                daemon.records.commit(vec![Change::delete(mailbox.key, revision)]).await?;
            }
        }
    }
    Ok(())
}

async fn keep_house(daemon: &Daemon) {
    let mut tick = tokio::time::interval(HOUSEKEEPING);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = forget_old_entries(daemon).await {
            tracing::error!("old entries of the audit log cannot be taken out: {error}");
        }
        let (path, keep) = (daemon.config.export_path(), daemon.config.export.keep.0 as usize);
        if keep == 0 {
            continue;
        }
        match export::daily(&daemon.records, &path, keep).await {
            Ok(None) => {}
            Ok(Some(path)) => tracing::info!("export made: {}", path.display()),
            Err(error) => tracing::error!("no export could be made in {}: {error}", path.display()),
        }
    }
}

async fn forget_old_entries(daemon: &Daemon) -> Result<(), RecordError> {
    let days = i64::from(daemon.config.audit.keep_days);
    if days == 0 {
        return Ok(());
    }
    let end = audit::first_key(clock::now().plus(-days * DAY));
    loop {
        let page = daemon.records.engine().scan(audit::AUDIT, None, BATCH)?;
        let old: Vec<_> = page.into_iter().filter(|entry| entry.key < end).collect();
        if old.is_empty() {
            return Ok(());
        }
        let gone = old.into_iter().map(|entry| Change::delete(entry.key, entry.revision)).collect();
        daemon.records.commit(gone).await?;
    }
}
