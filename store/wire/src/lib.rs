//! What a front, the administrator's command and the daemon say to each other.
//!
//! The protocol is [Varlink](https://varlink.org/): JSON objects on a Unix stream socket, each ended by a NUL byte.
//! The interface files beside this crate document it; `posternd` serves them, so any Varlink tool can talk to it.
//! Limits that Varlink leaves open are set here: a frame holds at most [`MAX_FRAME`] bytes, and a client waits at
//! most the deadline that it was given.
//!
//! * [`auth`]: what a front may say (ask, answer, enrol, confirm, recheck, watch);
//! * [`security`]: what a front may say for a person who looks after their own account;
//! * [`admin`]: what the administrator may say;
//! * [`methods`]: what each method takes and replies, and who may call it;
//! * [`address`]: addresses and networks, in one spelling each;
//! * [`frame`]: bytes to messages and back;
//! * [`client`]: a small blocking client, for processes that must not have a runtime (the PAM module, the CLI).

pub mod address;
pub mod admin;
pub mod auth;
pub mod client;
pub mod frame;
pub mod message;
pub mod methods;
mod proves;
mod secret;
pub mod security;

pub use client::{CallError, Client, Deadline};
pub use frame::{Decoder, FrameError, MAX_FRAME};
pub use message::{Call, ErrorReply, Reply};
pub use secret::Secret;

/// Where `posternd` listens for fronts unless configured otherwise.
pub const AUTH_SOCKET: &str = "/run/postern/auth.sock";
/// Where `posternd` listens for the administrator unless configured otherwise.
pub const ADMIN_SOCKET: &str = "/run/postern/admin.sock";
/// The system user that `posternd` runs as when it is installed from its package.
pub const DAEMON_USER: &str = "postern";
