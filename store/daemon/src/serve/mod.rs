//! The sockets: from a connection to the verb of a call, and from a configuration to a running daemon.

mod auth_verbs;
pub mod call;
pub mod connection;
pub mod peers;
pub mod run;
pub mod server;
pub mod service;
pub mod side;
pub mod socket_limits;
