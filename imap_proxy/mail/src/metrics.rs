//! What is counted of mail sessions.

use postern_process::{label, metrics};

metrics! {
    /// What is counted of mail sessions.
    pub static METRICS: Metrics {
        /// IMAP sessions that are open.
        imap_sessions: Gauges<()> = "postern_proxy_imap_sessions",
        /// Bytes of IMAP sessions.
        imap_bytes: Counters<Direction> = "postern_proxy_imap_bytes_total",
        /// What it takes to sign in at the IMAP backend.
        backend: Histograms<Asked> = "postern_proxy_backend_sign_in_seconds",
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
