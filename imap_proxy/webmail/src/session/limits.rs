//! How long sessions last, and how many there may be.

use std::time::Duration;

/// How long a sign-in may take once the password is accepted.
pub const PENDING_LIFE: Duration = Duration::from_secs(15 * 60);
/// How long new backup codes are shown: they are to be written down, or printed.
pub const SAVING_LIFE: Duration = Duration::from_secs(3600);
/// How long a released session may rest.
pub const IDLE_LIFE: Duration = Duration::from_secs(8 * 3600);
/// How long a released session may last at all.
pub const WHOLE_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);
/// Sign-ins that may be under way; the oldest makes room for the next.
pub const MAX_PENDING: usize = 4096;
/// Released sessions; the one unused for longest makes room for the next.
pub const MAX_RELEASED: usize = 32_768;
/// The same for one mailbox, so that an attacker who has its password ends no other user's sessions.
pub const MAX_PENDING_PER_MAILBOX: usize = 32;
/// The same for one mailbox.
pub const MAX_RELEASED_PER_MAILBOX: usize = 64;
/// Sessions that are over of which it is known why.
pub const MAX_ENDS: usize = 16_384;
