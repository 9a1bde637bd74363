//! The sockets: from a connection to the verb that a call names, and from a configuration to a running daemon.

pub mod connection_limits;
pub mod peers;
pub mod run;
pub mod server;
pub mod service;
