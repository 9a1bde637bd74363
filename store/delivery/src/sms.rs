//! The configured transport of text messages.

use crate::config::SmsWay;
use crate::failure::{Failed, SetUpError};
use crate::gateway::Gateway;
use crate::program::Program;
use crate::recipient::SmsRecipient;
use postern_rules::Time;
use postern_wire::Secret;

/// Sends text messages.
pub struct SmsTransport(Way);

enum Way {
    Gateway(Box<Gateway>),
    Program(Program),
}

impl SmsTransport {
    /// Reads the files that the configuration names; does not connect.
    ///
    /// # Errors
    /// [`SetUpError`].
    pub fn new(way: &SmsWay) -> Result<Self, SetUpError> {
        Ok(Self(match way {
            SmsWay::Gateway(gateway) => Way::Gateway(Box::new(Gateway::new(gateway)?)),
            SmsWay::Command(command) => Way::Program(Program::new(command)),
        }))
    }

    /// Sends a text message, and returns when the gateway or the program has accepted it, within
    /// [`LONGEST`](crate::LONGEST).
    ///
    /// # Errors
    /// [`Failed`].
    pub async fn send(&self, now: Time, number: &SmsRecipient, text: &Secret) -> Result<(), Failed> {
        match &self.0 {
            Way::Gateway(gateway) => gateway.send(now, number, text).await,
            Way::Program(program) => program.send(number, text).await,
        }
    }
}
