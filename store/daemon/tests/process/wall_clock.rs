//! A wall clock that stands still until a test moves it. The monotonic clock runs normally, so deadlines are real.

use jiff::Timestamp;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicI64, Ordering};

/// 2026-01-05 12:00:00 UTC, the first second of a step of 30 seconds.
pub(crate) const START: i64 = 1_767_614_400;
/// Seconds of an hour.
pub(crate) const HOUR: i64 = 3600;

/// The wall clock of the processes that it is attached to.
pub(crate) struct WallClock {
    file: PathBuf,
    now: AtomicI64,
}

impl WallClock {
    /// Creates a clock at [`START`], stored in `dir`.
    pub(crate) fn new(dir: &Path) -> Self {
        let clock = Self { file: dir.join("clock"), now: AtomicI64::new(START) };
        clock.set(START);
        clock
    }

    /// The time in seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        self.now.load(Ordering::Relaxed)
    }

    /// Moves the clock forward or back.
    pub(crate) fn advance(&self, seconds: i64) {
        self.set(self.now() + seconds);
    }

    fn set(&self, now: i64) {
        let text = Timestamp::from_second(now).unwrap().strftime("%Y-%m-%d %H:%M:%S").to_string();
        // Renamed into place: a reader must not see a partial file.
        let next = self.file.with_extension("next");
        fs::write(&next, text).unwrap();
        fs::rename(&next, &self.file).unwrap();
        self.now.store(now, Ordering::Relaxed);
    }

    /// Attaches it to a process.
    pub(crate) fn give(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", library())
            .env("FAKETIME_TIMESTAMP_FILE", &self.file)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("DONT_FAKE_MONOTONIC", "1")
            .env("NO_FAKE_STAT", "1")
            .env("TZ", "UTC");
    }
}

/// Removes the files that libfaketime leaves for a killed process.
pub(crate) fn sweep_up(pid: u32) {
    for name in ["faketime_shm_", "sem.faketime_sem_"] {
        let _ = fs::remove_file(format!("/dev/shm/{name}{pid}"));
    }
}

/// Debian installs it in the directory of the machine's architecture.
fn library() -> PathBuf {
    let libraries = fs::read_dir("/usr/lib").unwrap().flatten();
    let files = libraries.map(|place| place.path().join("faketime/libfaketime.so.1"));
    files.into_iter().find(|file| file.exists()).expect("libfaketime is needed (Debian package libfaketime)")
}
