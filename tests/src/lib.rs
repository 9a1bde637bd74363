//! The harness: real servers, Postern's own programs and a real browser, started on loopback and stopped afterwards.
//!
//! Most tests begin with [`World::start`]; `tests/README.md` gives an overview.

pub mod accounts;
pub mod acme;
pub mod axe;
pub mod backend;
pub mod binaries;
pub mod browser;
pub mod certificates;
pub mod clean_root;
pub mod clock;
pub mod dovecot;
mod error;
pub mod exchange_imap;
pub mod exchange_web;
pub mod files;
pub mod install;
pub mod mailboxes;
pub mod metrics;
mod nginx;
pub mod pam;
pub mod ports;
pub mod postfix;
pub mod programs;
pub mod receivers;
pub mod roundcube;
pub mod security_key;
pub mod service;
pub mod snappymail;
pub mod sogo;
pub mod tls;
pub mod tools;
pub mod wait;
pub mod world;

pub use binaries::binaries;
pub use error::{During, Error, Result};
pub use world::{Plan, Upstream, World};
