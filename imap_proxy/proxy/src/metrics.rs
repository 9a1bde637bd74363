//! The metrics page: the metrics of every crate, and values that are determined when the page is requested.

use jiff::Timestamp;
use postern_front::tls::{Certificate, Validity};
use postern_process::{label, metrics};
use postern_webmail::WebmailFront;

metrics! {
    /// The metrics of the process.
    pub static METRICS: Metrics {
        /// Which postern-proxy this is.
        build: Readings<Build> = "postern_proxy_build_info",
        /// When it started, in seconds since 1970.
        started: Readings<()> = "process_start_time_seconds",
        /// Until when the certificate is good, in seconds since 1970.
        expiry: Readings<()> = "postern_proxy_certificate_expiry_timestamp_seconds",
    }
}

label! {
    /// Its version.
    pub enum Build in "version" {
        /// This one's.
        This = env!("CARGO_PKG_VERSION"),
    }
}

/// The values that are determined when the page is requested.
pub struct Looked {
    /// When the proxy started.
    pub started: Timestamp,
    /// The certificate that clients are shown.
    pub certificate: std::sync::Arc<Certificate>,
    /// The webmail front, if there is one.
    pub webmail_front: Option<std::sync::Arc<WebmailFront>>,
}

impl Looked {
    /// All metrics, in Prometheus's format.
    pub fn page(&self) -> String {
        METRICS.build.set(Build::This, 1);
        METRICS.started.set((), self.started.as_second());
        let certificate = self.certificate.current();
        let first = certificate.as_ref().and_then(|certificate| certificate.cert.first());
        if let Some(Ok(validity)) = first.map(Validity::of) {
            METRICS.expiry.set((), validity.until.as_second());
        }
        if let Some(webmail_front) = &self.webmail_front {
            postern_webmail::metrics::METRICS
                .webmail_sessions
                .set((), i64::try_from(webmail_front.sessions_open()).unwrap_or(i64::MAX));
        }
        [
            METRICS.page(),
            postern_front::metrics::METRICS.page(),
            postern_http::metrics::METRICS.page(),
            postern_webmail::metrics::METRICS.page(),
            postern_mail::metrics::METRICS.page(),
        ]
        .concat()
    }
}
