//! How codes and notices leave the daemon: texts through an HTTP gateway or a local program, mails through a mail
//! server or sendmail. Who is sent what, and how often, is decided elsewhere; here are transport and the day's budget.
//!
//! From outside in: [`Senders`] counts (`budget.rs`) and chooses the way; `gateway.rs`, `program.rs`, and `mail.rs` with
//! `smtp.rs` are the ways; `line.rs` connects. [`crate::notify::template`] and [`crate::notify::recipient`] keep values from being anything else.
//!
//! Nothing is sent twice here: what is tried again is connecting, and never once a byte of a message has left. Notices that
//! were not taken are tried again by [`crate::notify::outbox`].

mod budget;
mod dispatch;
mod failure;
mod gateway;
mod line;
mod mail;
mod ovh;
mod program;
mod recipients;
mod replies;
mod said;
mod secret_file;
mod smtp;

pub use dispatch::{LONGEST, Senders, judge};
pub use failure::{SendError, SetUpError};
pub use mail::MessageId;
