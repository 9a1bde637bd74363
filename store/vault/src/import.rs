//! Imports of an export into an empty store, and the removal of one that was interrupted.
//!
//! An import begins by writing a marker ([`IMPORTING`]), rewrites it with each of its commits, and ends by removing it.
//! While the marker is there, every name is refused, and every other commit. Each commit of the import expects the marker
//! as the last one has left it: once the marker was rewritten by a process that removes an interrupted import, nothing
//! of that import can be written any more.

use crate::audit;
use crate::error::{COMMIT_DEADLINE, RecordError};
use crate::export::{ExportError, FORMAT, First, Last, Line, PURPOSE};
use crate::header::HEADER_KEY;
use crate::keys::{ACCOUNT, IMPORTING, PLATFORMS};
use crate::records::Records;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postern_engine::{CHANGES_MAX, Change, Revision, Swap, Told};
use postern_rules::{Account, Time};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek};
use std::time::Duration;

/// Records per commit of an import, besides its marker.
const BATCH: usize = CHANGES_MAX - 1;
/// How long the disk may take for one batch of an import. Sign-ins are refused during an import, so none waits for it.
const BATCH_WITHIN: Duration = Duration::from_secs(60);
/// An import whose marker is not rewritten for this long was interrupted. It need not be as long as a commit may take:
/// a commit that is under way comes first, and rewrites the marker.
pub const STALLED: Duration = COMMIT_DEADLINE;

/// The current time, by the program's clock.
pub type Now = dyn Fn() -> Time + Sync;

/// The prefix of the keys of what belongs to this very store.
const META: &[u8] = b"meta/";
/// A key behind all of those.
const BEHIND_META: &[u8] = b"meta0";

/// What was found of an earlier import.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// An import is being written, or its removal.
    Running,
    /// An import was interrupted. This number of its records was removed.
    Removed(u64),
}

/// Imports an export into an empty store. Every line is checked before the first is written. While it is written, every
/// name is refused. The end of the import is one commit with its entry in the audit log, which `entry` makes from the
/// number of records. `now` is read for each account: codes that may have been used elsewhere until then count as used.
///
/// # Errors
/// [`ExportError`].
pub async fn import(
    records: &Records,
    now: &Now,
    mut file: File,
    entry: impl FnOnce(u64) -> audit::Record,
) -> Result<u64, ExportError> {
    if clear_broken_import(records, STALLED).await? == Found::Running {
        return Err(ExportError::Running);
    }
    // Nothing can be written to an empty store but a platform, and that changes this revision.
    let platforms = records.revision(PLATFORMS).await?;
    if !is_empty(records).await? {
        return Err(ExportError::NotEmpty);
    }
    file.rewind()?;
    let count = check(records, &file)?;
    file.rewind()?;
    let entry = entry(count);
    let mut writing = Writing { records, marker: None };
    let written = async {
        writing.write(vec![records.put(PLATFORMS.to_vec(), platforms, &())?]).await?;
        write_lines(&mut writing, now, file).await?;
        writing.end(vec![records.put_entry(&entry)?]).await
    };
    if let Err(error) = written.await {
        // A part of it must not remain. If the removal cannot be written either, the next import or start does it.
        let cleared = match (&error, writing.marker) {
            (ExportError::GivenUp | ExportError::Running, _) => Ok(Found::Running),
            (_, Some(marker)) => clear_over(records, marker).await,
            (_, None) => clear_broken_import(records, STALLED).await,
        };
        tracing::warn!("an import was broken off; taking out what it wrote: {cleared:?}");
        return Err(error);
    }
    entry.log();
    Ok(count)
}

/// Commits while the store has the marker of an import.
struct Writing<'r> {
    records: &'r Records,
    /// The revision of the marker; none: the next commit creates it.
    marker: Option<Revision>,
}

impl Writing<'_> {
    /// Writes these changes with the marker.
    async fn write(&mut self, mut changes: Vec<Change>) -> Result<(), ExportError> {
        changes.push(self.records.put(IMPORTING.to_vec(), self.marker, &FORMAT)?);
        self.marker = Some(self.commit(changes).await?);
        Ok(())
    }

    /// Writes these changes, and removes the marker.
    async fn end(&self, mut changes: Vec<Change>) -> Result<(), ExportError> {
        changes.push(self.records.next_revision(PLATFORMS).await?);
        changes.extend(self.marker.map(|marker| Change::delete(IMPORTING, marker)));
        self.commit(changes).await.map(drop)
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<Revision, ExportError> {
        let done = tokio::time::timeout(BATCH_WITHIN, self.records.engine().commit(changes)).await;
        match done.map_err(|_| RecordError::Slow(BATCH_WITHIN))?? {
            Swap::Done(revision) => Ok(revision),
            Swap::Conflict { key } if key != IMPORTING => Err(ExportError::NotEmpty),
            Swap::Conflict { .. } if self.marker.is_none() => Err(ExportError::Running),
            Swap::Conflict { .. } => Err(ExportError::GivenUp),
        }
    }
}

async fn write_lines(writing: &mut Writing<'_>, now: &Now, file: File) -> Result<(), ExportError> {
    let mut batch = Vec::with_capacity(BATCH);
    for line in BufReader::new(file).lines() {
        let line = line?;
        if let Ok(Line { key, sealed }) = serde_json::from_str(&line) {
            let sealed = STANDARD.decode(sealed.as_bytes()).map_err(io::Error::other)?;
            batch.push(restored(writing.records, now(), key.into_owned().into_bytes(), sealed)?);
        }
        if batch.len() == BATCH {
            writing.write(std::mem::take(&mut batch)).await?;
        }
    }
    if !batch.is_empty() {
        writing.write(batch).await?;
    }
    Ok(())
}

