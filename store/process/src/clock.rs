//! The clocks. No other file of the daemons reads a clock: all other code takes the time as an argument.

use jiff::Timestamp;
use std::time::{Duration, Instant};

/// The wall clock. It may be set forward or back.
#[expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]
pub fn wall() -> Timestamp {
    Timestamp::now()
}

/// The monotonic clock: for deadlines and ages.
#[expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]
pub fn monotonic() -> Instant {
    Instant::now()
}

/// A stopwatch on the monotonic clock. The one that was started earlier is less.
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
