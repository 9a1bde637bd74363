//! Delivery of codes and notices by the configured transports, which are in postern-delivery. [`Senders`] counts
//! messages, for the day (`budget.rs`) and for each recipient (`recipients.rs`), and chooses the transport.
//!
//! [`crate::notify::outbox`] retries notices that were not accepted.

mod budget;
mod dispatch;
mod failure;
mod recipients;

pub use dispatch::{Senders, judge};
pub use failure::SendError;
/// Maximum time for sending a message, in addition to the time that the store needs to count it. The timeout for
/// clients at a front is longer.
pub use postern_delivery::LONGEST;
pub use postern_delivery::{MessageId, SetUpError};
