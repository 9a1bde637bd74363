//! The outcome of a request at an endpoint that is not forwarded.

use crate::metrics::OneEndpoint;
use postern_front::password_field::Denied;

/// The request is not forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum EndpointDenial {
    /// Refused. The client receives the same response for every reason.
    Refused,
    /// Temporarily unavailable.
    Unavailable,
}

impl From<Denied> for EndpointDenial {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Refused | Denied::Expired => Self::Refused,
            Denied::Unavailable => Self::Unavailable,
        }
    }
}

impl OneEndpoint {
    /// The outcome for a request that has credentials.
    pub fn of<T>(outcome: &Result<T, EndpointDenial>) -> Self {
        match outcome {
            Ok(_) => Self::Forwarded,
            Err(EndpointDenial::Refused) => Self::Refused,
            Err(EndpointDenial::Unavailable) => Self::Unavailable,
        }
    }
}
