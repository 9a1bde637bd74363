//! `postern.store`, the file that marks a store and a batch that it has reached at least.
//!
//! It is beside sled's files and is created last. So a directory without it is not a store, and one with it but without
//! its database is a damaged store, never a new one. Its lock excludes a second process.
//!
//! ```text
//! postern-store v1
//! batch 00000000000000000042
//! ```
//!
//! The number is that of a batch which is certainly on disk. It is overwritten in place after each batch but not
//! synced: after a power failure it may be old, but never ahead. A database that is behind it has lost the end of its
//! log.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use crate::error::OpenError;

const NAME: &str = "postern.store";
const HEAD: &str = "postern-store v1\nbatch ";
/// Digits of the largest batch number, so that a later number overwrites an earlier one byte by byte.
const DIGITS: usize = 20;
/// More than the length of any marker; a longer file is not one.
const READ_MAX: u64 = 256;

#[derive(Debug)]
pub(super) struct Marker {
    file: Flock<File>,
    /// The batch in the file.
    batch: u64,
}

impl Marker {
    /// Creates the marker of a new store.
    pub(super) fn create(dir: &Path, batch: u64) -> Result<Self, OpenError> {
        let path = path(dir);
        let making = || OpenError::io(format!("make {}", path.display()));
        let file =
            OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path).map_err(making())?;
        let mut marker = Self { file: lock(file, dir)?, batch };
        marker.advance(batch).map_err(making())?;
        marker.file.sync_all().map_err(making())?;
        Ok(marker)
    }

    /// Locks the store for this process; `None` if there is no marker.
    pub(super) fn open(dir: &Path) -> Result<Option<Self>, OpenError> {
        let path = path(dir);
        let file = match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => lock(file, dir)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(OpenError::io(format!("open {}", path.display()))(error)),
        };
        let mut text = String::new();
        let read = (&*file).take(READ_MAX).read_to_string(&mut text);
        let foreign = |why| OpenError::Foreign { path: path.clone(), why };
        read.map_err(|error| foreign(error.to_string()))?;
        let batch = parse(&text).ok_or_else(|| {
            foreign(format!("it begins with {:?} instead of {HEAD:?} and a number", text.lines().next().unwrap_or("")))
        })?;
        Ok(Some(Self { file, batch }))
    }

    /// A batch that the database must have.
    pub(super) fn batch(&self) -> u64 {
        self.batch
    }

    /// Records that `batch` is on disk.
    pub(super) fn advance(&mut self, batch: u64) -> io::Result<()> {
        self.batch = batch;
        self.file.write_all_at(text(batch).as_bytes(), 0)
    }

    /// Makes the number itself durable; called when a store is opened and closed.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join(NAME)
}

fn text(batch: u64) -> String {
    format!("{HEAD}{batch:0DIGITS$}\n")
}

fn parse(text: &str) -> Option<u64> {
    let digits = text.strip_prefix(HEAD)?.strip_suffix('\n')?;
    (digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

fn lock(file: File, dir: &Path) -> Result<Flock<File>, OpenError> {
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| match errno {
        Errno::EWOULDBLOCK => OpenError::InUse { path: dir.to_owned() },
        errno => OpenError::io(format!("lock {}", path(dir).display()))(errno.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_the_same_length() {
        assert_eq!(text(0).len(), text(u64::MAX).len());
        for batch in [0, 1, 42, u64::MAX] {
            assert_eq!(parse(&text(batch)), Some(batch));
        }
    }

    #[test]
    fn what_is_no_marker_is_refused() {
        let good = text(42);
        for bad in [
            String::new(),
            good.replace("v1", "v2"),
            good.replace("42", "4x"),
            good.replace('0', ""),
            good.replace("00", "+0"),
            good.trim_end().to_owned(),
            format!("{good}\n"),
            "99999999999999999999".to_owned(),
            format!("{HEAD}99999999999999999999\n"),
        ] {
            assert_eq!(parse(&bad), None, "{bad:?}");
        }
    }
}
