//! How a sign-in ends that leads to no session.

use postern_front::metrics::Verdict;
use postern_front::password_field::Denied;

/// A sign-in ends here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Stop {
    /// No. The reason is in the daemon's audit log; the client is told the same for every reason.
    Refused,
    /// The app password is right, but of no use any more, or not before the next sign-in to the webmail.
    Expired,
    /// Temporarily unavailable.
    Unavailable,
    /// The backend lets no more sessions of this mailbox in.
    Limit,
    /// The backend says that the time of the mailbox's password is over.
    PasswordExpired,
    /// The backend refuses this mailbox for a reason that the administrator knows.
    ContactAdmin,
}

impl From<Denied> for Stop {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Refused => Self::Refused,
            Denied::Expired => Self::Expired,
            Denied::Unavailable => Self::Unavailable,
        }
    }
}

impl From<Stop> for Verdict {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Refused | Stop::ContactAdmin => Self::Refused,
            Stop::Expired | Stop::PasswordExpired => Self::Expired,
            Stop::Unavailable => Self::Unavailable,
            Stop::Limit => Self::Limit,
        }
    }
}
