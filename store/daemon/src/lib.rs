//! posternd: the daemon that owns the store and decides.
//!
//! From outside in: [`serve`] (sockets, peers and calls); the verbs in [`sign_in`], [`enrol`], [`account`] and
//! [`administer`]; [`daemon`] (names, and load-decide-swap) with [`effects`] (what follows a commit); [`notify`] (codes and
//! notices on their way). [`upkeep`] does what is due by time. The rules, the sealed records and the engine are crates of
//! their own.

pub mod account;
pub mod actor;
pub mod administer;
pub mod checks;
pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod effects;
pub mod enrol;
pub mod key_source;
pub mod log;
pub mod metrics;
pub mod notify;
pub mod serve;
pub mod sign_in;
pub mod upkeep;
pub mod webauthn;
