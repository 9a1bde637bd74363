//! How long sessions last, as the daemon says, and how many are kept: the latter are limits of this process's memory.

use postern_wire::auth;
use std::time::Duration;

/// How long a session may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lives {
    /// A sign-in after the password is accepted, and an action on the Security page that waits for the user.
    pub sign_in: Duration,
    /// The page with new backup codes at the first set-up.
    pub saving: Duration,
    /// A released session that is not used.
    pub idle: Duration,
    /// A released session in all.
    pub whole: Duration,
}

impl Lives {
    /// For a daemon that does not say how long: shorter than those of any daemon that does.
    pub const UNTOLD: Self = Self {
        sign_in: Duration::from_secs(15 * 60),
        saving: Duration::from_secs(15 * 60),
        idle: Duration::from_secs(3600),
        whole: Duration::from_secs(8 * 3600),
    };
}

impl From<auth::Lives> for Lives {
    fn from(auth::Lives { sign_in, saving, idle, whole }: auth::Lives) -> Self {
        let [sign_in, saving, idle, whole] =
            [sign_in, saving, idle, whole].map(|seconds| Duration::from_secs(seconds.into()));
        Self { sign_in, saving, idle, whole }
    }
}

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
