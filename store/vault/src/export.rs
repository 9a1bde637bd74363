//! Exports: every record in its sealed form, as lines of JSON.
//!
//! ```text
//! {"postern_export":1,"created":"2026-11-21T03:00:00Z","key_id":1}
//! {"key":"account/bob@example.com","sealed":"AQAAAAE…"}
//! …
//! {"records":1204,"mac":"AAAAAa1…"}
//! ```
//!
//! The MAC is over the SHA-256 of all lines before it, under a key derived from the master key, so that a file that was
//! truncated, combined or edited is refused. Without the master key it can be neither read nor imported.

use crate::audit;
use crate::error::RecordError;
use crate::header::HEADER_KEY;
use crate::keys::{ACCOUNT, IMPORTING, REQUEST};
use crate::records::Records;
use crate::time::rfc3339;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postern_engine::{Change, EngineError, Entry, Swap};
use postern_rules::{Account, Time};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The format's version.
const FORMAT: u32 = 1;
/// The purpose of the MAC.
const PURPOSE: &str = "export";
/// Records per commit of an import.
const BATCH: usize = 64;
/// How long the disk may take for one batch of an import. Sign-ins are refused during an import, so none waits for it.
const BATCH_WITHIN: Duration = Duration::from_secs(60);
/// The name of a daily export: its date is between the two.
const NAME: (&str, &str) = ("postern-", ".export");
/// The name of an export that is being written.
const PARTIAL: (&str, &str) = (".postern-", ".partial");

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    postern_export: u32,
    created: String,
    key_id: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    key: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    sealed: std::borrow::Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Last {
    records: u64,
    mac: String,
}

/// Why an export was not made, or not imported. The store is unchanged.
#[derive(Debug)]
pub enum ExportError {
    /// The store returned an error.
    Record(RecordError),
    /// The file cannot be written or read.
    Io(io::Error),
    /// The file is not an export, or not complete; with the line and the reason.
    Line(u64, String),
    /// The store is not empty.
    NotEmpty,
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(error) => error.fmt(f),
            Self::Io(error) => write!(f, "the export's file: {error}"),
            Self::Line(line, why) => write!(f, "line {line} of the export: {why}. Nothing was imported"),
            Self::NotEmpty => f.write_str(
                "the store is not empty, and an import never mixes. Stop posternd, move its store aside, run \
                 `posternd init --existing-key`, start it, and import again. Nothing was imported",
            ),
        }
    }
}

impl std::error::Error for ExportError {}

impl From<RecordError> for ExportError {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}

impl From<EngineError> for ExportError {
    fn from(error: EngineError) -> Self {
        Self::Record(error.into())
    }
}

impl From<io::Error> for ExportError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

struct Hashing<W> {
    inner: W,
    hash: Sha256,
}

impl<W: Write> Hashing<W> {
    fn line(&mut self, value: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.hash.update(&line);
        self.inner.write_all(&line)
    }
}

/// Writes every record into `file`, as a consistent snapshot, and returns the file at its start.
///
/// # Errors
/// [`ExportError`].
pub async fn write(records: &Records, now: Time, file: File) -> Result<File, ExportError> {
    let mut out = Hashing { inner: BufWriter::new(file), hash: Sha256::new() };
    let key_id = records.sealer().active().number();
    out.line(&First { postern_export: FORMAT, created: rfc3339(now), key_id })?;
    // The visitor runs in the engine's writer, so the file is shared with it.
    let shared = Arc::new(Mutex::new(Some(out)));
    let visited = Arc::clone(&shared);
    // Not exported: data of this very store, and open requests, which would return after their decision.
    let stored = |key: &[u8]| !key.starts_with(b"meta/") && !key.starts_with(REQUEST);
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    let visitor = Box::new(move |entry: &Entry| {
        if !stored(&entry.key) {
            return Ok(());
        }
        let key = std::str::from_utf8(&entry.key).map_err(|_| io::Error::other("a key is not text"))?;
        let mut out = visited.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let out = out.as_mut().ok_or_else(|| io::Error::other("the export was given up"))?;
        counted.fetch_add(1, Ordering::Relaxed);
        out.line(&Line { key: key.into(), sealed: STANDARD.encode(&entry.value).into() })
    });
    records.engine().snapshot(visitor).await?;
    let out = shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    let mut out = out.ok_or_else(|| io::Error::other("the export was given up"))?;
    let mac = STANDARD.encode(records.sealer().mac(PURPOSE, &out.hash.clone().finalize()).as_bytes());
    out.line(&Last { records: count.load(Ordering::Relaxed), mac })?;
    let mut file = out.inner.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    file.rewind()?;
    Ok(file)
}

/// Reloads the platforms.
pub type Reload<'a> = dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), RecordError>> + Send + 'a>> + Sync + 'a;

/// The current time, by the program's clock.
pub type Now = dyn Fn() -> Time + Sync;

