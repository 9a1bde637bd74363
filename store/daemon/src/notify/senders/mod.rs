//! Delivery of codes and notices: text messages through an HTTP gateway or a local program, mail through a mail server
//! or sendmail. Recipients and frequency are decided elsewhere; this module handles transport and the daily budget.
//!
//! From the outermost layer to the innermost: [`Senders`] counts messages (`budget.rs`) and chooses the transport;
//! `gateway.rs`, `program.rs`, and `mail.rs` with `smtp.rs` are the transports; `line.rs` connects.
//! [`crate::notify::template`] and [`crate::notify::recipient`] ensure that values are not interpreted as anything
//! else.
//!
//! Nothing is sent twice here: only connecting is retried, and never once a byte of a message has been sent.
//! [`crate::notify::outbox`] retries notices that were not accepted.

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
