//! The clocks. No other file of the daemons reads one: everything else takes the time as an argument.

use jiff::Timestamp;
use std::time::{Duration, Instant};

/// The wall clock. It may step.
#[expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]
pub fn wall() -> Timestamp {
    Timestamp::now()
}

/// The monotonic clock: for deadlines, and for how old something is.
#[expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]
pub fn monotonic() -> Instant {
    Instant::now()
}

/// A stopwatch on the monotonic clock. Of two, the one that was started first is the lesser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self(monotonic())
    }

    /// Time since it was started.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
