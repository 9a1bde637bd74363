//! How many passwords of a mailbox are tried at the mail server to make app passwords.

use std::time::Duration;

/// Wrong passwords that are tried within [`SPAN`]: the mail server may close the account after a few more.
pub const MAX: u32 = 3;
/// For how long wrong passwords count, from the first one on.
pub const SPAN: Duration = Duration::from_secs(15 * 60);

/// The tries of one mailbox within one span. One that is under way counts as wrong until it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PasswordTries(u32);

impl PasswordTries {
    /// Counts one more; `false`: there were as many as there may be, and it is not tried.
    #[must_use]
    pub fn take(&mut self) -> bool {
        let is_left = self.0 < MAX;
        self.0 += u32::from(is_left);
        is_left
    }
}

/// Whether tries of so long ago still count.
pub fn count_after(elapsed: Duration) -> bool {
    elapsed < SPAN
}
