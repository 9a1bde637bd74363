//! Periodic work that may take long: old entries of the audit log are deleted, an export is made each day, records
//! under an older master key are resealed, and the index of expiry times is brought up to date.

use crate::clock;
use crate::daemon::Daemon;
use crate::metrics::{METRICS, Outcome};
use crate::upkeep::ends;
use crate::upkeep::reseal;
use postern_engine::Change;
use postern_vault::RecordError;
use postern_vault::audit;
use postern_vault::export;
use postern_vault::import;
use std::sync::Arc;
use std::time::Duration;

/// Interval between two runs.
const HOUSEKEEPING: Duration = Duration::from_secs(600);
/// Number of audit entries that are deleted at once.
const BATCH: usize = 64;
/// Maximum number of batches in each run: if the clock is wrong after all, not everything is deleted at once.
const BATCHES: usize = 100;
/// Seconds within which an entry must have been written for the clock to be trusted.
const LATELY: i64 = 2 * DAY;
/// Seconds of a day.
const DAY: i64 = 24 * 3600;

/// Runs the periodic work until it is dropped.
pub async fn run(daemon: Arc<Daemon>) {
    tokio::join!(keep_house(&daemon), reseal::run(&daemon), ends::keep_index(&daemon));
}

async fn keep_house(daemon: &Daemon) {
    let mut tick = tokio::time::interval(HOUSEKEEPING);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        // Every name is refused until it is removed.
        if let Err(error) = daemon.effects.clear_broken_import(import::STALLED).await {
            tracing::error!("what an import has left that was broken off cannot be taken out: {error}");
        }
        if let Err(error) = forget_old_entries(daemon).await {
            tracing::error!("old entries of the audit log cannot be taken out: {error}");
        }
        let (path, keep) = (daemon.config.export_path(), daemon.config.export.keep.0 as usize);
        if keep == 0 {
            continue;
        }
        let made = export::daily(&daemon.records, clock::now(), &path, keep).await;
        if !matches!(made, Ok(None)) {
            METRICS.exports.count(Outcome::of(&made));
        }
        match made {
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
    let now = clock::now();
    // If the clock is years ahead, every entry looks old. The clock is trusted once an entry was written recently by
    // its time, by a daemon that has run for a while.
    let lately = audit::first_key(now.plus(-LATELY));
    let believed = daemon.uptime.elapsed() >= HOUSEKEEPING
        && !daemon.records.scan(audit::AUDIT, Some(&lately), 1).await?.is_empty();
    if !believed {
        return Ok(());
    }
    let end = audit::first_key(now.plus(-days * DAY));
    let mut count = 0;
    for _ in 0..BATCHES {
        let page = daemon.records.scan(audit::AUDIT, None, BATCH).await?;
        let old: Vec<_> = page.into_iter().filter(|entry| entry.key < end).collect();
        if old.is_empty() {
            break;
        }
        count += old.len();
        let gone = old.into_iter().map(|entry| Change::delete(entry.key, entry.revision)).collect();
        daemon.records.commit(gone).await?;
    }
    if count > 0 {
        tracing::info!("{count} entries of the audit log were older than {days} days and are gone");
    }
    Ok(())
}
