//! The verbs of the auth socket. Their answers go to the wire as they are: passing through a JSON tree would leave
//! copies of what is secret in them.

use super::{Incoming, not_found, unfit};
use crate::account::{requests, security};
use crate::daemon::Daemon;
use crate::enrol::enrolment;
use crate::serve::server::Connection;
use crate::sign_in::{browsers, field, prepare, signin};
use postern_vault::RecordError;
use postern_wire::admin::Empty;
use postern_wire::auth::{
    Answer, AnswerField, Ask, Confirm, Enrol, MAX_CODE, MAX_FIELD, MAX_NAME, MAX_RECHECK, MAX_RESPONSE, Origin,
    PasswordAccepted, PasswordChecked, PasswordRefused, Prepare, Recheck, SignedIn, UNAVAILABLE,
};
use postern_wire::security::{
    Change, ChangeSecurity, MAX_CLIENTS, MAX_REQUEST_TEXT, OpenRequest, Proves, ShowSecurity,
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
        "org.postern.Auth.Ask" => match heard::<Ask>(connection, call) {
            Ok(ask) => return last(connection, call, &signin::ask(daemon, &ask).await).await,
            Err(error) => error,
        },
        "org.postern.Auth.Answer" => match heard::<Answer>(connection, call) {
            Ok(answer) => return last(connection, call, &signin::answer(daemon, &answer).await).await,
            Err(error) => error,
        },
        "org.postern.Auth.Prepare" => match heard::<Prepare>(connection, call) {
            Ok(prepare) => return last(connection, call, &prepare::prepare(daemon, &prepare).await).await,
            Err(error) => error,
        },
        "org.postern.Auth.ShowSecurity" => match heard::<ShowSecurity>(connection, call) {
            Ok(asked) => return last(connection, call, &security::show(daemon, &asked).await).await,
            Err(error) => error,
        },
        "org.postern.Auth.ChangeSecurity" => match heard::<ChangeSecurity>(connection, call) {
            Ok(change) => return last(connection, call, &security::change(daemon, &change).await).await,
            Err(error) => error,
        },
        "org.postern.Auth.OpenRequest" => match heard::<OpenRequest>(connection, call) {
            Ok(wanted) => return last(connection, call, &requests::open(daemon, &wanted).await).await,
            Err(error) => error,
        },
        "org.postern.Auth.AnswerField" => match heard::<AnswerField>(connection, call) {
            Ok(answer) => return last(connection, call, &field::answer(daemon, &answer).await).await,
            Err(error) => error,
        },
        "org.postern.Auth.PasswordRefused" if connection.peer.is_front => {
            match heard::<PasswordRefused>(connection, call) {
                Ok(refused) => match field::password_refused(daemon, &refused).await {
                    Ok(()) => return last(connection, call, &Empty {}).await,
                    Err(error) => not_kept(&error),
                },
                Err(error) => error,
            }
        }
        "org.postern.Auth.PasswordAccepted" if connection.peer.is_front => {
            match heard::<PasswordAccepted>(connection, call) {
                Ok(accepted) => match field::password_accepted(daemon, &accepted).await {
                    Ok(()) => return last(connection, call, &Empty {}).await,
                    Err(error) => not_kept(&error),
                },
                Err(error) => error,
            }
        }
        "org.postern.Auth.PasswordChecked" if connection.peer.is_front => {
            match heard::<PasswordChecked>(connection, call) {
                Ok(checked) => {
                    daemon.checks.answer(&checked);
                    return last(connection, call, &Empty {}).await;
                }
                Err(error) => error,
            }
        }
        "org.postern.Auth.Enrol" => match heard::<Enrol>(connection, call) {
            Ok(enrol) => return last(connection, call, &enrolment::enrol(daemon, &enrol).await).await,
            Err(error) => error,
        },
        "org.postern.Auth.Confirm" => match heard::<Confirm>(connection, call) {
            Ok(confirm) => return last(connection, call, &enrolment::confirm(daemon, &confirm).await).await,
            Err(error) => error,
        },
        "org.postern.Auth.SignedIn" if connection.peer.is_front => match heard::<SignedIn>(connection, call) {
            Ok(told) => {
                browsers::signed_in(daemon, &told).await;
                return last(connection, call, &Empty {}).await;
            }
            Err(error) => error,
        },
        "org.postern.Auth.Recheck" => match heard::<Recheck>(connection, call) {
            Ok(recheck) => return last(connection, call, &signin::recheck(daemon, &recheck).await).await,
            Err(error) => error,
        },
        "org.postern.Auth.CheckPasswords"
        | "org.postern.Auth.PasswordChecked"
        | "org.postern.Auth.PasswordAccepted"
        | "org.postern.Auth.PasswordRefused"
        | "org.postern.Auth.SignedIn"
            if !connection.peer.is_front =>
        {
            tracing::warn!(
                "{} may not speak for a mail server or a webmail: it is not the fronts' user",
                connection.peer.name
            );
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

/// The parameters, when none is longer than it may be, as far as this peer can know them.
fn heard<P: DeserializeOwned + Parameters>(connection: &Connection, call: &Incoming) -> Result<P, ErrorReply> {
    let mut parameters: P = call.parameters()?;
    if let Some(name) = parameters.too_long() {
        return Err(unfit(name));
    }
    if !connection.peer.is_front {
        parameters.forget_browser();
    }
    Ok(parameters)
}

/// Parameters with limits, which stand in [`postern_wire::auth`].
trait Parameters {
    /// The parameter that is too long, if one is.
    fn too_long(&self) -> Option<&'static str>;

    /// Only a front sees browsers: what another peer says of one counts as not said.
    fn forget_browser(&mut self) {}
}

fn first(checks: &[(bool, &'static str)]) -> Option<&'static str> {
    checks.iter().find(|(is_too_long, _)| *is_too_long).map(|(_, name)| *name)
}

/// Limits of names and the like are in characters, here and in the fronts: what a front lets pass is no error here.
fn is_long(text: &str) -> bool {
    text.chars().count() > MAX_NAME
}

fn name(name: &str) -> (bool, &'static str) {
    // The rules refuse longer names; this bounds what reaches the journal.
    (is_long(name), "name")
}

fn origin(origin: &Origin) -> (bool, &'static str) {
    let beyond = |text: &Option<String>| text.as_deref().is_some_and(is_long);
    let browser = origin.browser.as_ref().is_some_and(|token| token.reveal().len() > MAX_NAME);
    (beyond(&origin.service) || beyond(&origin.client) || browser, "origin")
}

/// Whether one of its texts is too long.
fn beyond(proves: &Proves) -> bool {
    let texts = match proves {
        Proves::AddMethod { kind, to } => [Some(kind), to.as_ref()],
        Proves::SetContact { to } => [Some(to), None],
        Proves::RemoveMethod { id } => [Some(id), None],
        Proves::MakeBackupCodes | Proves::DeleteBackupCodes | Proves::CreateAppPassword | Proves::RemoveContact => {
            [None, None]
        }
    };
    texts.into_iter().flatten().any(|text| is_long(text))
}

fn secret(secret: &Secret, most: usize, name: &'static str) -> (bool, &'static str) {
    (secret.reveal().len() > most, name)
}

impl Parameters for Ask {
    fn too_long(&self) -> Option<&'static str> {
        first(&[name(&self.name), origin(&self.origin)])
    }

    fn forget_browser(&mut self) {
        self.origin.browser = None;
    }
}

impl Parameters for Answer {
    fn too_long(&self) -> Option<&'static str> {
        // A security key's response is longer than any code.
        let most = if self.challenge.is_some() { MAX_RESPONSE } else { MAX_CODE };
        // One factor is for one thing.
        let proves = (self.proves.as_ref().is_some_and(|proves| self.trust || beyond(proves)), "proves");
        first(&[name(&self.name), origin(&self.origin), secret(&self.code, most, "code"), proves])
    }

    fn forget_browser(&mut self) {
        self.origin.browser = None;
        self.trust = false;
    }
}

impl Parameters for Prepare {
    fn too_long(&self) -> Option<&'static str> {
        let beyond = |text: &Option<String>| text.as_deref().is_some_and(is_long);
        let method = (is_long(&self.method), "method");
        first(&[name(&self.name), origin(&self.origin), method, (beyond(&self.site), "site")])
    }

    fn forget_browser(&mut self) {
        self.origin.browser = None;
    }
}

impl Parameters for ShowSecurity {
    fn too_long(&self) -> Option<&'static str> {
        let clients = self.clients.len() > MAX_CLIENTS || self.clients.iter().any(|client| is_long(client));
        first(&[name(&self.name), origin(&self.origin), (clients, "clients")])
    }

    fn forget_browser(&mut self) {
        self.origin.browser = None;
    }
}

impl Parameters for ChangeSecurity {
    fn too_long(&self) -> Option<&'static str> {
        let change = match &self.change {
            Change::Rename { id, .. }
            | Change::RemoveMethod { id }
            | Change::RevokeAppPassword { id }
            | Change::RevokeTrust { id } => (is_long(id), "id"),
            Change::CreateAppPassword { password, .. } => secret(password, MAX_FIELD, "password"),
            Change::SetLanguage { language } => (is_long(language), "language"),
            Change::MakeBackupCodes | Change::DeleteBackupCodes | Change::RemoveContact | Change::RevokeOtherTrust => {
                (false, "")
            }
        };
        first(&[name(&self.name), origin(&self.origin), change])
    }

    fn forget_browser(&mut self) {
        self.origin.browser = None;
    }
}

