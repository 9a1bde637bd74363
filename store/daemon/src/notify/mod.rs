//! Codes and notices, and their delivery.

pub mod letter;
pub mod notices;
pub mod outbox;
pub mod senders;
pub mod texts;
