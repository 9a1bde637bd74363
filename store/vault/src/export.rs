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

use crate::error::RecordError;
use crate::keys::REQUEST;
use crate::records::Records;
use crate::time::rfc3339;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postern_engine::{EngineError, Entry};
use postern_rules::Time;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// The format's version.
pub(crate) const FORMAT: u32 = 1;
/// The purpose of the MAC.
pub(crate) const PURPOSE: &str = "export";
/// The name of a daily export: its date is between the two.
const NAME: (&str, &str) = ("postern-", ".export");
/// The name of an export that is being written.
const PARTIAL: (&str, &str) = (".postern-", ".partial");

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct First {
    pub(crate) postern_export: u32,
    created: String,
    key_id: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line<'a> {
    #[serde(borrow)]
    pub(crate) key: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) sealed: std::borrow::Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Last {
    pub(crate) records: u64,
    pub(crate) mac: String,
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
    /// Another import is being written.
    Running,
    /// Another process has taken this import for interrupted, and removes what it wrote.
    GivenUp,
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(error) => error.fmt(f),
            Self::Io(error) => write!(f, "the export's file: {error}"),
            Self::Line(line, why) => write!(f, "line {line} of the export: {why}. Nothing was imported"),
            Self::Running => f.write_str(
                "another import is being written, or what is left of one is being taken out. Nothing was imported: try \
                 again",
            ),
            Self::GivenUp => f.write_str(
                "the import stood still for too long and was given up; what it wrote is being taken out. Import again",
            ),
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
