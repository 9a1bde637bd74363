//! What is counted of the server behind.

use postern_process::{label, metrics};

metrics! {
    /// What is counted of the server behind.
    pub static METRICS: Metrics {
        /// What it takes until the webmail begins its answer; long polls take long by design.
        upstream: Histograms<(Way, Heard)> = "postern_proxy_upstream_seconds",
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
