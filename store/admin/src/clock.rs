//! The only place that reads the clock.

use jiff::Timestamp;

/// The current time, for relative times such as "in 58 min".
#[expect(clippy::disallowed_methods, reason = "the one place of this binary")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
