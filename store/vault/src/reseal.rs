//! Reseals records of older master keys under the newest one.

use crate::error::RecordError;
use crate::records::{PAGE, Records};
use crate::seal;
use postern_engine::Change;
use std::collections::BTreeMap;

/// Records that are resealed in one commit: few enough that sign-ins do not wait for it.
const BATCH: usize = 32;

/// The number of records that are sealed under each available master key, by the number of the key.
///
/// # Errors
/// [`RecordError`].
pub async fn count(records: &Records) -> Result<BTreeMap<u32, u64>, RecordError> {
    let mut counts: BTreeMap<u32, u64> = records.sealer().ids().map(|id| (id.number(), 0)).collect();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = records.scan(b"", after.as_deref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(counts) };
        after = Some(last.key.clone());
        for sealed in page.iter().filter_map(|entry| seal::parse(&entry.value).ok()) {
            *counts.entry(sealed.key.number()).or_default() += 1;
        }
    }
}

/// Reseals the records of older keys, and returns their number. Records that are written meanwhile are sealed under the
/// new key by their writer. A record that cannot be opened is left, and is reported when it is needed.
///
/// # Errors
/// [`RecordError`]: some records are left.
pub async fn run(records: &Records) -> Result<u64, RecordError> {
    let (mut after, mut count): (Option<Vec<u8>>, u64) = (None, 0);
    loop {
        let page = records.scan(b"", after.as_deref(), PAGE).await?;
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
                // One of them was written meanwhile: commit each separately.
                for change in changes {
                    count += u64::from(records.commit(vec![change]).await?);
                }
            }
            changes = rest;
        }
    }
}
