//! The actor of an event, for the audit log.

use std::net::IpAddr;

/// The actor that caused an event, for the audit log.
#[derive(Debug, Clone)]
pub struct Actor {
    /// `uid 0 (root)`, a channel, or `posternd`.
    pub name: String,
    /// The client's address, where there is one.
    pub address: Option<IpAddr>,
    /// Details, such as the hours or the name as typed.
    pub detail: String,
    /// The language of the pages that the user sees, if there are any.
    pub language: Option<String>,
}

impl Actor {
    /// An actor on this host.
    pub fn new(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: name.into(), address: None, detail: detail.into(), language: None }
    }
}
