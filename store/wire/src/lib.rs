//! The protocol between the fronts, the administrator's command and the daemon.
//!
//! The protocol is [Varlink](https://varlink.org/): JSON objects on a Unix stream socket, each ended by a NUL byte.
//! The interface files beside this crate document it; `posternd` serves them, so any Varlink tool can use it. Varlink
//! sets no limits, so this crate does: a frame holds at most [`MAX_FRAME`] bytes, and a client waits at most until the
//! deadline that it was given.
//!
//! * [`auth`]: sign-in calls of a front (ask, answer, enrol, confirm, recheck, watch);
//! * [`security`]: calls of a front for a user who manages their own account;
//! * [`admin`]: calls of the administrator;
//! * [`methods`]: parameters, replies and allowed callers of each method;
//! * [`address`]: the canonical form of addresses and networks;
//! * [`frame`]: encoding and decoding of messages;
//! * [`client`]: a small blocking client, for processes that must not have an async runtime (the PAM module, the CLI).

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
