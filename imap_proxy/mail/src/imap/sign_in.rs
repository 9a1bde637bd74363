//! The sign-in at the backend.

use super::command::Tag;
use super::greeting::{PREPARE, ask_capabilities, check_aside};
use super::reply::{Capabilities, Outcome, Reply, read};
use crate::connection::{BackendDialogue, BackendError};
use crate::protocol::Login;
use crate::sasl::plain_message;
use zeroize::Zeroizing;

/// The tag of the front's sign-in command; a reply with any other tag is not for it.
const LOGIN: &str = "P2";
const LEARN: &str = "P3";

/// Signs in. The backend's replies to it are returned with the client's tag.
pub(super) async fn sign_in(
    dialogue: &mut BackendDialogue,
    capabilities: Capabilities,
    login: &Login<'_>,
    tag: Option<&Tag>,
) -> Result<Vec<u8>, BackendError> {
    refuse_unauthenticate(Some(capabilities))?;
    let mut parts = words(capabilities, login)?.into_iter();
    let mut introduces = capabilities.id && login.client.is_some();
    let mut told = Vec::new();
    if let Some(first) = parts.next() {
        dialogue.say(&first).await?;
    }
    loop {
        let line = dialogue.line().await?;
        match read(&line) {
            // The end of the front's ID command, whether it succeeded or not. The replies before it are not for the
            // client.
            Reply::Done { tag: done, .. } if introduces && done == PREPARE => {
                told.clear();
                introduces = false;
            }
            Reply::Done { tag: done, outcome: Outcome::Ok(capabilities) } if done == LOGIN => {
                refuse_unauthenticate(capabilities)?;
                told.extend_from_slice(tag.map(Tag::to_string).unwrap_or_default().as_bytes());
                told.extend_from_slice(&line[LOGIN.len()..]);
                return Ok(told);
            }
            Reply::Invitation => {
                let next = parts.next().ok_or(BackendError::Unfit("it asks for more than name and password"))?;
                dialogue.say(&next).await?;
            }
            reply => {
                if let Reply::Capabilities(capabilities) = reply {
                    refuse_unauthenticate(Some(capabilities))?;
                }
                check_aside(&reply, &line, LOGIN)?;
                told.extend_from_slice(&line);
            }
        }
    }
}

/// Checks the backend's capabilities after sign-in. They are requested each time: some backends announce fewer than they
/// list on request.
pub(super) async fn before_relay(dialogue: &mut BackendDialogue, told: &mut Vec<u8>) -> Result<(), BackendError> {
    refuse_unauthenticate(Some(ask_capabilities(dialogue, LEARN, told).await?))
}

/// With UNAUTHENTICATE (RFC 8437) a client could sign in again, as any user, on a connection that is no longer checked.
/// A backend that supports it must announce it. Watching commands would not detect a backend that hides it either,
/// because only the backend decides what is a command and what is part of a message.
fn refuse_unauthenticate(capabilities: Option<Capabilities>) -> Result<(), BackendError> {
    let why = "it offers UNAUTHENTICATE, which leads past the second factor; switch it off there";
    if capabilities.is_some_and(|it| it.unauthenticate) { Err(BackendError::Unfit(why)) } else { Ok(()) }
}

/// The parts in which a sign-in is sent; each except the first waits for a continuation request. One part, where the
/// backend supports that.
fn words(capabilities: Capabilities, login: &Login<'_>) -> Result<Vec<Zeroizing<Vec<u8>>>, BackendError> {
    let Login { name, password, client } = *login;
    let piece = |parts: &[&[u8]]| Zeroizing::new(parts.concat());
    let tag = LOGIN.as_bytes();
    let mut said = if capabilities.plain && capabilities.initial_response {
        vec![piece(&[tag, b" AUTHENTICATE PLAIN ", &plain_message(name, password), b"\r\n"])]
    } else if !capabilities.login_disabled {
        let sign = if capabilities.literal_plus { "+" } else { "" };
        let lengths = [name, password].map(|text| format!("{{{}{sign}}}\r\n", text.len()));
        let parts = vec![
            piece(&[tag, b" LOGIN ", lengths[0].as_bytes()]),
            piece(&[name, b" ", lengths[1].as_bytes()]),
            piece(&[password, b"\r\n"]),
        ];
        if capabilities.literal_plus {
            vec![piece(&parts.iter().map(|part| part.as_slice()).collect::<Vec<_>>())]
        } else {
            parts
        }
    } else if capabilities.plain {
        vec![piece(&[tag, b" AUTHENTICATE PLAIN\r\n"]), piece(&[&plain_message(name, password), b"\r\n"])]
    } else {
        return Err(BackendError::Unfit("it takes no password: neither LOGIN nor AUTHENTICATE PLAIN"));
    };
    if let Some(address) = client.filter(|_| capabilities.id) {
        // Dovecot trusts it from its `login_trusted_networks`. A client's own ID command is not passed on.
        let introduction = format!("{PREPARE} ID (\"x-originating-ip\" \"{address}\")\r\n");
        said[0] = piece(&[introduction.as_bytes(), &said[0]]);
    }
    Ok(said)
}

#[cfg(test)]
#[path = "sign_in_tests.rs"]
mod tests;
