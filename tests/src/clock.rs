//! The wall clock that Postern's processes see. Codes, suspensions and locks depend on it, so the tests move it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::{During, Error, Result};

/// The libfaketime for multi-threaded programs, below `/usr/lib/ARCHITECTURE/`.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// A wall clock that can be moved while processes use it. Monotonic time, and with it every deadline, is not affected.
#[derive(Debug)]
pub struct WallClock {
    library: PathBuf,
    file: PathBuf,
    offset: i64,
}

impl WallClock {
    /// A clock that shows the real time until it is moved; its state is in `directory`.
    pub fn new(directory: &Path) -> Result<WallClock> {
        let libraries = Path::new("/usr/lib");
        let library = fs::read_dir(libraries)
            .during(libraries.display())?
            .filter_map(|entry| Some(entry.ok()?.path().join(LIBRARY)))
            .find(|path| path.exists())
            .ok_or_else(|| Error::new("no libfaketime in /usr/lib: run `cargo xtask test`, which installs it"))?;
        let mut clock = WallClock { library, file: directory.join("clock"), offset: 0 };
        clock.advance(0)?;
        Ok(clock)
    }

    /// The environment variables that make a process use this clock.
    pub fn environment(&self) -> [(OsString, OsString); 4] {
        [
            ("LD_PRELOAD".into(), self.library.clone().into()),
            ("FAKETIME_TIMESTAMP_FILE".into(), self.file.clone().into()),
            // Without a cache, the next reading of the clock sees a move.
            ("FAKETIME_NO_CACHE".into(), "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC".into(), "1".into()),
        ]
    }

    /// Moves the clock by `seconds`, back if negative, for all processes that use it at once.
    pub fn advance(&mut self, seconds: i64) -> Result<()> {
        self.offset += seconds;
        let next = self.file.with_extension("next");
        fs::write(&next, format!("{:+}\n", self.offset)).during(next.display())?;
        fs::rename(&next, &self.file).during(self.file.display())
    }

    /// The current time of the clock, in seconds since 1970 (UTC).
    pub fn now(&self) -> u64 {
        real_time().saturating_add_signed(self.offset)
    }
}

/// The real time, in seconds since 1970 (UTC).
#[expect(clippy::disallowed_methods, reason = "the one place where the harness reads the time of day")]
pub fn real_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::{Ready, Service};
    use crate::wait;

    /// Python represents any process: the test is that the move reaches one that is running already.
    #[test]
    fn a_running_process_sees_the_clock_move_both_ways() {
        let directory = tempfile::tempdir().unwrap();
        let mut clock = WallClock::new(directory.path()).unwrap();
        let socket = directory.path().join("unused");
        let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let script =
            "import select, time\nwhile not select.select([], [], [], 0.01)[0]: print(int(time.time()), flush=True)";
        let mut process = Service::new("ticking", "python3", Ready::Socket(socket), directory.path())
            .arg("-c")
            .arg(script)
            .env(clock.environment());
        process.start().unwrap();
        drop(listener);
        for move_by in [3601, -7200] {
            clock.advance(move_by).unwrap();
            let expected = clock.now();
            wait::until("the moved clock", || {
                let last = process.log().lines().last().and_then(|line| line.parse::<u64>().ok());
                Ok(last.filter(|seen| seen.abs_diff(expected) < 60))
            })
            .unwrap();
        }
    }
}
