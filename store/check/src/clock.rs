//! The only place that reads the clock.

use jiff::Timestamp;

/// The current time, for the dates of certificates.
#[expect(clippy::disallowed_methods, reason = "the one place of this crate")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// The clock for deadlines.
#[expect(clippy::disallowed_methods, reason = "the one place of this crate")]
pub(crate) fn monotonic() -> std::time::Instant {
    std::time::Instant::now()
}
