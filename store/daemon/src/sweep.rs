//! What happens by itself: suspensions end, old entries of the audit log go, an export is made each day, and what is
//! sealed under an older master key is sealed anew.

use crate::audit;
use crate::clock;
use crate::daemon::{Actor, Daemon};
use crate::engine::Change;
use crate::export;
use crate::metrics::{METRICS, Outcome};
use crate::records::{Ended, RecordError};
use crate::rotate;
use postern_rules::{Event, Mailbox};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How often the end of suspensions is looked for. The wall clock decides, and it may step, so there is no timer that
/// could be set to the moment itself.
const SUSPENSIONS: Duration = Duration::from_secs(1);
/// How often the rest is looked at.
const HOUSEKEEPING: Duration = Duration::from_secs(600);
/// Entries of the audit log that are taken out at once.
const BATCH: usize = 64;
/// How often that is done each time: should the clock be wrong after all, not everything goes at once.
const BATCHES: usize = 100;
/// Seconds within which something must have been written for the clock to be believed.
const LATELY: i64 = 2 * DAY;
/// Seconds of a day.
const DAY: i64 = 24 * 3600;

/// Runs until it is dropped.
pub async fn run(daemon: Arc<Daemon>) {
    tokio::join!(end_suspensions(&daemon), keep_house(&daemon), rotate::run(&daemon));
}

async fn end_suspensions(daemon: &Daemon) {
    let mut tick = tokio::time::interval(SUSPENSIONS);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // Those whose end could not be written: said, and told to the fronts, once and not each second.
    let mut troubled = BTreeSet::new();
    loop {
        tick.tick().await;
        let due = match daemon.records.suspensions_ended(clock::now()) {
            Ok(due) => due,
            Err(error) => {
                if troubled.insert(Vec::new()) {
                    tracing::error!("the end of suspensions cannot be looked for: {error}");
                }
                continue;
            }
        };
        let mut still = BTreeSet::new();
        for Ended { key, mailbox } in due {
            let outcome = match &mailbox {
                Ok(mailbox) => end(daemon, &key, mailbox).await,
                Err(error) => Err(RecordError::Content(error.to_string())),
            };
            if let Err(error) = outcome {
                if !troubled.contains(&key) {
                    tracing::error!("the end of a suspension cannot be written: {error}");
                    // It has ended all the same: sessions that rested on it are over.
                    daemon.announce(mailbox.as_ref().ok());
                }
                still.insert(key);
            }
        }
        troubled = still;
    }
}

async fn end(daemon: &Daemon, key: &[u8], mailbox: &Mailbox) -> Result<(), RecordError> {
    let actor = Actor::new("posternd", "");
    daemon.apply(mailbox, None, &actor, || Ok(Event::Tick)).await?;
    // The index goes with the suspension; what is left of it here belongs to none.
    if let Some((_, revision)) = daemon.records.engine().load(key)? {
        let kept = daemon.records.account(mailbox)?;
        if kept.is_none_or(|kept| kept.value.suspension.is_none()) {
            daemon.records.commit(vec![Change::delete(key, revision)]).await?;
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
        let made = export::daily(&daemon.records, &path, keep).await;
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
    // A clock that is years ahead would make every entry old. It is believed once something was written in its time,
    // by a daemon that has run for a while.
    let lately = audit::first_key(now.plus(-LATELY));
    let believed = daemon.uptime.elapsed() >= HOUSEKEEPING
        && !daemon.records.engine().scan(audit::AUDIT, Some(&lately), 1)?.is_empty();
    if !believed {
        return Ok(());
    }
    let end = audit::first_key(now.plus(-days * DAY));
    let mut count = 0;
    for _ in 0..BATCHES {
        let page = daemon.records.engine().scan(audit::AUDIT, None, BATCH)?;
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
