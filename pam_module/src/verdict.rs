//! How a sign-in can end, and what libpam is told: the one file of this module that could let somebody in by mistake.

use pam::constants::PamResultCode;
use postern_pam_options::Unknown;
use postern_wire::CallError;
use postern_wire::auth::Reason;

/// The daemon let the sign-in pass. Nothing else makes one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub(crate) enum Passed {
    /// It said that no second factor is required.
    NotRequired,
    /// It accepted a code.
    Verified {
        /// Of which method.
        method: String,
    },
    /// It accepted the first code of a new method.
    Enrolled {
        /// The new one.
        method: String,
    },
}

/// Why a sign-in does not pass.
#[derive(Debug)]
#[must_use]
pub(crate) enum Stopped {
    /// The daemon said no.
    Refused(Reason),
    /// What the host gave as an answer cannot be one; the daemon was not asked.
    Unfit(Unfit),
    /// The host could not put a question, or gave nothing back.
    ConversationFailed,
    /// The daemon gave no verdict.
    Unavailable(CallError),
    /// An argument in the PAM configuration makes no sense.
    Option(String),
    /// A bug in this module.
    Panicked,
}

/// Why an answer is not worth a question to the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// Nothing was typed, or no module before this one has left a password.
    Empty,
    /// OpenSSH's stand-in for the password of a user that it does not know or does not let in.
    StandIn,
    /// A user name or an answer that is not UTF-8: it could not be compared byte for byte.
    NotText,
    /// A user name or an answer longer than the daemon takes.
    TooLong,
    /// A user name or an answer that the daemon says it cannot read.
    Invalid,
}

impl From<Unknown> for Stopped {
    fn from(Unknown(option): Unknown) -> Self {
        Self::Option(option)
    }
}

impl From<CallError> for Stopped {
    fn from(error: CallError) -> Self {
        Self::Unavailable(error)
    }
}

impl From<Unfit> for Stopped {
    fn from(unfit: Unfit) -> Self {
        Self::Unfit(unfit)
    }
}

/// What libpam is told.
///
/// What a stranger can bring about is never AUTHINFO_UNAVAIL, USER_UNKNOWN or the like: stacks are told to ignore
/// those, and a stranger would choose to be ignored.
pub(crate) fn code(ended: &Result<Passed, Stopped>) -> PamResultCode {
    match ended {
        Ok(Passed::Verified { .. } | Passed::Enrolled { .. }) => PamResultCode::PAM_SUCCESS,
        Ok(Passed::NotRequired) => PamResultCode::PAM_IGNORE,
        Err(Stopped::Refused(Reason::Locked)) => PamResultCode::PAM_MAXTRIES,
        Err(Stopped::Refused(Reason::Unavailable) | Stopped::Unavailable(_)) => PamResultCode::PAM_AUTHINFO_UNAVAIL,
        Err(Stopped::Refused(_) | Stopped::Unfit(_)) => PamResultCode::PAM_AUTH_ERR,
        Err(Stopped::ConversationFailed) => PamResultCode::PAM_CONV_ERR,
        Err(Stopped::Option(_)) => PamResultCode::PAM_SERVICE_ERR,
        Err(Stopped::Panicked) => PamResultCode::PAM_ABORT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_manual_page() {
        use PamResultCode as Code;
        let method = || "k3".to_owned();
        let lost = || CallError::Lost(std::io::ErrorKind::TimedOut.into());
        for (ended, expected) in [
            (Ok(Passed::NotRequired), Code::PAM_IGNORE),
            (Ok(Passed::Verified { method: method() }), Code::PAM_SUCCESS),
            (Ok(Passed::Enrolled { method: method() }), Code::PAM_SUCCESS),
            (Err(Stopped::Refused(Reason::Wrong)), Code::PAM_AUTH_ERR),
            (Err(Stopped::Refused(Reason::Name)), Code::PAM_AUTH_ERR),
            (Err(Stopped::Refused(Reason::Unenrolled)), Code::PAM_AUTH_ERR),
            (Err(Stopped::Refused(Reason::Stale)), Code::PAM_AUTH_ERR),
            (Err(Stopped::Refused(Reason::Expired)), Code::PAM_AUTH_ERR),
            (Err(Stopped::Refused(Reason::Locked)), Code::PAM_MAXTRIES),
            (Err(Stopped::Refused(Reason::Unavailable)), Code::PAM_AUTHINFO_UNAVAIL),
            (Err(Stopped::Unavailable(lost())), Code::PAM_AUTHINFO_UNAVAIL),
            (Err(Stopped::Unfit(Unfit::Empty)), Code::PAM_AUTH_ERR),
            (Err(Stopped::ConversationFailed), Code::PAM_CONV_ERR),
            (Err(Stopped::Option(String::new())), Code::PAM_SERVICE_ERR),
            (Err(Stopped::Panicked), Code::PAM_ABORT),
        ] {
            assert_eq!(code(&ended), expected, "{ended:?}");
        }
    }
}
