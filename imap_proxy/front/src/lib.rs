//! What every listener of the proxy shares: sockets, TLS with its certificate, the PROXY header, limits of connections,
//! the way to posternd, and the registry of sessions that follows it.
//!
//! It knows no protocol that is spoken over these connections, and no rule: what cannot be asked of posternd is refused.

pub mod activated;
pub mod clock;
pub mod connection_limits;
pub mod credentials;
pub mod daemon;
pub mod follow;
pub mod metrics;
pub mod password_field;
pub mod pin;
pub mod proxy_protocol;
pub mod rate_limited;
pub mod session_registry;
pub mod socket;
pub mod source;
pub mod tls;
