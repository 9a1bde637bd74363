//! posternd: the daemon that owns the store and decides.
//!
//! From outside in: [`server`] (sockets and peers), [`service`] (calls), [`signin`], [`field`] and [`administer`] (verbs),
//! [`daemon`] (names, and load-decide-swap), [`records`] (what is kept under which key), [`seal`] and [`engine`].
//! The rules are another crate.

pub mod administer;
pub mod audit;
pub mod checks;
pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod engine;
pub mod export;
pub mod field;
pub mod master_key;
pub mod passed;
pub mod records;
pub mod run;
pub mod seal;
pub mod server;
pub mod service;
pub mod signin;
pub mod standing;
pub mod sweep;
