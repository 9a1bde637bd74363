//! The backend's greeting and its capabilities.

use super::reply::{Capabilities, Outcome, Reply, Why, read};
use crate::connection::{BackendDialogue, BackendError};
use crate::verdict::SignInFailure;

/// The tag of the front's commands up to sign-in; a reply with any other tag is not for them.
pub(super) const PREPARE: &str = "P1";

/// Whether this greeting names Exchange, as every release does unless it is configured otherwise (`Set-ImapSettings
/// -Banner`).
pub(super) fn is_of_exchange(greeting: &[u8]) -> bool {
    const NAME: &[u8] = b"microsoft exchange";
    greeting.to_ascii_lowercase().windows(NAME.len()).any(|part| part == NAME)
}

/// Reads the greeting, and requests the capabilities if the greeting does not contain them.
pub(super) async fn greet(dialogue: &mut BackendDialogue) -> Result<Capabilities, BackendError> {
    match read(&dialogue.line().await?) {
        Reply::Untagged(Outcome::Ok(Some(capabilities))) => Ok(capabilities),
        Reply::Untagged(Outcome::Ok(None)) => ask_capabilities(dialogue, PREPARE, &mut Vec::new()).await,
        Reply::Untagged(outcome) => Err(unexpected(&outcome)),
        _ => Err(BackendError::Unfit("its greeting is no IMAP")),
    }
}

/// Has the backend begin TLS.
pub(super) async fn start_tls(dialogue: &mut BackendDialogue, capabilities: &Capabilities) -> Result<(), BackendError> {
    if !capabilities.starttls {
        return Err(BackendError::Unfit("it offers no STARTTLS"));
    }
    dialogue.say(format!("{PREPARE} STARTTLS\r\n").as_bytes()).await?;
    finish(dialogue, PREPARE).await
}

/// Requests the capabilities; other replies that arrive meanwhile go to `aside`.
pub(super) async fn ask_capabilities(
    dialogue: &mut BackendDialogue,
    tag: &str,
    aside: &mut Vec<u8>,
) -> Result<Capabilities, BackendError> {
    dialogue.say(format!("{tag} CAPABILITY\r\n").as_bytes()).await?;
    let mut told = None;
    loop {
        let line = dialogue.line().await?;
        match read(&line) {
            Reply::Capabilities(capabilities) => told = Some(capabilities),
            Reply::Done { tag: done, outcome: Outcome::Ok(_) } if done == tag => {
                return told.ok_or(BackendError::Unfit("it does not say what it can"));
            }
            reply => check_aside(&reply, &line, tag).map(|()| aside.extend_from_slice(&line))?,
        }
    }
}

/// Reads up to the tagged reply that completes the command.
async fn finish(dialogue: &mut BackendDialogue, tag: &str) -> Result<(), BackendError> {
    loop {
        let line = dialogue.line().await?;
        match read(&line) {
            Reply::Done { tag: done, outcome: Outcome::Ok(_) } if done == tag => return Ok(()),
            reply => check_aside(&reply, &line, tag)?,
        }
    }
}

/// Checks a reply other than the expected one: an error if it ends the wait for `tag`.
pub(super) fn check_aside(reply: &Reply, line: &[u8], tag: &str) -> Result<(), BackendError> {
    match reply {
        Reply::Done { outcome, .. }
        | Reply::Untagged(outcome @ (Outcome::Bye | Outcome::PreAuth | Outcome::Referral)) => Err(unexpected(outcome)),
        Reply::Invitation => Err(BackendError::Unfit("it asks for more of a command that is whole")),
        Reply::Other if line.starts_with(tag.as_bytes()) => Err(BackendError::Unfit("its answer cannot be read")),
        Reply::Untagged(_) | Reply::Capabilities(_) | Reply::Other => Ok(()),
    }
}

fn unexpected(outcome: &Outcome) -> BackendError {
    match outcome {
        Outcome::No(Why::Credentials) => BackendError::Refused(SignInFailure::Refused),
        Outcome::No(Why::Limit) => BackendError::Refused(SignInFailure::Limit),
        Outcome::No(Why::Expired) => BackendError::Refused(SignInFailure::PasswordExpired),
        Outcome::No(Why::ContactAdmin) => BackendError::Refused(SignInFailure::ContactAdmin),
        Outcome::No(Why::Unavailable) => BackendError::Refused(SignInFailure::Unavailable),
        Outcome::Ok(_) => BackendError::Unfit("it answers what was not asked"),
        Outcome::Bad => BackendError::Unfit("it does not understand a command that it offers"),
        Outcome::Bye => BackendError::Unfit("it says BYE before anybody is signed in"),
        Outcome::PreAuth => {
            BackendError::Unfit("it treats each connection as signed in (PREAUTH); have it ask for a password")
        }
        Outcome::Referral => {
            BackendError::Unfit("it sends people to another server (REFERRAL), past the second factor")
        }
    }
}
