//! Sealed records over an engine: what is stored under which key, the keys that seal it, the audit log, tickets and
//! exports. It knows neither sockets nor the daemon, and reads no clock.
//!
//! From below: [`master_key`], [`seal`], [`header`] (whether a store and a key belong together), [`records`] (accounts,
//! aliases, platforms) with their [`keys`], [`audit`] entries, [`tickets`] that fronts keep, [`app_password`] (the
//! mailbox's password, sealed to an app password), [`reseal`] under a newer key, and [`export`].

pub mod app_password;
pub mod audit;
mod error;
pub mod export;
pub mod header;
pub mod keys;
pub mod master_key;
pub mod records;
pub mod reseal;
pub mod seal;
pub mod tickets;
pub mod time;

pub use error::{COMMIT_DEADLINE, READ_DEADLINE, RecordError};
