//! The only file of the proxy that reads clocks. Everything else takes the time as an argument.

use std::time::Instant;

/// The monotonic clock: for deadlines and for how old a session is.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn monotonic() -> Instant {
    Instant::now()
}

/// The wall clock: for texts such as "in 5 minutes". Nothing is decided by it here; the daemon decides.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn wall() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
