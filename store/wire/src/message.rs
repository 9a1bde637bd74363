//! The message envelope of Varlink: a call, a reply, an error.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A call in its wire format. `upgrade` is not supported, so it has no field.
#[derive(Debug, Serialize, Deserialize)]
pub struct Call<P> {
    /// `interface.Method`, such as `org.postern.Auth.Ask`.
    pub method: String,
    /// The method's parameters.
    #[serde(default = "none")]
    pub parameters: Option<P>,
    /// The caller accepts several replies.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// The caller expects no reply.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub oneway: bool,
}

// `#[serde(default)]` alone would ask `P: Default`.
fn none<P>() -> Option<P> {
    None
}

/// A reply in its wire format: parameters, or the name of an error with its parameters.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reply<P> {
    /// The return value, or the parameters of the error.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub parameters: Option<P>,
    /// More replies to the same call follow.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub continues: bool,
    /// `interface.Error`, if the call failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl<P> Reply<P> {
    /// The last, or only, reply.
    pub fn last(parameters: P) -> Self {
        Self { parameters: Some(parameters), continues: false, error: None }
    }

    /// A reply that is followed by others.
    pub fn more(parameters: P) -> Self {
        Self { parameters: Some(parameters), continues: true, error: None }
    }
}

/// The error of a failed call: its full name and its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorReply {
    /// Such as `org.varlink.service.MethodNotFound` or `org.postern.Admin.Refused`.
    pub name: String,
    /// Its parameters.
    pub parameters: Value,
}

impl ErrorReply {
    /// Converts the error to a reply.
    pub fn reply(self) -> Reply<Value> {
        Reply { parameters: Some(self.parameters), continues: false, error: Some(self.name) }
    }
}
