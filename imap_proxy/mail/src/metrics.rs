//! The metrics of mail sessions.

use postern_process::{label, metrics};

metrics! {
    /// The metrics of mail sessions.
    pub static METRICS: Metrics {
        /// IMAP sessions that are open.
        imap_sessions: Gauges<()> = "postern_proxy_imap_sessions",
        /// Bytes of IMAP sessions.
        imap_bytes: Counters<Direction> = "postern_proxy_imap_bytes_total",
        /// POP3 sessions that are open.
        pop3_sessions: Gauges<()> = "postern_proxy_pop3_sessions",
        /// Bytes of POP3 sessions.
        pop3_bytes: Counters<Direction> = "postern_proxy_pop3_bytes_total",
        /// What it takes to sign in at a mail server.
        backend: Histograms<Asked> = "postern_proxy_backend_sign_in_seconds",
    }
}

label! {
    /// The direction of bytes.
    pub enum Direction in "direction" {
        /// To the mail app.
        ToClient = "to_client",
        /// To the mail server.
        ToBackend = "to_backend",
    }
}

label! {
    /// The outcome of a sign-in at a mail server.
    pub enum Asked in "outcome" {
        /// The user is signed in.
        Accepted = "accepted",
        /// It refused the sign-in.
        Refused = "refused",
        /// The maximum number of sessions is open.
        Full = "full",
        /// It cannot be reached, or the connection broke.
        Unreachable = "unreachable",
        /// It did not answer in time.
        Silent = "silent",
        /// Its reply violates the protocol or the configuration.
        Unfit = "unfit",
    }
}
