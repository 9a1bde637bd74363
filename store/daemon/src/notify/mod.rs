//! Codes and notices, and how they leave.

pub mod notices;
pub mod outbox;
pub mod senders;
pub mod texts;
