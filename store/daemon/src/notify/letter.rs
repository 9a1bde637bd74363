//! A notice to one address.

use postern_wire::Secret;
use serde::{Deserialize, Serialize};

/// A notice to one address.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Letter {
    /// Whom it is about.
    pub mailbox: String,
    /// Where it goes.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: Secret,
}
