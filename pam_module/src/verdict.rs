//! The results of a sign-in, and their PAM codes: the only file of this module where an error could admit a sign-in.

use pam::constants::PamResultCode;
use postern_pam_options::Unknown;
use postern_wire::CallError;
use postern_wire::auth::Reason;

/// The daemon admitted the sign-in. Only its verdict creates a value of this type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub(crate) enum Admitted {
    /// No second factor is required.
    NotRequired,
    /// A code was accepted.
    Verified {
        /// The method of the code.
        method: String,
    },
    /// The first code of a new method was accepted.
    Enrolled {
        /// The new method.
        method: String,
    },
}

/// Why a sign-in fails.
#[derive(Debug)]
#[must_use]
pub(crate) enum AuthFailure {
    /// The daemon refused it.
    Refused(Reason),
    /// The answer from the host is not valid; the daemon was not asked.
    Unfit(Unfit),
    /// The host could not show a prompt, or returned nothing.
    ConversationFailed,
    /// The daemon gave no verdict.
    Unavailable(CallError),
    /// An argument in the PAM configuration is not valid.
    Option(String),
    /// A bug in this module.
    Panicked,
}

/// Why an answer is not sent to the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// The answer is empty, or no earlier module has left a password.
    Empty,
    /// OpenSSH's placeholder for the password of a user that it does not know or does not admit.
    StandIn,
    /// A user name or an answer that is not UTF-8: it could not be compared byte for byte.
    NotText,
    /// A user name or an answer longer than the daemon accepts.
    TooLong,
    /// A user name or an answer that the daemon rejects as invalid.
    Invalid,
}

impl From<Unknown> for AuthFailure {
    fn from(Unknown(option): Unknown) -> Self {
        Self::Option(option)
    }
}

impl From<CallError> for AuthFailure {
    fn from(error: CallError) -> Self {
        Self::Unavailable(error)
    }
}

impl From<Unfit> for AuthFailure {
    fn from(unfit: Unfit) -> Self {
        Self::Unfit(unfit)
    }
}

/// The PAM code of a result.
///
/// Results that an unauthenticated client can cause are never AUTHINFO_UNAVAIL, USER_UNKNOWN or similar: some stacks
/// ignore those, so the client could make the stack ignore this module.
pub(crate) fn code(ended: &Result<Admitted, AuthFailure>) -> PamResultCode {
    match ended {
        Ok(Admitted::Verified { .. } | Admitted::Enrolled { .. }) => PamResultCode::PAM_SUCCESS,
        Ok(Admitted::NotRequired) => PamResultCode::PAM_IGNORE,
        Err(AuthFailure::Refused(Reason::Locked)) => PamResultCode::PAM_MAXTRIES,
        Err(AuthFailure::Refused(Reason::Unavailable) | AuthFailure::Unavailable(_)) => {
            PamResultCode::PAM_AUTHINFO_UNAVAIL
        }
        Err(AuthFailure::Refused(_) | AuthFailure::Unfit(_)) => PamResultCode::PAM_AUTH_ERR,
        Err(AuthFailure::ConversationFailed) => PamResultCode::PAM_CONV_ERR,
        Err(AuthFailure::Option(_)) => PamResultCode::PAM_SERVICE_ERR,
        Err(AuthFailure::Panicked) => PamResultCode::PAM_ABORT,
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
            (Ok(Admitted::NotRequired), Code::PAM_IGNORE),
            (Ok(Admitted::Verified { method: method() }), Code::PAM_SUCCESS),
            (Ok(Admitted::Enrolled { method: method() }), Code::PAM_SUCCESS),
            (Err(AuthFailure::Refused(Reason::Wrong)), Code::PAM_AUTH_ERR),
            (Err(AuthFailure::Refused(Reason::Name)), Code::PAM_AUTH_ERR),
            (Err(AuthFailure::Refused(Reason::Unenrolled)), Code::PAM_AUTH_ERR),
            (Err(AuthFailure::Refused(Reason::Stale)), Code::PAM_AUTH_ERR),
            (Err(AuthFailure::Refused(Reason::Expired)), Code::PAM_AUTH_ERR),
            (Err(AuthFailure::Refused(Reason::Locked)), Code::PAM_MAXTRIES),
            (Err(AuthFailure::Refused(Reason::Unavailable)), Code::PAM_AUTHINFO_UNAVAIL),
            (Err(AuthFailure::Unavailable(lost())), Code::PAM_AUTHINFO_UNAVAIL),
            (Err(AuthFailure::Unfit(Unfit::Empty)), Code::PAM_AUTH_ERR),
            (Err(AuthFailure::ConversationFailed), Code::PAM_CONV_ERR),
            (Err(AuthFailure::Option(String::new())), Code::PAM_SERVICE_ERR),
            (Err(AuthFailure::Panicked), Code::PAM_ABORT),
        ] {
            assert_eq!(code(&ended), expected, "{ended:?}");
        }
    }
}
