//! How long a started operation may be completed: a front stores it as a ticket, which holds its expiry.

use crate::Time;
use crate::time::CLOCK_TOLERANCE;

/// Seconds in which an offered method or contact address may be confirmed.
pub const ENROLMENT: i64 = 15 * 60;
/// Seconds in which a code that was sent, or a security key challenge, may be answered.
pub const CHALLENGE: i64 = crate::sent::LIFETIME;

/// Whether a ticket with the expiry `until`, issued for `lifetime` seconds at most, is valid at `now`. Setting the
/// clock back does not extend it.
pub fn is_current(until: Time, lifetime: i64, now: Time) -> bool {
    until.plus(-lifetime - CLOCK_TOLERANCE) <= now && now < until
}
