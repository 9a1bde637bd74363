//! By what the numbers are told apart.

use crate::imap::{self, BackendError};
use crate::upstream::UpstreamError;
use crate::webmail::endpoints::verdict::Stop as EndpointStop;
use crate::webmail::verdict::{self, AfterPassword};
use postern_process::{Label, label};
use postern_proxy_config::Endpoint;
use postern_wire::CallError;

label! {
    /// Its version.
    pub enum Build in "version" {
        /// This one's.
        This = env!("CARGO_PKG_VERSION"),
    }
}

label! {
    /// Which front.
    pub enum Front in "front" {
        /// For browsers, and for programs at the endpoints beside Outlook on the web.
        Webmail = "webmail",
        /// For mail apps.
        Imap = "imap",
    }
}

label! {
    /// How far a connection came.
    pub enum Arrival in "outcome" {
        /// TLS has begun.
        Accepted = "accepted",
        /// As many are open as may be.
        Full = "full",
        /// As many are open from there as may be.
        FullForAddress = "full_for_address",
        /// It carried no request, or had not signed in, and made room for another.
        MadeRoom = "made_room",
        /// A load balancer's PROXY header is none.
        ProxyHeader = "proxy_header",
        /// TLS did not begin.
        Handshake = "handshake",
        /// It took too long, until TLS or until a sign-in.
        Late = "late",
    }
}

label! {
    /// What became of a password, with or without something behind it.
    pub enum Verdict in "verdict" {
        /// It let somebody in.
        Accepted = "accepted",
        /// A code is asked for.
        Challenge = "challenge",
        /// A second factor has to be set up first.
        Enrol = "enrol",
        /// The webmail does not take it.
        Password = "password_refused",
        /// It lets nobody in.
        Refused = "refused",
        /// It is an app password that is of no use any more, or its time is over at the mail server.
        Expired = "expired",
        /// The mailbox has as many sessions as it may have.
        Limit = "limit",
        /// Nobody can say.
        Unavailable = "unavailable",
    }
}

label! {
    /// Which way bytes went.
    pub enum Direction in "direction" {
        /// To the mail app.
        ToClient = "to_client",
        /// To the mail server.
        ToBackend = "to_backend",
    }
}

label! {
    /// For whom the webmail is asked.
    pub enum Way in "way" {
        /// For browsers.
        Browser = "browser",
        /// For programs, at the endpoints beside Outlook on the web.
        Endpoint = "door",
    }
}

label! {
    /// What came of a request to the webmail.
    pub enum Heard in "outcome" {
        /// It answered, whatever it said.
        Answered = "answered",
        /// It was not asked: as many requests are running as may.
        Full = "full",
        /// There is no connection to be had.
        Unreachable = "unreachable",
        /// The connection broke.
        Broken = "broken",
        /// It did not answer in time.
        Silent = "silent",
        /// The client gave up, or asked for what cannot be passed on.
        Client = "client",
    }
}

label! {
    /// What came of a sign-in at the IMAP backend.
    pub enum Asked in "outcome" {
        /// Somebody is in.
        Accepted = "accepted",
        /// It says no.
        Refused = "refused",
        /// As many sessions are open as may be.
        Full = "full",
        /// There is no connection to be had, or it broke.
        Unreachable = "unreachable",
        /// It did not answer in time.
        Silent = "silent",
        /// It says what it must not.
        Unfit = "unfit",
    }
}

label! {
    /// What came of a call to posternd.
    pub enum Call in "outcome" {
        /// It answered, whatever it said.
        Answered = "answered",
        /// Nobody listens there.
        Unreachable = "unreachable",
        /// It did not answer in time, or broke off.
        Lost = "lost",
        /// What answered is not posternd, or makes no sense.
        Garbage = "garbage",
        /// It says that it cannot.
        Error = "error",
    }
}

