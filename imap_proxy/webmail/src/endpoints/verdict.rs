//! How a request at an endpoint ends that passes no further.

use crate::metrics::OneEndpoint;
use postern_front::password_field::Denied;

/// A request ends here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum EndpointDenial {
    /// Refused. The client gets the same answer for every reason.
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
    /// Of a request that brought something.
    pub fn of<T>(outcome: &Result<T, EndpointDenial>) -> Self {
        match outcome {
            Ok(_) => Self::Passed,
            Err(EndpointDenial::Refused) => Self::Refused,
            Err(EndpointDenial::Unavailable) => Self::Unavailable,
        }
    }
}
