//! Limits on the passwords of a mailbox that are tried at the mail server in order to make app passwords.

use std::time::Duration;

/// Wrong passwords that are tried within [`SPAN`]: the mail server may lock the account after a few more.
pub const MAX: u32 = 3;
/// For how long wrong passwords count, from the first one on.
pub const SPAN: Duration = Duration::from_secs(15 * 60);

/// The attempts for one mailbox within one span. An attempt in progress counts as wrong until its result is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PasswordTries(u32);

impl PasswordTries {
    /// Counts one more attempt; `false`: the limit is reached, and it is not made.
    #[must_use]
    pub fn take(&mut self) -> bool {
        let is_left = self.0 < MAX;
        self.0 += u32::from(is_left);
        is_left
    }
}

/// Whether attempts that started this long ago still count.
pub fn count_after(elapsed: Duration) -> bool {
    elapsed < SPAN
}
