//! Codes and notices, and their delivery.

pub mod letter;
pub mod notices;
pub mod outbox;
pub mod recipient;
pub mod senders;
pub mod template;
pub mod texts;
