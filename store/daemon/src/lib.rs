//! posternd: the daemon that owns the store and decides.
//!
//! From outside in: [`server`] (sockets and peers), [`service`] (calls), [`signin`], [`field`] and [`administer`] (verbs),
//! [`daemon`] (names, and load-decide-swap), [`records`] (what is stored under which key), [`seal`] and [`engine`].
//! The rules are another crate.

pub mod administer;
pub mod audit;
pub mod browsers;
pub mod checks;
pub mod cli;
pub mod clock;
pub mod codes;
pub mod config;
pub mod connection_limits;
pub mod daemon;
pub mod effects;
pub mod ends;
pub mod engine;
pub mod enrol;
pub mod export;
pub mod field;
pub mod keys;
pub mod log;
pub mod master_key;
pub mod metrics;
pub mod notices;
pub mod outbox;
pub mod peers;
pub mod prepare;
pub mod proof;
pub mod records;
pub mod requests;
pub mod rotate;
pub mod run;
pub mod seal;
pub mod security;
pub mod senders;
pub mod server;
pub mod service;
pub mod signin;
pub mod standing;
pub mod sweep;
pub mod texts;
pub mod tickets;
pub mod webauthn;