label! {
    /// What became of a request to a endpoint beside Outlook on the web.
    pub enum OneEndpoint in "verdict" {
        /// It passed.
        Passed = "passed",
        /// It was asked for an app password.
        Challenge = "challenge",
        /// What it brought opens nothing.
        Refused = "refused",
        /// Nobody can say.
        Unavailable = "unavailable",
        /// The endpoint is closed, at least from there.
        Closed = "closed",
    }
}

/// An endpoint beside the webmail, by the name that it has in `[webmail.doors]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndpointName(pub Endpoint);

impl Label for EndpointName {
    const NAME: &'static str = "door";
    const WORDS: &'static [&'static str] = &{
        let mut words = [""; Endpoint::ALL.len()];
        let mut next = 0;
        while next < words.len() {
            words[next] = Endpoint::ALL[next].name();
            next += 1;
        }
        words
    };

    fn index(self) -> usize {
        self.0 as usize
    }
}

impl From<&AfterPassword> for Verdict {
    fn from(after: &AfterPassword) -> Self {
        match after {
            AfterPassword::Release { .. } => Self::Accepted,
            AfterPassword::Challenge { .. } => Self::Challenge,
            AfterPassword::Enrol { .. } => Self::Enrol,
            AfterPassword::Stop(verdict::Stop::Unavailable) => Self::Unavailable,
            AfterPassword::Blocked { .. } | AfterPassword::Stop(_) => Self::Refused,
        }
    }
}

impl OneEndpoint {
    /// Of a request that brought something.
    pub(crate) fn of<T>(outcome: &Result<T, EndpointStop>) -> Self {
        match outcome {
            Ok(_) => Self::Passed,
            Err(EndpointStop::Refused) => Self::Refused,
            Err(EndpointStop::Unavailable) => Self::Unavailable,
        }
    }
}

impl From<imap::Stop> for Verdict {
    fn from(stop: imap::Stop) -> Self {
        match stop {
            imap::Stop::Refused | imap::Stop::ContactAdmin => Self::Refused,
            imap::Stop::Expired | imap::Stop::PasswordExpired => Self::Expired,
            imap::Stop::Unavailable => Self::Unavailable,
            imap::Stop::Limit => Self::Limit,
        }
    }
}

impl Heard {
    /// Of a request.
    pub fn of<T>(outcome: &Result<T, UpstreamError>) -> Self {
        match outcome {
            Ok(_) => Self::Answered,
            Err(UpstreamError::Full) => Self::Full,
            Err(UpstreamError::Unreachable(_)) => Self::Unreachable,
            Err(UpstreamError::Broken(_) | UpstreamError::AsksAsProxy) => Self::Broken,
            Err(UpstreamError::Silent) => Self::Silent,
            Err(UpstreamError::Client(_) | UpstreamError::Request(_)) => Self::Client,
        }
    }
}

impl Asked {
    /// Of a sign-in.
    pub fn of<T>(outcome: &Result<T, BackendError>) -> Self {
        match outcome {
            Ok(_) => Self::Accepted,
            Err(BackendError::Refused(_)) => Self::Refused,
            Err(BackendError::Full(_)) => Self::Full,
            Err(BackendError::Lost(_)) => Self::Unreachable,
            Err(BackendError::Silent) => Self::Silent,
            Err(BackendError::Unfit(_)) => Self::Unfit,
        }
    }
}

impl Call {
    /// Of a call.
    pub fn of<T>(outcome: &Result<T, CallError>) -> Self {
        match outcome {
            Ok(_) => Self::Answered,
            Err(CallError::Unreachable(_)) => Self::Unreachable,
            Err(CallError::Lost(_)) => Self::Lost,
            Err(CallError::Impostor(_) | CallError::Garbage(_)) => Self::Garbage,
            Err(CallError::Error(_)) => Self::Error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_door_is_counted_under_its_own_name() {
        for endpoint in Endpoint::ALL {
            assert_eq!(EndpointName::WORDS[EndpointName(endpoint).index()], endpoint.name());
        }
        assert_eq!(EndpointName::WORDS.len(), Endpoint::ALL.len());
    }
}
