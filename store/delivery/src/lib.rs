//! Transports of messages: text messages through an HTTP gateway or a local program, mail through a mail server or
//! sendmail. Recipients, texts and frequency are decided by the caller.
//!
//! [`SmsTransport`] and [`MailTransport`] are made of the configuration ([`config`]). `gateway.rs`, `program.rs` and
//! `smtp.rs` send; `line.rs` connects. [`template`] and [`recipient`] ensure that values are not interpreted as
//! anything else.
//!
//! Nothing is sent twice here: only connecting is retried, and never once a byte of a message has been sent.

pub mod config;
pub mod recipient;
pub mod template;

mod failure;
mod gateway;
mod line;
mod mail;
mod ovh;
mod program;
mod replies;
mod said;
mod secret_file;
mod sms;
mod smtp;

pub use failure::{Failed, SetUpError};
pub use mail::{MailTransport, MessageId};
pub use sms::SmsTransport;

use std::time::Duration;

/// Maximum time for sending a message.
pub const LONGEST: Duration = Duration::from_secs(25);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_way_takes_longer_than_is_promised() {
        let ways = [
            // Connecting, TLS, and the response.
            line::REACH + line::REACH + gateway::ANSWER,
            line::REACH + smtp::DIALOGUE + smtp::ACCEPT + smtp::QUIT,
            program::PATIENCE,
        ];
        assert!(ways.into_iter().all(|way| way <= LONGEST), "{ways:?}");
    }
}
