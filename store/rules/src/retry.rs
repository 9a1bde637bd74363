//! When a notice that could not be handed over is tried again, and when it is given up.

use crate::Time;

/// Seconds until the second try; each wait is twice as long as the one before.
pub const FIRST: i64 = 60;
/// Seconds that are waited at most (RFC 5321 section 4.5.4.1 has mail servers wait for half an hour and more).
pub const LONGEST: i64 = 3600;
/// Seconds after which a notice is given up: mail servers put strangers off for minutes, and are repaired in hours.
pub const LIFE: i64 = 12 * 3600;
/// Tries after which it is given up whatever the clock says, which may step back.
pub const TRIES_MAX: u32 = 24;

/// When a notice of `since`, of which so many tries were made before, is tried again should the one at `now` fail; none:
/// it is given up, and not tried now either.
pub fn again(since: Time, tries: u32, now: Time) -> Option<Time> {
    let is_over = tries >= TRIES_MAX || now >= since.plus(LIFE);
    let wait = FIRST.checked_shl(tries.min(16)).unwrap_or(LONGEST).min(LONGEST);
    (!is_over).then(|| now.plus(wait))
}

/// Whether a notice whose time is `due` is looked at: one that is further off than any wait was put there by a clock that
/// was ahead.
pub fn is_due(due: Time, now: Time) -> bool {
    due <= now || due > now.plus(LONGEST)
}