/// Imports an export into an empty store. Every line is checked before the first is written. While it is written, every
/// name is refused. The end of the import is one commit with its entry in the audit log, which `entry` makes from the
/// number of records. `reload` reloads the platforms; `now` is read for each account: codes that may have been used
/// elsewhere until then count as used.
///
/// # Errors
/// [`ExportError`].
pub async fn import(
    records: &Records,
    now: &Now,
    mut file: File,
    entry: impl FnOnce(u64) -> audit::Record,
    reload: &Reload<'_>,
) -> Result<u64, ExportError> {
    if clear_broken_import(records).await?.is_some() {
        reload().await?;
    }
    if !is_empty(records).await? {
        return Err(ExportError::NotEmpty);
    }
    file.rewind()?;
    let count = check(records, &file)?;
    file.rewind()?;
    let entry = entry(count);
    let written = async {
        let marker = records.put(IMPORTING.to_vec(), None, &FORMAT)?;
        write_batch(records, vec![marker]).await?;
        write_lines(records, now, file).await?;
        // Before any sign-in is admitted: no name of an existing account may count as foreign.
        reload().await?;
        let (_, revision) = records.load_sealed(IMPORTING).await?.ok_or(ExportError::NotEmpty)?;
        write_batch(records, vec![Change::delete(IMPORTING, revision), records.put_entry(&entry)?]).await
    };
    if let Err(error) = written.await {
        // A part of it must not remain. If the removal cannot be written either, the next import or start does it.
        let cleared = clear_broken_import(records).await;
        // The platforms of the import are removed too.
        let _ = reload().await;
        tracing::warn!("an import was broken off; taking out what it wrote: {cleared:?}");
        return Err(error);
    }
    entry.log();
    Ok(count)
}

async fn write_lines(records: &Records, now: &Now, file: File) -> Result<(), ExportError> {
    let mut batch = Vec::with_capacity(BATCH);
    for line in BufReader::new(file).lines() {
        let line = line?;
        if let Ok(Line { key, sealed }) = serde_json::from_str(&line) {
            let sealed = STANDARD.decode(sealed.as_bytes()).map_err(io::Error::other)?;
            batch.push(restored(records, now(), key.into_owned().into_bytes(), sealed)?);
        }
        if batch.len() == BATCH {
            write_batch(records, std::mem::take(&mut batch)).await?;
        }
    }
    if !batch.is_empty() {
        write_batch(records, batch).await?;
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

async fn write_batch(records: &Records, batch: Vec<Change>) -> Result<(), ExportError> {
    let done = tokio::time::timeout(BATCH_WITHIN, records.engine().commit(batch)).await;
    match done.map_err(|_| RecordError::Slow(BATCH_WITHIN))?? {
        Swap::Done(_) => Ok(()),
        Swap::Conflict { .. } => Err(ExportError::NotEmpty),
    }
}

/// Removes what an interrupted import has written, and returns the number of records; `None`: there was no such import.
/// The platforms must be reloaded after it.
///
/// # Errors
/// [`ExportError`].
pub async fn clear_broken_import(records: &Records) -> Result<Option<u64>, ExportError> {
    let Some((_, revision)) = records.load_sealed(IMPORTING).await? else { return Ok(None) };
    // A batch whose result was lost may still be written. Commits are made in order: once this one is done, no earlier
    // one is pending, and all records are visible.
    write_batch(records, vec![records.put(IMPORTING.to_vec(), Some(revision), &FORMAT)?]).await?;
    let mut cleared = 0;
    loop {
        let page = records.scan(b"", None, BATCH).await?;
        // The marker is removed last, so that an interrupted start begins again.
        let all: Vec<_> = page.iter().filter(|entry| entry.key != HEADER_KEY).collect();
        let only_marker = all.iter().all(|entry| entry.key == IMPORTING);
        let gone = all.iter().filter(|entry| only_marker || entry.key != IMPORTING);
        let changes: Vec<_> = gone.map(|entry| Change::delete(entry.key.clone(), entry.revision)).collect();
        if changes.is_empty() {
            return Ok(Some(cleared));
        }
        cleared += changes.len() as u64;
        write_batch(records, changes).await?;
    }
}

async fn is_empty(records: &Records) -> Result<bool, ExportError> {
    let first = records.scan(b"", None, 2).await?;
    Ok(first.iter().all(|entry| entry.key.starts_with(b"meta/")))
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

/// Makes today's export in `directory` if there is none, and removes all but the newest `keep`.
///
/// # Errors
/// [`ExportError`].
pub async fn daily(
    records: &Records,
    now: Time,
    directory: &Path,
    keep: usize,
) -> Result<Option<PathBuf>, ExportError> {
    let today = rfc3339(now);
    let name = format!("{}{}{}", NAME.0, today.split('T').next().unwrap_or_default(), NAME.1);
    let path = directory.join(name);
    if path.exists() {
        return Ok(None);
    }
    make_directory(directory)?;
    for left in files(directory).filter(|path| is_named(path, PARTIAL)) {
        // Left by a daemon that was killed during an export.
        std::fs::remove_file(left)?;
    }
    let file = tempfile::Builder::new().prefix(PARTIAL.0).suffix(PARTIAL.1).tempfile_in(directory)?;
    write(records, now, file.reopen()?).await?;
    file.persist(&path).map_err(|error| error.error)?;
    File::open(directory)?.sync_all()?;
    let mut all = exports(directory);
    all.sort();
    let surplus = all.len().saturating_sub(keep);
    for old in &all[..surplus] {
        std::fs::remove_file(old)?;
    }
    Ok(Some(path))
}

fn make_directory(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    match std::fs::DirBuilder::new().mode(0o700).create(directory) {
        // Its name is durable only after a sync of the parent directory.
        Ok(()) => directory.canonicalize()?.parent().map_or(Ok(()), |around| File::open(around)?.sync_all()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn exports(directory: &Path) -> Vec<PathBuf> {
    files(directory).filter(|path| is_named(path, NAME)).collect()
}

fn files(directory: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path())
}

fn is_named(path: &Path, (prefix, suffix): (&str, &str)) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with(prefix) && name.ends_with(suffix))
}

/// The time of the newest export in `directory`.
pub fn newest(directory: &Path) -> Option<Time> {
    let made = |path: &PathBuf| {
        let modified = path.metadata().ok()?.modified().ok()?;
        let seconds = modified.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
        i64::try_from(seconds).ok().map(Time)
    };
    exports(directory).iter().filter_map(made).max()
}
