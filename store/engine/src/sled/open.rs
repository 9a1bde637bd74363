//! Creates and opens a store, completely or not at all.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use ::sled::{Config, Db};

use super::contain::{Panicked, contain};
use super::files::{self, Files};
use super::marker::Marker;
use super::tally::{Amiss, TALLY_KEY, Tally, add_up};
use crate::error::{OpenError, Repair};

/// The size of sled's cache, in bytes.
const CACHE_MAX: u64 = 64 * 1024 * 1024;

/// A store that was opened and verified.
pub(super) struct Opened {
    pub(super) dir: PathBuf,
    pub(super) marker: Marker,
    pub(super) database: Database,
}

/// The part that is reopened after a disk failure.
pub(super) struct Database {
    pub(super) db: Db,
    pub(super) files: Files,
    /// The tally of the last durable batch.
    pub(super) tally: Tally,
}

/// Creates an empty store. The marker is written last: without it, what an interrupted attempt leaves is not a store.
pub(super) fn init(dir: &Path) -> Result<Opened, OpenError> {
    let making = || OpenError::io(format!("make a store at {}", dir.display()));
    if !files::is_vacant(dir).map_err(making())? {
        return Err(OpenError::Exists { path: dir.to_owned() });
    }
    let above = dir.ancestors().skip(1).find(|above| above.exists()).map(Path::to_owned);
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(making())?;
    let db = open_sled(dir).map_err(making())?;
    let tally = Tally { batch: 1, ..Tally::default() };
    contain(|| db.insert(TALLY_KEY, tally.to_bytes())).map_err(making())?;
    contain(|| db.flush()).map_err(making())?;
    let files = Files::open(dir).map_err(making())?;
    files.make_names_durable().map_err(making())?;
    let marker = Marker::create(dir, tally.batch)?;
    files::sync_dir(dir).map_err(making())?;
    sync_above(dir, above.as_deref()).map_err(making())?;
    Ok(Opened { dir: dir.to_owned(), marker, database: Database { db, files, tally } })
}

/// Makes the names of `dir` and of its newly created parent directories durable, up to the one that existed.
fn sync_above(dir: &Path, there: Option<&Path>) -> io::Result<()> {
    // The parent of a relative path with one component is the empty path.
    let there = there.filter(|there| !there.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let there = there.canonicalize()?;
    for above in dir.canonicalize()?.ancestors().skip(1) {
        files::sync_dir(above)?;
        if above == there {
            break;
        }
    }
    Ok(())
}

/// Opens a store, and adds the repairs that were necessary to `repairs`.
pub(super) fn open(dir: &Path, repairs: &mut Vec<Repair>) -> Result<Opened, OpenError> {
    let opening = || OpenError::io(format!("open the store at {}", dir.display()));
    let Some(mut marker) = Marker::open(dir)? else {
        return Err(if files::is_vacant(dir).map_err(opening())? {
            OpenError::NotInitialised { path: dir.to_owned() }
        } else {
            OpenError::Damaged { path: dir.to_owned(), why: "it has no file 'postern.store'".to_owned() }
        });
    };
    let database = open_database(dir, marker.batch(), repairs)?;
    marker.advance(database.tally.batch).and_then(|()| marker.sync()).map_err(opening())?;
    Ok(Opened { dir: dir.to_owned(), marker, database })
}

/// Opens the database of a store whose marker has `batch`, and verifies its records.
pub(super) fn open_database(dir: &Path, batch: u64, repairs: &mut Vec<Repair>) -> Result<Database, OpenError> {
    let opening = || OpenError::io(format!("open the store at {}", dir.display()));
    let damaged = |why: String| OpenError::Damaged { path: dir.to_owned(), why };
    if !files::has_log(dir).map_err(opening())? {
        return Err(damaged("its database is missing or empty".to_owned()));
    }
    if !files::wait_for_lock(dir).map_err(opening())? {
        return Err(OpenError::InUse { path: dir.to_owned() });
    }
    let torn = files::remove_torn_indexes(dir).map_err(opening())?;
    repairs.extend(torn.into_iter().map(Repair::TornIndexRemoved));
    let db = match open_sled(dir) {
        Err(error) if is_damage(&error) => {
            // The index is the only part that can be rebuilt; the tally shows whether the records are complete.
            let aside = files::put_indexes_aside(dir).map_err(opening())?;
            repairs.extend(aside.into_iter().map(Repair::IndexRebuilt));
            open_sled(dir)
        }
        opened => opened,
    };
    let unopened = |error: io::Error| if is_damage(&error) { damaged(error.to_string()) } else { opening()(error) };
    let db = db.map_err(unopened)?;
    let tally = add_up(&db, |_| Ok(())).map_err(|amiss| match amiss {
        Amiss::Records(why) => damaged(why),
        Amiss::Disk(error) | Amiss::Visitor(error) => unopened(error),
    })?;
    if tally.batch < batch {
        let lost = batch - tally.batch;
        return Err(damaged(format!("the last {lost} batches of writes are missing from its log")));
    }
    let files = Files::open(dir).map_err(opening())?;
    files.make_names_durable().map_err(opening())?;
    Ok(Database { db, files, tally })
}

fn open_sled(dir: &Path) -> io::Result<Db> {
    // No periodic flush by sled: the writer flushes after each write, and knows whether it succeeded.
    contain(|| Config::new().path(dir).cache_capacity(CACHE_MAX).flush_every_ms(None).open())
}

/// Whether sled has found data that it did not write. While it reads its log it panics on some of that.
fn is_damage(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
        || error.get_ref().is_some_and(|inner| inner.is::<Panicked>())
}
