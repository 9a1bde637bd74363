//! The IMAP front: the daemon decides what a sign-in needs; after sign-in, bytes are relayed unchanged.
//!
//! [`front`] is the sequence. [`splitter`] finds commands, [`command`] parses them, and [`login`] decides what they
//! lead to: none of the three does I/O. [`verdict`] says how a sign-in ends without a session, [`backend`] requires a
//! pass, and [`relay`] takes the connection that the backend returns.

pub mod backend;
mod checks;
pub mod command;
pub mod connection;
pub mod dialogue;
pub mod front;
pub mod greeting;
pub mod login;
pub mod preconnect;
mod rejected_credentials;
pub mod relay;
pub mod reply;
mod session_limits;
pub mod splitter;
pub mod verdict;
mod waiting;

pub use backend::Backend;
pub use connection::BackendError;
pub use front::{Front, MAX_PENDING_PER_ADDRESS, Socket};
pub use login::Security;
pub use verdict::Stop;
pub use waiting::{MAX_WAITING, MAX_WAITING_PER_ADDRESS};
