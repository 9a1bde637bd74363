//! Points in time, and the tolerance for a clock that is set back.

use serde::{Deserialize, Serialize};

/// A point in time: whole seconds since 1970-01-01T00:00:00Z on the wall clock, as POSIX counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub i64);

impl Time {
    /// This point in time plus `seconds`, saturating.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds since 1970 for values that cannot be negative, such as a TOTP step. Earlier times give 0.
    pub fn unsigned(self) -> u64 {
        u64::try_from(self.0).unwrap_or(0)
    }
}

/// Seconds that the wall clock may be before the start of something with an expiry (a suspension, a code, a proof,
/// trust). If it is earlier than that, the grant is not valid: clocks are corrected by seconds, and a grant must not
/// become hours longer.
pub const CLOCK_TOLERANCE: i64 = 300;
