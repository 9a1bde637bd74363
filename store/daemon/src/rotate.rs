//! Replacing the master key while sign-ins go on: a new key seals from the moment that it is on disk, the older ones go
//! on opening, and everything that is sealed under them is sealed anew in the background.

use crate::administer::{alone, entry, refuse};
use crate::clock::Stopwatch;
use crate::daemon::Daemon;
use crate::engine::Change;
use crate::master_key;
use crate::records::{PAGE, RecordError, Records};
use crate::seal::{self, Sealer};
use postern_wire::admin::{Key, Keys, Refused};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Records that are sealed anew in one commit: few enough that sign-ins do not wait for it.
const BATCH: usize = 32;
/// After which an attempt that failed is repeated.
const AGAIN: Duration = Duration::from_secs(60);

/// Where the keys come from.
pub enum Source {
    /// A file, which this process may be able to write.
    File(PathBuf),
    /// A systemd credential, which it cannot.
    Credential,
}

/// Adds a new key and seals with it from now on.
///
/// # Errors
/// [`Refused`]: nothing has changed.
pub async fn rotate(daemon: &Daemon, actor: &str) -> Result<Keys, Refused> {
    // Two at once would each leave the other's key out.
    let _alone = alone(daemon).await?;
    let path = match &daemon.key_source {
        Source::File(path) => path,
        Source::Credential => {
            let message = "posternd is given its master key by systemd and cannot write it, which is as it should be. As \
                           root: `posternd add-key`, then `systemctl restart posternd` (sign-ins wait, none fails).";
            return Err(refuse("credential", message));
        }
    };
    let keys = master_key::add(path).map_err(|error| refuse("key_file", format!("{error}. Nothing has changed.")))?;
    let id = keys.active();
    daemon.records.seal_with(Sealer::new(keys));
    daemon.rotated.notify_one();
    let entry = entry(actor, "rotate master key", None, format!("key {id}"));
    entry.log();
    if let Err(error) = daemon.records.commit_with(Vec::new(), &entry).await {
        let message = format!(
            "the new master key {id} is in the file and in use; only the audit log could not be written: {error}. Do not \
             rotate again."
        );
        return Err(refuse("store", message));
    }
    list(daemon)
}

/// The keys, and how many records are sealed under each.
///
/// # Errors
/// [`Refused`].
pub fn list(daemon: &Daemon) -> Result<Keys, Refused> {
    let sealer = daemon.records.sealer();
    let mut counts: BTreeMap<u32, u64> = sealer.ids().map(|id| (id.number(), 0)).collect();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = daemon.records.engine().scan(b"", after.as_deref(), PAGE).map_err(RecordError::from)?;
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        for sealed in page.iter().filter_map(|entry| seal::parse(&entry.value).ok()) {
            *counts.entry(sealed.key.number()).or_default() += 1;
        }
    }
    let keys = counts.into_iter().map(|(id, records)| Key { id, records }).collect();
    Ok(Keys { active: sealer.active().number(), keys })
}

/// Seals anew what is sealed under older keys: at the start, and whenever there is a new key. Runs until it is dropped.
pub async fn run(daemon: &Daemon) {
    loop {
        let clock = Stopwatch::start();
        match seal_anew(&daemon.records).await {
            Ok(0) => daemon.rotated.notified().await,
            Ok(count) => {
                let seconds = clock.elapsed().as_secs();
                tracing::info!("{count} records are sealed under the new master key now, after {seconds} s");
            }
            Err(error) => {
                tracing::warn!(
                    "not all records could be sealed under the new master key: {error}. They stay as they are"
                );
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

/// How many were sealed under an older key. What is written meanwhile is sealed under the new one by whoever writes it;
/// what does not open is left, and is told of when it is needed.
async fn seal_anew(records: &Records) -> Result<u64, RecordError> {
    let (mut after, mut count): (Option<Vec<u8>>, u64) = (None, 0);
    loop {
        let page = records.engine().scan(b"", after.as_deref(), PAGE)?;
        let Some(last) = page.last() else { return Ok(count) };
        after = Some(last.key.clone());
        let mut changes = Vec::new();
        for entry in page {
            let sealer = records.sealer();
            let is_older = seal::parse(&entry.value).is_ok_and(|sealed| sealed.key != sealer.active());
            if let Some(plain) = is_older.then(|| sealer.open(&entry.key, &entry.value).ok()).flatten() {
                let sealed = sealer.seal(&entry.key, &plain)?;
                changes.push(Change::update(entry.key, entry.revision, sealed));
            }
        }
        while !changes.is_empty() {
            let rest = changes.split_off(changes.len().min(BATCH));
            let of_batch = changes.len() as u64;
            if records.commit(changes.clone()).await? {
                count += of_batch;
            } else {
                // One of them was written meanwhile: each by itself.
                for change in changes {
                    count += u64::from(records.commit(vec![change]).await?);
                }
            }
            changes = rest;
        }
    }
}
