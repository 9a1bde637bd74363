//! What all listeners of the proxy share: sockets, TLS with its certificate, the PROXY header, connection limits, calls
//! to posternd, and the registry of sessions that follows posternd.
//!
//! This crate knows none of the protocols spoken over these connections, and makes no decision: where posternd cannot
//! be asked, the answer is a refusal.

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
