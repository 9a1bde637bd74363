//! Limits on the lifetime and the number of sessions.

use std::time::Duration;

/// Maximum duration of a sign-in after the password is accepted.
pub const PENDING_LIFE: Duration = Duration::from_secs(15 * 60);
/// How long new backup codes are shown, so that the user can write them down or print them.
pub const SAVING_LIFE: Duration = Duration::from_secs(3600);
/// Maximum idle time of a released session.
pub const IDLE_LIFE: Duration = Duration::from_secs(8 * 3600);
/// Maximum lifetime of a released session.
pub const WHOLE_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);
/// Maximum number of concurrent sign-ins; a new one evicts the oldest.
pub const MAX_PENDING: usize = 4096;
/// Maximum number of released sessions; a new one evicts the one that was unused for longest.
pub const MAX_RELEASED: usize = 32_768;
/// The limit of sign-ins for one mailbox, so that an attacker who has its password does not end the sessions of other
/// users.
pub const MAX_PENDING_PER_MAILBOX: usize = 32;
/// The limit of released sessions for one mailbox.
pub const MAX_RELEASED_PER_MAILBOX: usize = 64;
/// Maximum number of ended sessions whose reason is stored.
pub const MAX_ENDS: usize = 16_384;
