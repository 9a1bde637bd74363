//! The IMAP front: a sign-in needs what the daemon says it needs; then bytes pass as they are.
//!
//! [`front`] is the story. [`splitter`] finds commands, [`command`] reads them, [`login`] decides what they lead to:
//! pure, all three. [`verdict`] turns the daemon's answers into a pass, [`backend`] takes nothing but a pass, and
//! [`relay`] takes what the backend gives.

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
