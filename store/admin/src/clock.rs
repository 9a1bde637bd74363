//! The only place that reads the clock.

use jiff::Timestamp;

/// The time now, against which "in 58 min" is said.
#[expect(clippy::disallowed_methods, reason = "the one place of this binary")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// The time by which waits end.
#[expect(clippy::disallowed_methods, reason = "the one place of this binary")]
pub(crate) fn monotonic() -> std::time::Instant {
    std::time::Instant::now()
}
