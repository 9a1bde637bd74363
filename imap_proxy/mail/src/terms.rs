//! The words of a protocol.

use postern_front::metrics;
use postern_wire::auth::Channel;

/// The words of a protocol, for clients, backends and the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Its name in the log and in errors.
    pub name: &'static str,
    /// The name of its front in metrics.
    pub front: metrics::Front,
    /// The channel of its sign-ins.
    pub channel: Channel,
    /// Its name in the audit log.
    pub service: &'static str,
    /// Its ALPN protocol (RFC 7301's registry), so that a browser that was redirected here does not connect.
    pub alpn: &'static [u8],
    /// Sent to a client whose session ends because its account has changed.
    pub account_changed: &'static str,
    /// Sent to a client whose session ends because the front stops.
    pub restarting: &'static str,
    /// Whether clients are shown something of the backend before they are signed in.
    pub shows_offers: bool,
    /// Sent to the backend to end a session that no client gets.
    pub logout: &'static str,
}
