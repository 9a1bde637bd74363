//! Metrics of the webmail front.

use postern_process::{Label, label, metrics};
use postern_proxy_config::Endpoint;

metrics! {
    /// Metrics of the webmail front.
    pub static METRICS: Metrics {
        /// Webmail sessions that are open.
        webmail_sessions: Readings<()> = "postern_proxy_webmail_sessions",
        /// Requests to the endpoints beside Outlook on the web.
        endpoints: Counters<(EndpointName, OneEndpoint)> = "postern_proxy_door_requests_total",
    }
}

label! {
    /// The outcome of a request to an endpoint beside Outlook on the web.
    pub enum OneEndpoint in "verdict" {
        /// It was forwarded.
        Forwarded = "passed",
        /// It was answered with a challenge for an app password.
        Challenge = "challenge",
        /// Its credentials were refused.
        Refused = "refused",
        /// Its credentials could not be checked.
        Unavailable = "unavailable",
        /// The endpoint is closed, at least for the client's network.
        Closed = "closed",
    }
}

/// An endpoint beside the webmail, labelled by its name in `[webmail.doors]`.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_endpoint_is_counted_under_its_own_name() {
        for endpoint in Endpoint::ALL {
            assert_eq!(EndpointName::WORDS[EndpointName(endpoint).index()], endpoint.name());
        }
        assert_eq!(EndpointName::WORDS.len(), Endpoint::ALL.len());
    }
}
