//! HTTP as the proxy speaks it, to clients and to the server behind.
//!
//! A request's way, top to bottom: [`listener`] (limits, PROXY header, TLS) → [`head_guard`] (HTTP/1 messages that could be
//! read in two ways end here) → the front that serves it → [`upstream`].

pub mod body;
mod guarded;
pub mod head_guard;
pub mod listener;
pub mod metrics;
mod pool;
pub mod upstream;
