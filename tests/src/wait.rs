//! Waits for a condition, with a deadline. The tests wait in no other way.

use std::time::{Duration, Instant};

use crate::{Error, Result};

/// How long anything may take to become ready: a loaded two-core machine starts Chromium in a few seconds.
pub const DEADLINE: Duration = Duration::from_secs(30);
/// The pause between two checks.
pub const POLL: Duration = Duration::from_millis(10);

/// Calls `probe` until it returns something; an error that names `what` after [`DEADLINE`].
pub fn until<T>(what: &str, probe: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    within(DEADLINE, what, probe)
}

/// The same with another deadline: for what starts many things.
pub fn within<T>(deadline: Duration, what: &str, mut probe: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let start = monotonic();
    loop {
        if let Some(found) = probe()? {
            return Ok(found);
        }
        if monotonic().duration_since(start) > deadline {
            return Err(Error::new(format!("waited {} s in vain for {what}", deadline.as_secs())));
        }
        std::thread::sleep(POLL);
    }
}

#[expect(clippy::disallowed_methods, reason = "the harness's own deadlines; nothing under test sees this time")]
fn monotonic() -> Instant {
    Instant::now()
}