/// The change that restores a record. In an account, codes that may have been used since are marked as used; see
/// [`Account::restored`].
fn restored(records: &Records, now: Time, key: Vec<u8>, sealed: Vec<u8>) -> Result<Change, ExportError> {
    if !key.starts_with(ACCOUNT) {
        return Ok(Change::create(key, sealed));
    }
    let mut account: Account = records.open(&key, &sealed)?;
    account.restored(now);
    Ok(records.put(key, None, &account)?)
}

/// Removes what an interrupted import has written. An import that writes is left alone: it was interrupted if its marker
/// has not been rewritten for the time `stalled`, which is zero where no other process can use the store.
///
/// # Errors
/// [`ExportError`].
pub async fn clear_broken_import(records: &Records, stalled: Duration) -> Result<Found, ExportError> {
    let mut watch = records.engine().watch().await?;
    let Some(marker) = records.revision(IMPORTING).await? else { return Ok(Found::Nothing) };
    let rewritten = async {
        loop {
            match watch.next().await {
                Ok(Told::Written(written)) if written.keys.iter().any(|key| key == IMPORTING) => return,
                // After a gap the marker may still be rewritten.
                Ok(Told::Written(_) | Told::Missed) => {}
                Err(_) => return,
            }
        }
    };
    if !stalled.is_zero() {
        // Whether it was rewritten or not, what counts is whether it is still as it was.
        let _ = tokio::time::timeout(stalled, rewritten).await;
    }
    match records.revision(IMPORTING).await? {
        None => return Ok(Found::Nothing),
        Some(now) if now != marker => return Ok(Found::Running),
        Some(_) => {}
    }
    match clear(records, marker).await {
        Ok(count) => Ok(Found::Removed(count)),
        Err(ExportError::GivenUp) => Ok(Found::Running),
        Err(error) => Err(error),
    }
}

/// Removes what this process has written until it failed, with the marker that it knows of.
async fn clear_over(records: &Records, marker: Revision) -> Result<Found, ExportError> {
    match clear(records, marker).await {
        Ok(count) => Ok(Found::Removed(count)),
        // The commit whose outcome was lost was made after all, or another process removes it.
        Err(ExportError::GivenUp) => clear_broken_import(records, STALLED).await,
        Err(error) => Err(error),
    }
}

/// Removes everything, and the marker last, so that a removal that is interrupted begins again. Returns the number of
/// removed records.
async fn clear(records: &Records, marker: Revision) -> Result<u64, ExportError> {
    let mut writing = Writing { records, marker: Some(marker) };
    // A batch whose outcome was lost may still be under way. Commits are made in order: once this one is made, that one
    // is visible, or conflicts.
    writing.write(Vec::new()).await?;
    let mut count = 0;
    loop {
        let page = records.scan(b"", None, BATCH).await?;
        let stay = |key: &[u8]| [HEADER_KEY, IMPORTING, PLATFORMS].contains(&key);
        let gone = page.into_iter().filter(|entry| !stay(&entry.key));
        let changes: Vec<_> = gone.map(|entry| Change::delete(entry.key, entry.revision)).collect();
        if changes.is_empty() {
            writing.end(Vec::new()).await?;
            return Ok(count);
        }
        count += changes.len() as u64;
        writing.write(changes).await?;
    }
}

async fn is_empty(records: &Records) -> Result<bool, ExportError> {
    let before = records.scan(b"", None, 1).await?;
    let behind = records.scan(b"", Some(BEHIND_META), 1).await?;
    Ok(behind.is_empty() && before.iter().all(|entry| entry.key.starts_with(META)))
}

/// Checks that every line is valid and opens under its key, and that the file is complete. Returns the number of
/// records.
fn check(records: &Records, file: &File) -> Result<u64, ExportError> {
    let mut hash = Sha256::new();
    let (mut number, mut count, mut last) = (0, 0, None);
    for line in BufReader::new(file).lines() {
        let line = line?;
        number += 1;
        let wrong = |why: &str| ExportError::Line(number, why.to_owned());
        if last.is_some() {
            return Err(wrong("there is something behind the last line"));
        }
        if number == 1 {
            let first: First = serde_json::from_str(&line).map_err(|_| wrong("this is not an export of Postern"))?;
            if first.postern_export != FORMAT {
                return Err(wrong(&format!("format {} is not known to this version", first.postern_export)));
            }
        } else if let Ok(Line { key, sealed }) = serde_json::from_str(&line) {
            let sealed = STANDARD.decode(sealed.as_bytes()).map_err(|_| wrong("this is not base64"))?;
            if key.starts_with("meta/") {
                return Err(wrong("this record does not belong into an export"));
            }
            records.sealer().open(key.as_bytes(), &sealed).map_err(|error| wrong(&error.to_string()))?;
            count += 1;
        } else {
            let end: Last = serde_json::from_str(&line).map_err(|_| wrong("this is not a line of an export"))?;
            let mac = STANDARD.decode(&end.mac).map_err(|_| wrong("this is not base64"))?;
            let right = records.sealer().verify_mac(PURPOSE, &hash.clone().finalize(), &mac);
            if !right.map_err(|error| wrong(&error.to_string()))? || end.records != count {
                return Err(wrong("the export was changed after it was made, or was made under another master key"));
            }
            last = Some(());
        }
        hash.update(line.as_bytes());
        hash.update(b"\n");
    }
    if last.is_none() {
        return Err(ExportError::Line(number, "the export ends too early".to_owned()));
    }
    Ok(count)
}
