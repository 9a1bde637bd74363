//! The part of Postern that faces the internet: a front that owns the way to the mailbox and asks the daemon.
//!
//! It holds no factor secrets and no rule. Whatever it does not know, cannot read or cannot ask is a refusal.
//!
//! A connection's way in, top to bottom: [`listener`] (limits, [`proxy_protocol`], [`tls`]) → [`head_guard`] (HTTP/1
//! messages that could be read in two ways end here) → [`webmail`] (who may do what) → [`upstream`]. Mail apps come in by
//! [`imap::front`]. The certificate comes from files, or by [`acme`].

pub mod acme;
pub mod activated;
pub mod body;
pub mod cli;
pub mod clock;
pub mod config;
mod connection_limits;
pub mod daemon;
mod follow;
mod guarded;
pub mod head_guard;
pub mod imap;
pub mod listener;
pub mod log;
pub mod metrics;
pub mod pin;
mod pool;
pub mod portal;
pub mod proxy_protocol;
mod rate_limited;
pub mod socket;
mod source;
pub mod tls;
pub mod upstream;
pub mod webmail;
