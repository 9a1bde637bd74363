//! The verbs of the auth socket. Their replies are serialized directly to the wire: an intermediate JSON tree would
//! leave copies of the secrets in memory.

use crate::account::{requests, security};
use crate::daemon::Daemon;
use crate::enrol::{begin, confirm};
use crate::serve::call::{self, Incoming, not_found, unfit};
use crate::serve::connection::Connection;
use crate::sign_in::{answer, ask, browsers, field, prepare, recheck};
use postern_vault::RecordError;
use postern_wire::admin::Empty;
use postern_wire::auth::{
    Answer, AnswerField, Ask, Confirm, Enrol, MAX_ALSO, MAX_CODE, MAX_FIELD, MAX_NAME, MAX_RECHECK, MAX_RESPONSE,
    Origin, PasswordAccepted, PasswordChecked, PasswordRefused, Prepare, Recheck, SignedIn, UNAVAILABLE,
};
use postern_wire::methods::{AuthMethod, Caller, Method, auth_method as m};
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
/// When the peer does not accept the reply.
pub(super) async fn answer(daemon: &Daemon, connection: &mut Connection, call: &Incoming) -> io::Result<()> {
    let Some(method) = AuthMethod::of(&call.method) else {
        return call::reply(connection, call, Err(not_found(&call.method))).await;
    };
    if method.caller() == Caller::Front && !connection.peer.is_front {
        tracing::warn!(
            "{} may not speak for a mail server or a webmail: it is not the fronts' user",
            connection.peer.name
        );
        return call::reply(connection, call, Err(error("org.varlink.service.PermissionDenied"))).await;
    }
    let d = daemon;
    match method {
        AuthMethod::Ask => of::<m::Ask, _>(connection, call, |it| async move { Ok(ask::ask(d, &it).await) }).await,
        AuthMethod::Prepare => {
            of::<m::Prepare, _>(connection, call, |it| async move { Ok(prepare::prepare(d, &it).await) }).await
        }
        AuthMethod::Answer => {
            of::<m::Answer, _>(connection, call, |it| async move { Ok(answer::answer(d, &it).await) }).await
        }
        AuthMethod::AnswerField => {
            of::<m::AnswerField, _>(connection, call, |it| async move { Ok(field::answer(d, &it).await) }).await
        }
        AuthMethod::PasswordRefused => {
            let act = |it| async move { field::password_refused(d, &it).await.map_err(not_kept).map(|()| Empty {}) };
            of::<m::PasswordRefused, _>(connection, call, act).await
        }
        AuthMethod::PasswordAccepted => {
            let act = |it| async move { field::password_accepted(d, &it).await.map_err(not_kept).map(|()| Empty {}) };
            of::<m::PasswordAccepted, _>(connection, call, act).await
        }
        AuthMethod::PasswordChecked => {
            let act = |it| async move {
                d.checks.answer(&it);
                Ok(Empty {})
            };
            of::<m::PasswordChecked, _>(connection, call, act).await
        }
        AuthMethod::Enrol => {
            of::<m::Enrol, _>(connection, call, |it| async move { Ok(begin::enrol(d, &it).await) }).await
        }
        AuthMethod::Confirm => {
            of::<m::Confirm, _>(connection, call, |it| async move { Ok(confirm::confirm(d, &it).await) }).await
        }
        AuthMethod::SignedIn => {
            let act = |it| async move {
                browsers::signed_in(d, &it).await;
                Ok(Empty {})
            };
            of::<m::SignedIn, _>(connection, call, act).await
        }
        AuthMethod::ShowSecurity => {
            of::<m::ShowSecurity, _>(connection, call, |it| async move { Ok(security::show(d, &it).await) }).await
        }
        AuthMethod::ChangeSecurity => {
            of::<m::ChangeSecurity, _>(connection, call, |it| async move { Ok(security::change(d, &it).await) }).await
        }
        AuthMethod::OpenRequest => {
            of::<m::OpenRequest, _>(connection, call, |it| async move { Ok(requests::open(d, &it).await) }).await
        }
        AuthMethod::Recheck => {
            of::<m::Recheck, _>(connection, call, |it| async move { Ok(recheck::recheck(d, &it).await) }).await
        }
        AuthMethod::Watch | AuthMethod::CheckPasswords => {
            call::reply(connection, call, Err(error("org.varlink.service.ExpectedMore"))).await
        }
    }
}

/// Reads the parameters of a method, runs `act` on them, and sends its reply.
async fn of<M, F>(connection: &mut Connection, call: &Incoming, act: impl FnOnce(M::Parameters) -> F) -> io::Result<()>
where
    M: Method<Parameters: DeserializeOwned + Parameters, Reply: Serialize>,
    F: Future<Output = Result<M::Reply, ErrorReply>>,
{
    let outcome = match heard(connection, call) {
        Ok(parameters) => act(parameters).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(answer) => last(connection, call, &answer).await,
        Err(error) => call::reply(connection, call, Err(error)).await,
    }
}

/// An error without parameters.
fn error(name: &str) -> ErrorReply {
    ErrorReply { name: name.to_owned(), parameters: json!({}) }
}

async fn last(connection: &mut Connection, call: &Incoming, answer: &impl Serialize) -> io::Result<()> {
    if call.oneway { Ok(()) } else { connection.send(&Reply::last(answer)).await }
}

fn not_kept(why: RecordError) -> ErrorReply {
    tracing::error!("what the mail server says of a password cannot be noted: {why}");
    error(UNAVAILABLE)
}

/// Returns the parameters if none exceeds its limit, without those that this peer cannot know.
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

/// Parameters with limits, which are defined in [`postern_wire::auth`].
trait Parameters {
    /// The parameter that is too long, if any.
    fn too_long(&self) -> Option<&'static str>;

    /// Removes data about a browser: only a front sees browsers, so such data from any other peer is ignored.
    fn forget_browser(&mut self) {}
}

fn first(checks: &[(bool, &'static str)]) -> Option<&'static str> {
    checks.iter().find(|(is_too_long, _)| *is_too_long).map(|(_, name)| *name)
}

/// Limits of names and similar texts are in characters, here and in the fronts: a text that a front accepts is no error
/// here.
fn is_long(text: &str) -> bool {
    text.chars().count() > MAX_NAME
}

fn name(name: &str) -> (bool, &'static str) {
    // The rules refuse longer names; this limit bounds what is written to the journal.
    (is_long(name), "name")
}

fn origin(origin: &Origin) -> (bool, &'static str) {
    let beyond = |text: &Option<String>| text.as_deref().is_some_and(is_long);
    let browser = origin.browser.as_ref().is_some_and(|token| token.reveal().len() > MAX_NAME);
    (beyond(&origin.service) || beyond(&origin.client) || browser, "origin")
}

/// Whether one of the texts is too long.
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
        let also = self.also.len() > MAX_ALSO || self.also.iter().any(|name| is_long(name));
        first(&[name(&self.name), origin(&self.origin), (also, "also")])
    }

    fn forget_browser(&mut self) {
        self.origin.browser = None;
    }
}

impl Parameters for Answer {
    fn too_long(&self) -> Option<&'static str> {
        // A security key's response is longer than any code.
        let most = if self.challenge.is_some() { MAX_RESPONSE } else { MAX_CODE };
        // A factor can be used for one purpose only.
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
        // A security key's response is longer than any code; only the ticket says which of the two it is.
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
