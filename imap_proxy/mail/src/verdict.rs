//! How a sign-in ends without a session.

use postern_front::metrics::Verdict;
use postern_front::password_field::Denied;

/// Why a sign-in ends without a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum SignInFailure {
    /// Refused. The reason is in the daemon's audit log; the client gets the same answer for every reason.
    Refused,
    /// The app password is right, but can no longer be used, or not before the next sign-in to the webmail.
    Expired,
    /// Temporarily unavailable.
    Unavailable,
    /// The backend admits no more sessions of this mailbox.
    Limit,
    /// The backend wants a longer time between two sign-ins (RFC 2449, section 8.1.1).
    TooSoon,
    /// The backend reports that the mailbox's password has expired.
    PasswordExpired,
    /// The backend refuses this mailbox for a reason that the administrator knows.
    ContactAdmin,
}

impl From<Denied> for SignInFailure {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Refused => Self::Refused,
            Denied::Expired => Self::Expired,
            Denied::Unavailable => Self::Unavailable,
        }
    }
}

impl From<SignInFailure> for Verdict {
    fn from(failure: SignInFailure) -> Self {
        match failure {
            SignInFailure::Refused | SignInFailure::ContactAdmin => Self::Refused,
            SignInFailure::Expired | SignInFailure::PasswordExpired => Self::Expired,
            SignInFailure::Unavailable => Self::Unavailable,
            SignInFailure::Limit | SignInFailure::TooSoon => Self::Limit,
        }
    }
}
