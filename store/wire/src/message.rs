//! The envelope of Varlink: a call, a reply, an error.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A call as it stands on the wire. `upgrade` is not served, so it has no field.
#[derive(Debug, Serialize, Deserialize)]
pub struct Call<P> {
    /// `interface.Method`, such as `org.postern.Auth.Ask`.
    pub method: String,
    /// The method's parameters.
    #[serde(default = "none")]
    pub parameters: Option<P>,
    /// The caller takes several replies.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// The caller takes no reply.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub oneway: bool,
}

// `#[serde(default)]` alone would ask `P: Default`.
fn none<P>() -> Option<P> {
    None
}

/// A reply as it stands on the wire: parameters, or the name of an error with its parameters.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reply<P> {
    /// What the method returned, or what belongs to the error.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub parameters: Option<P>,
    /// More replies to the same call follow.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub continues: bool,
    /// `interface.Error`, when the call failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl<P> Reply<P> {
    /// The last, or only, reply.
    pub fn last(parameters: P) -> Self {
        Self { parameters: Some(parameters), continues: false, error: None }
    }

    /// A reply that others follow.
    pub fn more(parameters: P) -> Self {
        Self { parameters: Some(parameters), continues: true, error: None }
    }
}

/// A call that failed: the error's full name and its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorReply {
    /// Such as `org.varlink.service.MethodNotFound` or `org.postern.Admin.Refused`.
    pub name: String,
    /// What belongs to it.
    pub parameters: Value,
}

impl ErrorReply {
    /// The error as a reply on the wire.
    pub fn reply(self) -> Reply<Value> {
        Reply { parameters: Some(self.parameters), continues: false, error: Some(self.name) }
    }
}
