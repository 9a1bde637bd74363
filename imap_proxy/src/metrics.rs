//! What the proxy counts, and what of it is looked up when somebody asks.

mod labels;

pub use labels::{Arrival, Asked, Build, Call, Direction, EndpointName, Front, Heard, OneEndpoint, Verdict, Way};

use crate::tls::{Certificate, Validity};
use crate::webmail::WebmailFront;
use jiff::Timestamp;
use postern_process::metrics;

metrics! {
    /// What the proxy counts.
    pub static METRICS: Metrics {
        /// Which postern-proxy this is.
        build: Readings<Build> = "postern_proxy_build_info",
        /// When it started, in seconds since 1970.
        started: Readings<()> = "process_start_time_seconds",
        /// Who has connected, by whether TLS began.
        arrivals: Counters<(Front, Arrival)> = "postern_proxy_connections_total",
        /// Connections that are open.
        connections: Gauges<Front> = "postern_proxy_connections",
        /// Passwords, with or without something behind them, by what became of them.
        sign_ins: Counters<(Front, Verdict)> = "postern_proxy_sign_ins_total",
        /// Webmail sessions that are open.
        webmail_sessions: Readings<()> = "postern_proxy_webmail_sessions",
        /// IMAP sessions that are open.
        imap_sessions: Gauges<()> = "postern_proxy_imap_sessions",
        /// Bytes of IMAP sessions.
        imap_bytes: Counters<Direction> = "postern_proxy_imap_bytes_total",
        /// What it takes until the webmail begins its answer; long polls take long by design.
        upstream: Histograms<(Way, Heard)> = "postern_proxy_upstream_seconds",
        /// What it takes to sign in at the IMAP backend.
        backend: Histograms<Asked> = "postern_proxy_backend_sign_in_seconds",
        /// What it takes until posternd has answered a call.
        calls: Histograms<Call> = "postern_proxy_daemon_call_seconds",
        /// Connections over which posternd tells of changes; while there are none, nobody is let in.
        streams: Gauges<()> = "postern_proxy_daemon_streams",
        /// Requests to the endpoints beside Outlook on the web.
        endpoints: Counters<(EndpointName, OneEndpoint)> = "postern_proxy_door_requests_total",
        /// Until when the certificate is good, in seconds since 1970.
        expiry: Readings<()> = "postern_proxy_certificate_expiry_timestamp_seconds",
    }
}

/// What is asked when somebody wants to see the numbers.
pub struct Looked {
    /// When the proxy started.
    pub started: Timestamp,
    /// What clients are shown.
    pub certificate: std::sync::Arc<Certificate>,
    /// The webmail front, where there is one.
    pub gate: Option<std::sync::Arc<WebmailFront>>,
}

impl Looked {
    /// Everything, as Prometheus reads it.
    pub fn page(&self) -> String {
        METRICS.build.set(Build::This, 1);
        METRICS.started.set((), self.started.as_second());
        let certificate = self.certificate.current();
        let first = certificate.as_ref().and_then(|certificate| certificate.cert.first());
        if let Some(Ok(validity)) = first.map(Validity::of) {
            METRICS.expiry.set((), validity.until.as_second());
        }
        if let Some(gate) = &self.gate {
            METRICS.webmail_sessions.set((), i64::try_from(gate.sessions_open()).unwrap_or(i64::MAX));
        }
        METRICS.page()
    }
}
