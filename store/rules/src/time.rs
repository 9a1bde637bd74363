//! Points in time, and how far the clock may step back.

use serde::{Deserialize, Serialize};

/// A moment: whole seconds since 1970-01-01T00:00:00Z on the wall clock, as POSIX counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub i64);

impl Time {
    /// This moment and `seconds` more; at the end of time it stays there.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds since 1970 for what cannot be negative, such as a TOTP step. Before 1970 it is 1970.
    pub fn unsigned(self) -> u64 {
        u64::try_from(self.0).unwrap_or(0)
    }
}

/// Seconds by which the wall clock may step back behind the beginning of something that lasts until a time (a suspension,
/// a code, a proof, trust) before it counts for nothing: clocks are corrected by seconds, and a grant must not grow by
/// hours.
pub const CLOCK_TOLERANCE: i64 = 300;
