//! When delivery of a notice is retried, and when it is abandoned.

use crate::Time;

/// Seconds before the first retry; each wait is twice as long as the one before.
pub const FIRST: i64 = 60;
/// The longest wait in seconds (RFC 5321 section 4.5.4.1 has mail servers wait for half an hour and more).
pub const LONGEST: i64 = 3600;
/// Seconds after which a notice is abandoned: greylisting takes minutes, and the repair of a mail server hours.
pub const LIFE: i64 = 12 * 3600;
/// Attempts after which it is abandoned even if the clock was set back.
pub const TRIES_MAX: u32 = 24;

/// The next attempt for a notice of `since` with this many earlier attempts, if the one at `now` fails; `None`: it is
/// abandoned, and no attempt is made now.
pub fn again(since: Time, tries: u32, now: Time) -> Option<Time> {
    let is_over = tries >= TRIES_MAX || now >= since.plus(LIFE);
    let wait = FIRST.checked_shl(tries.min(16)).unwrap_or(LONGEST).min(LONGEST);
    (!is_over).then(|| now.plus(wait))
}

/// Whether a notice whose attempt is due at `due` is processed: a time further ahead than the longest wait was set
/// while the clock was ahead.
pub fn is_due(due: Time, now: Time) -> bool {
    due <= now || due > now.plus(LONGEST)
}
