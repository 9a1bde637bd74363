//! A call: parsing it from a frame, and its result.

use crate::administer::refuse;
use crate::serve::connection::Connection;
use postern_wire::admin::{self, Refused};
use postern_wire::methods::Method;
use postern_wire::{Call, ErrorReply, Reply};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use std::io;
use zeroize::Zeroizing;

/// A call whose verb is known, with its frame: the parameters are parsed once the verb has determined their type.
pub struct Incoming {
    pub(super) method: String,
    pub(super) more: bool,
    pub(super) oneway: bool,
    pub(super) frame: Zeroizing<Vec<u8>>,
}

/// Parses the head of a call.
///
/// # Errors
/// The position in the frame at which it is invalid; the error quotes nothing of the frame, since it may contain a
/// secret.
pub fn read(frame: &[u8]) -> Result<Incoming, String> {
    #[derive(Deserialize)]
    struct Head {
        method: String,
        #[serde(default)]
        more: bool,
        #[serde(default)]
        oneway: bool,
    }
    let head: Head =
        serde_json::from_slice(frame).map_err(|error| format!("line {} column {}", error.line(), error.column()))?;
    Ok(Incoming { method: head.method, more: head.more, oneway: head.oneway, frame: Zeroizing::new(frame.to_vec()) })
}

impl Incoming {
    /// Parses the parameters as the type that the verb needs.
    pub(super) fn parameters<P: DeserializeOwned>(&self) -> Result<P, ErrorReply> {
        let unfit = |name: &str| ErrorReply {
            name: "org.varlink.service.InvalidParameter".to_owned(),
            parameters: json!({ "parameter": name }),
        };
        let call: Call<P> = serde_json::from_slice(&self.frame).map_err(|error| {
            // serde puts the name of a missing or unknown field in backticks; it would quote a value, so the rest is
            // omitted.
            let text = error.to_string();
            let field = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
            unfit(field.unwrap_or("parameters"))
        })?;
        // A call without parameters is equivalent to one with an empty object.
        call.parameters.map_or_else(|| serde_json::from_str("{}").map_err(|_| unfit("parameters")), Ok)
    }
}

/// The result of a verb.
pub(super) type Outcome = Result<serde_json::Value, ErrorReply>;

pub(super) async fn reply(connection: &mut Connection, call: &Incoming, outcome: Outcome) -> io::Result<()> {
    if call.oneway {
        return Ok(());
    }
    match outcome {
        Ok(value) => connection.send(&Reply::last(value)).await,
        Err(error) => connection.send(&error.reply()).await,
    }
}

pub(super) fn shown<M: Method<Reply: Serialize>>(outcome: Result<M::Reply, Refused>) -> Outcome {
    match outcome {
        Ok(value) => serde_json::to_value(value).map_err(|error| refused(&refuse("store", error.to_string()))),
        Err(refusal) => Err(refused(&refusal)),
    }
}

pub(super) fn refused(refusal: &Refused) -> ErrorReply {
    let parameters = json!({ "reason": refusal.reason, "message": refusal.message });
    ErrorReply { name: admin::REFUSED.to_owned(), parameters }
}

pub(super) fn unfit(parameter: &str) -> ErrorReply {
    let parameters = json!({ "parameter": parameter });
    ErrorReply { name: "org.varlink.service.InvalidParameter".to_owned(), parameters }
}

pub(super) fn not_found(method: &str) -> ErrorReply {
    let method: String = method.chars().take(128).collect();
    ErrorReply { name: "org.varlink.service.MethodNotFound".to_owned(), parameters: json!({ "method": method }) }
}
