//! Sealed records over an engine: the record keys, the master keys that seal them, the audit log, tickets and exports.
//! This crate uses neither sockets nor the daemon, and reads no clock.
//!
//! In order of dependency: [`master_key`], [`seal`], [`header`] (checks that a store and a key belong together),
//! [`records`] (accounts, aliases, platforms) with their [`keys`], [`audit`] entries, [`tickets`] that fronts store,
//! [`app_password`] (the mailbox's password, sealed to an app password), [`reseal`] under a newer key, [`export`] and [`import`].

pub mod app_password;
pub mod audit;
mod error;
pub mod export;
pub mod header;
pub mod import;
pub mod keys;
pub mod master_key;
pub mod records;
pub mod reseal;
pub mod seal;
pub mod tickets;
pub mod time;

pub use error::{COMMIT_DEADLINE, READ_DEADLINE, RecordError};
