//! The current time as the type that the rules use.

use postern_process::clock;
pub use postern_process::clock::Stopwatch;
use postern_rules::Time;
pub use postern_vault::time::{parse_rfc3339, rfc3339};

/// The wall clock. It decides about codes, suspensions and locks, and may step.
pub fn now() -> Time {
    Time(clock::wall().as_second())
}
