//! posternd: the daemon that owns the store and decides about sign-ins.
//!
//! From the outermost layer to the innermost: [`serve`] (sockets, peers and calls); the verbs in [`sign_in`],
//! [`enrol`], [`account`] and [`administer`]; [`apply`] (load, decide, commit); [`daemon`] (name resolution) with [`effects`] (what
//! follows a commit); [`notify`] (delivery of codes and notices). [`upkeep`] runs periodic work. The rules, the sealed
//! records and the engine are separate crates.

pub mod account;
pub mod actor;
pub mod administer;
pub mod apply;
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
pub mod security_keys;
pub mod serve;
pub mod sign_in;
pub mod upkeep;
pub mod verb;
