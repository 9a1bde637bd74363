//! A call: read from a frame, and answered.

use crate::administer::refuse;
use crate::serve::connection::Connection;
use postern_wire::admin::{self, Refused};
use postern_wire::methods::Method;
use postern_wire::{Call, ErrorReply, Reply};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use std::io;
use zeroize::Zeroizing;

/// A call whose verb is known, with its frame: the parameters are read once the verb has said of what type they are.
pub struct Incoming {
    pub(super) method: String,
    pub(super) more: bool,
    pub(super) oneway: bool,
    pub(super) frame: Zeroizing<Vec<u8>>,
}

/// Reads the head of a call.
///
/// # Errors
/// Where in the frame it stops being one; the text quotes nothing of it, since it may hold a secret.
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
    /// The parameters, as the verb needs them.
    pub(super) fn parameters<P: DeserializeOwned>(&self) -> Result<P, ErrorReply> {
        let unfit = |name: &str| ErrorReply {
            name: "org.varlink.service.InvalidParameter".to_owned(),
            parameters: json!({ "parameter": name }),
        };
        let call: Call<P> = serde_json::from_slice(&self.frame).map_err(|error| {
            // serde names a missing or unknown field in backticks; a value it would quote, so the rest is left out.
            let text = error.to_string();
            let field = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
            unfit(field.unwrap_or("parameters"))
        })?;
        // A call without parameters is one with no fields.
        call.parameters.map_or_else(|| serde_json::from_str("{}").map_err(|_| unfit("parameters")), Ok)
    }
}

/// What a verb gives back.
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
