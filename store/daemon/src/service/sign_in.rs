//! The verbs of the auth socket. Their answers go to the wire as they are: passing through a JSON tree would leave
//! copies of what is secret in them.

use super::{Incoming, not_found, unfit};
use crate::daemon::Daemon;
use crate::records::RecordError;
use crate::server::Connection;
use crate::{field, signin};
use postern_wire::admin::Empty;
use postern_wire::auth::{
    Answer, AnswerField, Ask, Confirm, Enrol, MAX_CODE, MAX_FIELD, MAX_NAME, MAX_RECHECK, Origin, PasswordAccepted,
    PasswordChecked, PasswordRefused, Recheck, UNAVAILABLE,
};
use postern_wire::{ErrorReply, Reply, Secret};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::io;

/// Answers one call.
///
/// # Errors
/// When the peer does not take the answer.
pub(super) async fn reply(daemon: &Daemon, connection: &mut Connection, call: &Incoming) -> io::Result<()> {
    let refused = match call.method.as_str() {
        "org.postern.Auth.Ask" => match heard::<Ask>(call) {
            Ok(ask) => return last(connection, call, &signin::ask(daemon, &ask)).await,
            Err(error) => error,
        },
        "org.postern.Auth.Answer" => match heard::<Answer>(call) {
            Ok(answer) => return last(connection, call, &signin::answer(daemon, &answer).await).await,
            Err(error) => error,
        },
        "org.postern.Auth.AnswerField" => match heard::<AnswerField>(call) {
            Ok(answer) => return last(connection, call, &field::answer(daemon, &answer).await).await,
            Err(error) => error,
        },
        "org.postern.Auth.PasswordRefused" => match heard::<PasswordRefused>(call) {
            Ok(refused) => match field::password_refused(daemon, &refused).await {
                Ok(()) => return last(connection, call, &Empty {}).await,
                Err(error) => not_kept(&error),
            },
            Err(error) => error,
        },
        "org.postern.Auth.PasswordAccepted" => match heard::<PasswordAccepted>(call) {
            Ok(accepted) => match field::password_accepted(daemon, &accepted).await {
                Ok(()) => return last(connection, call, &Empty {}).await,
                Err(error) => not_kept(&error),
            },
            Err(error) => error,
        },
        "org.postern.Auth.PasswordChecked" if connection.is_front => match heard::<PasswordChecked>(call) {
            Ok(checked) => {
                daemon.checks.answer(&checked);
                return last(connection, call, &Empty {}).await;
            }
            Err(error) => error,
        },
        "org.postern.Auth.Enrol" => match heard::<Enrol>(call) {
            Ok(enrol) => return last(connection, call, &signin::enrol(daemon, &enrol)).await,
            Err(error) => error,
        },
        "org.postern.Auth.Confirm" => match heard::<Confirm>(call) {
            Ok(confirm) => return last(connection, call, &signin::confirm(daemon, &confirm).await).await,
            Err(error) => error,
        },
        "org.postern.Auth.Recheck" => match heard::<Recheck>(call) {
            Ok(recheck) => return last(connection, call, &signin::recheck(daemon, &recheck)).await,
            Err(error) => error,
        },
        "org.postern.Auth.CheckPasswords" | "org.postern.Auth.PasswordChecked" if !connection.is_front => {
            tracing::warn!("{} may not check passwords: it is not the fronts' user", connection.peer);
            ErrorReply { name: "org.varlink.service.PermissionDenied".to_owned(), parameters: json!({}) }
        }
        "org.postern.Auth.Watch" | "org.postern.Auth.CheckPasswords" => {
            ErrorReply { name: "org.varlink.service.ExpectedMore".to_owned(), parameters: json!({}) }
        }
        other => not_found(other),
    };
    super::reply(connection, call, Err(refused)).await
}

async fn last(connection: &mut Connection, call: &Incoming, answer: &impl Serialize) -> io::Result<()> {
    if call.oneway { Ok(()) } else { connection.send(&Reply::last(answer)).await }
}

fn not_kept(error: &RecordError) -> ErrorReply {
    tracing::error!("what the mail server says of a password cannot be noted: {error}");
    ErrorReply { name: UNAVAILABLE.to_owned(), parameters: json!({}) }
}

/// The parameters, when none is longer than it may be.
fn heard<P: DeserializeOwned + Bounded>(call: &Incoming) -> Result<P, ErrorReply> {
    let parameters: P = call.parameters()?;
    parameters.too_long().map_or(Ok(parameters), |name| Err(unfit(name)))
}

/// Parameters with limits, which stand in [`postern_wire::auth`].
trait Bounded {
    /// The parameter that is too long, if one is.
    fn too_long(&self) -> Option<&'static str>;
}

fn first(checks: &[(bool, &'static str)]) -> Option<&'static str> {
    checks.iter().find(|(is_too_long, _)| *is_too_long).map(|(_, name)| *name)
}

fn name(name: &str) -> (bool, &'static str) {
    // The rules refuse longer names; this bounds what reaches the journal.
    (name.len() > 2 * MAX_NAME, "name")
}

fn origin(origin: &Origin) -> (bool, &'static str) {
    let beyond = |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() > MAX_NAME);
    (beyond(&origin.service) || beyond(&origin.client), "origin")
}

fn secret(secret: &Secret, most: usize, name: &'static str) -> (bool, &'static str) {
    (secret.reveal().len() > most, name)
}

impl Bounded for Ask {
    fn too_long(&self) -> Option<&'static str> {
        first(&[name(&self.name), origin(&self.origin)])
    }
}

impl Bounded for Answer {
    fn too_long(&self) -> Option<&'static str> {
        first(&[name(&self.name), origin(&self.origin), secret(&self.code, MAX_CODE, "code")])
    }
}

impl Bounded for AnswerField {
    fn too_long(&self) -> Option<&'static str> {
        first(&[name(&self.name), origin(&self.origin), secret(&self.text, MAX_FIELD, "text")])
    }
}

impl Bounded for PasswordRefused {
    fn too_long(&self) -> Option<&'static str> {
        first(&[name(&self.session.mailbox), (self.session.standing.len() > MAX_NAME, "standing")])
    }
}

impl Bounded for PasswordAccepted {
    fn too_long(&self) -> Option<&'static str> {
        first(&[name(&self.name), origin(&self.origin), secret(&self.password, MAX_FIELD, "password")])
    }
}

impl Bounded for PasswordChecked {
    fn too_long(&self) -> Option<&'static str> {
        None
    }
}

impl Bounded for Enrol {
    fn too_long(&self) -> Option<&'static str> {
        first(&[name(&self.name), origin(&self.origin)])
    }
}

impl Bounded for Confirm {
    fn too_long(&self) -> Option<&'static str> {
        first(&[name(&self.name), origin(&self.origin), secret(&self.code, MAX_CODE, "code")])
    }
}

impl Bounded for Recheck {
    fn too_long(&self) -> Option<&'static str> {
        first(&[(self.sessions.len() > MAX_RECHECK, "sessions")])
    }
}
