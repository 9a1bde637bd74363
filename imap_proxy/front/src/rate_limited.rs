//! Log lines that an unauthenticated client can cause as often as it likes: each is written at most once a second, with
//! the number of those suppressed, so that no client fills the journal or pushes out other lines.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a line suppresses the next of its kind.
const PAUSE: Duration = Duration::from_secs(1);

/// When a line of one kind was last written, and how many have been suppressed since.
#[derive(Default)]
pub struct RateLimit(Mutex<(Option<Instant>, u64)>);

impl RateLimit {
    /// No line was written yet.
    pub const fn new() -> Self {
        Self(Mutex::new((None, 0)))
    }

    /// Whether the line may be written, and how many have been suppressed since the last one written.
    pub fn may_tell(&self, now: Instant) -> Option<u64> {
        // A panic leaves no inconsistent state.
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, untold) = &mut *state;
        if last.is_some_and(|last| now.saturating_duration_since(last) < PAUSE) {
            *untold += 1;
            return None;
        }
        *last = Some(now);
        Some(std::mem::take(untold))
    }
}

/// As the macro of this name of `tracing` (`warn`, `info`), for lines that unauthenticated clients can cause; each
/// place in the code is a kind of its own.
#[macro_export]
macro_rules! rate_limited {
    ($level:ident, $($line:tt)+) => {{
        static TOLD: $crate::rate_limited::RateLimit = $crate::rate_limited::RateLimit::new();
        if let Some(untold) = TOLD.may_tell($crate::clock::monotonic()) {
            tracing::$level!(untold, $($line)+);
        }
    }};
}

pub use rate_limited;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn a_flood_is_a_line_a_second_and_a_number() {
        let (rate_limited, start) = (RateLimit::new(), clock::monotonic());
        assert_eq!(rate_limited.may_tell(start), Some(0));
        for after in 0..999 {
            assert_eq!(rate_limited.may_tell(start + Duration::from_millis(after)), None);
        }
        assert_eq!(rate_limited.may_tell(start + PAUSE), Some(999));
        assert_eq!(rate_limited.may_tell(start + PAUSE * 2), Some(0));
    }
}
