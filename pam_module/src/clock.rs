//! The monotonic clock, for the deadline of a transaction. The module does not use the time of day: the daemon decides.

use std::time::Instant;

#[expect(clippy::disallowed_methods, reason = "the one place where this module reads a clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
