//! How long a session may last at a channel, whatever happens to the account; [`crate::standing`] has what ends it
//! earlier.

use crate::Channel;

/// How long a session may last, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lives {
    /// A sign-in after the password: until a code is given, or the first method is set up.
    pub sign_in: u32,
    /// The page with new backup codes, which the user writes down or prints.
    pub saving: u32,
    /// A session without any request.
    pub idle: u32,
    /// A session in all.
    pub whole: u32,
}

const MINUTE: u32 = 60;
const HOUR: u32 = 3600;

/// Returns how long sessions may last; `None`: as long as the connection or the host's session, since nothing else
/// identifies them.
pub fn lives(channel: Channel) -> Option<Lives> {
    match channel {
        Channel::Webmail => Some(Lives { sign_in: 15 * MINUTE, saving: HOUR, idle: 8 * HOUR, whole: 7 * 24 * HOUR }),
        Channel::Imap | Channel::Pop3 | Channel::Pam => None,
    }
}
