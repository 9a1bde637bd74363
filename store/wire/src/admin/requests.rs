//! Requests for a reset.

use crate::Secret;
use serde::{Deserialize, Serialize};

/// An undecided request for a reset. Its texts are untrusted input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The canonical mailbox.
    pub mailbox: String,
    /// When it was opened, RFC 3339.
    pub opened: String,
    /// When it may be approved, RFC 3339.
    pub ready: String,
    /// The client's address.
    #[serde(default)]
    pub address: Option<String>,
    /// How the user can be reached.
    pub contact: String,
    /// The reason for the request.
    pub reason: String,
    /// The evidence that the requester is the owner.
    pub evidence: String,
}

/// The reply to `ShowRequest`, and, called with `more`, to `ListRequests`, in pieces and without reason and evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// In the order of the mailboxes.
    pub requests: Vec<Request>,
}

/// The reply to `DecideRequest`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// The canonical mailbox.
    pub mailbox: String,
    /// After an approval: the enrolment code, which the user types before the first method is set up; it is returned
    /// only here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment_code: Option<Secret>,
}

/// Parameters of `DecideRequest`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DecideRequest {
    /// The mailbox.
    pub mailbox: String,
    /// True: reset the account; false: leave it unchanged. The request is removed in both cases.
    pub approve: bool,
}
