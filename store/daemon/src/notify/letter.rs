//! A notice to one address.

use postern_wire::Secret;
use serde::{Deserialize, Serialize};

/// A notice to one address.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Letter {
    /// The mailbox that it is about.
    pub mailbox: String,
    /// The address that it is sent to.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: Secret,
}
