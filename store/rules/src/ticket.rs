//! How long what was begun may be ended: a front keeps it as a ticket, which says until when it is good.

use crate::Time;
use crate::time::CLOCK_TOLERANCE;

/// Seconds in which a method, or a contact address, that was offered may be confirmed.
pub const ENROLMENT: i64 = 15 * 60;
/// Seconds in which a code that was sent, or a question to a security key, may be answered.
pub const CHALLENGE: i64 = crate::sent::LIFETIME;

/// Whether a ticket that is good until `until`, and was given for `lifetime` seconds at most, is good at `now`. A clock
/// that stepped back makes none of them last longer.
pub fn is_current(until: Time, lifetime: i64, now: Time) -> bool {
    until.plus(-lifetime - CLOCK_TOLERANCE) <= now && now < until
}
