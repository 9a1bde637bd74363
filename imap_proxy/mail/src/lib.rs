//! The fronts for mail apps. [`front`] is the sequence of a connection, the same for every protocol; [`protocol`] says
//! what a protocol provides, and each is a module of its own. What they share with the other fronts is in
//! `postern-front`; they know nothing of webmail.
//!
//! [`verdict`] says how a sign-in ends without a session, [`backend`] requires a pass, and [`relay`] takes the
//! connection that the backend returns.

pub mod backend;
pub mod before_sign_in;
mod checks;
pub mod connection;
pub mod dialogue;
pub mod front;
pub mod imap;
pub mod line;
pub mod metrics;
pub mod pop3;
pub mod preconnect;
pub mod protocol;
pub mod refusal_text;
mod rejected_credentials;
pub mod relay;
pub mod sasl;
mod session_limits;
pub mod target;
pub mod terms;
pub mod verdict;
mod waiting;

pub use backend::Backend;
pub use connection::BackendError;
pub use front::{Front, MAX_PENDING_PER_ADDRESS, Socket};
pub use protocol::{Protocol, Security};
pub use verdict::SignInFailure;
pub use waiting::{MAX_WAITING, MAX_WAITING_PER_ADDRESS};