impl Parameters for OpenRequest {
    fn too_long(&self) -> Option<&'static str> {
        let beyond = |text: &str| text.chars().count() > MAX_REQUEST_TEXT;
        let texts = [(beyond(&self.contact), "contact"), (beyond(&self.reason), "reason")];
        first(&[name(&self.name), origin(&self.origin), texts[0], texts[1], (beyond(&self.evidence), "evidence")])
    }

    fn forget_browser(&mut self) {
        self.origin.browser = None;
    }
}

impl Parameters for AnswerField {
    fn too_long(&self) -> Option<&'static str> {
        first(&[name(&self.name), origin(&self.origin), secret(&self.text, MAX_FIELD, "text")])
    }

    fn forget_browser(&mut self) {
        self.origin.browser = None;
    }
}

impl Parameters for PasswordRefused {
    fn too_long(&self) -> Option<&'static str> {
        first(&[name(&self.session.mailbox), (self.session.standing.len() > MAX_NAME, "standing")])
    }
}

impl Parameters for PasswordAccepted {
    fn too_long(&self) -> Option<&'static str> {
        first(&[name(&self.name), origin(&self.origin), secret(&self.password, MAX_FIELD, "password")])
    }
}

impl Parameters for PasswordChecked {
    fn too_long(&self) -> Option<&'static str> {
        None
    }
}

impl Parameters for Enrol {
    fn too_long(&self) -> Option<&'static str> {
        let beyond = |text: &Option<String>| text.as_deref().is_some_and(is_long);
        let to = (beyond(&self.to), "to");
        first(&[name(&self.name), origin(&self.origin), to, (beyond(&self.site), "site")])
    }

    fn forget_browser(&mut self) {
        self.origin.browser = None;
    }
}

impl Parameters for Confirm {
    fn too_long(&self) -> Option<&'static str> {
        // A security key's response is longer than any code; which it is only the ticket tells.
        first(&[name(&self.name), origin(&self.origin), secret(&self.code, MAX_RESPONSE, "code")])
    }

    fn forget_browser(&mut self) {
        self.origin.browser = None;
    }
}

impl Parameters for SignedIn {
    fn too_long(&self) -> Option<&'static str> {
        let standing = (self.standing.len() > MAX_NAME, "standing");
        let language = (self.language.as_ref().is_some_and(|language| language.len() > MAX_NAME), "language");
        first(&[name(&self.name), origin(&self.origin), standing, language])
    }
}

impl Parameters for Recheck {
    fn too_long(&self) -> Option<&'static str> {
        first(&[(self.sessions.len() > MAX_RECHECK, "sessions")])
    }
}
