//! The metrics of the upstream.

use postern_process::{label, metrics};

metrics! {
    /// The metrics of the upstream.
    pub static METRICS: Metrics {
        /// What it takes until the webmail begins its answer; long polls take long by design.
        upstream: Histograms<(Way, Heard)> = "postern_proxy_upstream_seconds",
    }
}

label! {
    /// The kind of client that a request to the webmail is for.
    pub enum Way in "way" {
        /// For browsers.
        Browser = "browser",
        /// For programs, at the endpoints beside Outlook on the web.
        Endpoint = "door",
    }
}

label! {
    /// The outcome of a request to the webmail.
    pub enum Heard in "outcome" {
        /// It answered, whatever the answer is.
        Answered = "answered",
        /// No request was sent: the maximum number of requests is running.
        Full = "full",
        /// It cannot be reached.
        Unreachable = "unreachable",
        /// The connection broke.
        Broken = "broken",
        /// It did not answer in time.
        Silent = "silent",
        /// The client gave up, or sent what cannot be passed on.
        Client = "client",
    }
}
