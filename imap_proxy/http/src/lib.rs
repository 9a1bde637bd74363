//! HTTP as the proxy uses it, with clients and with the upstream.
//!
//! The path of a request: [`listener`] (limits, PROXY header, TLS) → [`head_guard`] (rejects ambiguous HTTP/1 messages)
//! → the front that serves it → [`upstream`].

pub mod body;
mod guarded;
pub mod head_guard;
pub mod listener;
pub mod metrics;
mod pool;
pub mod upstream;
