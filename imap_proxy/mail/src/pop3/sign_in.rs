//! The backend's greeting, its capabilities, and the sign-in there.

use super::offers::Offers;
use crate::connection::{BackendDialogue, BackendError};
use crate::protocol::Login;
use crate::sasl::plain_message;
use crate::verdict::SignInFailure;
use zeroize::Zeroizing;

/// Maximum length of a command with its initial response, with the line end (RFC 2449, section 4).
const MAX_COMMAND: usize = 255;

/// A line of the backend.
#[derive(Debug, PartialEq, Eq)]
enum Reply {
    /// `+OK`.
    Ok,
    /// `+`: it waits for a SASL response.
    Challenge,
    /// `-ERR`, for this reason.
    Err(SignInFailure),
    /// Anything else.
    Other,
}

/// Reads the greeting, and asks for the capabilities.
pub(super) async fn greet(dialogue: &mut BackendDialogue) -> Result<Offers, BackendError> {
    let line = dialogue.line().await?;
    match read(&line) {
        Reply::Ok => {}
        // It has not been asked for anything that it could refuse.
        Reply::Err(_) => return Err(BackendError::Refused(SignInFailure::Unavailable)),
        Reply::Challenge | Reply::Other => return Err(BackendError::Unfit("its greeting is no POP3")),
    }
    let xclient = line.windows(b"[XCLIENT]".len()).any(|part| part == b"[XCLIENT]");
    Ok(Offers { xclient, ..ask_capabilities(dialogue).await? })
}

/// Asks for the capabilities.
pub(super) async fn ask_capabilities(dialogue: &mut BackendDialogue) -> Result<Offers, BackendError> {
    dialogue.say(b"CAPA\r\n").await?;
    match read(&dialogue.line().await?) {
        Reply::Ok => {}
        Reply::Err(_) => return Ok(Offers::of_old_server()),
        Reply::Challenge | Reply::Other => return Err(BackendError::Unfit("its answer to CAPA cannot be read")),
    }
    let mut lines = Vec::new();
    loop {
        let line = dialogue.line().await?.trim_ascii_end().to_vec();
        if line == b"." {
            return Ok(Offers::of(&lines));
        }
        lines.push(line);
    }
}

/// Has the backend begin TLS.
pub(super) async fn start_tls(dialogue: &mut BackendDialogue, offers: &Offers) -> Result<(), BackendError> {
    if !offers.stls {
        return Err(BackendError::Unfit("it offers no STLS"));
    }
    dialogue.say(b"STLS\r\n").await?;
    match read(&dialogue.line().await?) {
        Reply::Ok => Ok(()),
        _ => Err(BackendError::Unfit("it offers STLS and does not begin it")),
    }
}

/// Signs in; returns the reply that accepts it.
pub(super) async fn sign_in(
    dialogue: &mut BackendDialogue,
    offers: &Offers,
    login: &Login<'_>,
) -> Result<Vec<u8>, BackendError> {
    if let Some(address) = login.client.filter(|_| offers.xclient) {
        dialogue.say(format!("XCLIENT ADDR={address}\r\n").as_bytes()).await?;
        // Whether it takes the address or not, the sign-in is the same.
        dialogue.line().await?;
    }
    let mut parts = words(offers, login)?.into_iter();
    if let Some(first) = parts.next() {
        dialogue.say(&first).await?;
    }
    loop {
        let line = dialogue.line().await?;
        match (read(&line), parts.next()) {
            (Reply::Ok, None) => return Ok(line),
            // After USER, or after AUTH alone.
            (Reply::Ok, Some(next)) if !offers.plain => dialogue.say(&next).await?,
            (Reply::Challenge, Some(next)) if offers.plain => dialogue.say(&next).await?,
            (Reply::Err(failure), _) => return Err(BackendError::Refused(failure)),
            (Reply::Challenge, _) => return Err(BackendError::Unfit("it asks for more than name and password")),
            (Reply::Ok | Reply::Other, _) => return Err(BackendError::Unfit("its answer cannot be read")),
        }
    }
}

/// The parts in which a sign-in is sent; each except the first waits for a reply.
fn words(offers: &Offers, login: &Login<'_>) -> Result<Vec<Zeroizing<Vec<u8>>>, BackendError> {
    let piece = |parts: &[&[u8]]| Zeroizing::new(parts.concat());
    if offers.plain {
        let message = plain_message(login.name, login.password);
        let whole = piece(&[b"AUTH PLAIN ", &message, b"\r\n"]);
        return Ok(match offers.pipelining && whole.len() <= MAX_COMMAND {
            true => vec![whole],
            false => vec![piece(&[b"AUTH PLAIN\r\n"]), piece(&[&message, b"\r\n"])],
        });
    }
    if !offers.user {
        return Err(BackendError::Unfit("it takes no password: neither USER nor AUTH PLAIN"));
    }
    Ok(vec![piece(&[b"USER ", login.name, b"\r\n"]), piece(&[b"PASS ", login.password, b"\r\n"])])
}

/// Parses one line, including its end.
fn read(line: &[u8]) -> Reply {
    let line = line.trim_ascii_end();
    match line.split(|byte| *byte == b' ').next().unwrap_or_default() {
        word if word.eq_ignore_ascii_case(b"+OK") => Reply::Ok,
        b"+" => Reply::Challenge,
        // Dovecot ends an idle connection with these words: they answer nothing that was asked.
        word if word.eq_ignore_ascii_case(b"-ERR") && line[word.len()..].starts_with(b" Disconnected") => Reply::Other,
        word if word.eq_ignore_ascii_case(b"-ERR") => Reply::Err(reason(&line[word.len()..])),
        _ => Reply::Other,
    }
}

/// The reason that the response code names (RFC 2449, section 8; RFC 3206). Without one, or with one that is not known,
/// it is the password: a client then asks for it.
fn reason(text: &[u8]) -> SignInFailure {
    let text = text.trim_ascii_start().to_ascii_uppercase();
    // Exchange has no codes: this text, followed by a number, means that the password is not the reason.
    if text.starts_with(b"SERVER UNAVAILABLE") {
        return SignInFailure::Unavailable;
    }
    let code = text.strip_prefix(b"[").and_then(|text| Some(&text[..text.iter().position(|byte| *byte == b']')?]));
    match code {
        Some(code) if code.starts_with(b"SYS/") => SignInFailure::Unavailable,
        Some(b"IN-USE") => SignInFailure::Limit,
        Some(b"LOGIN-DELAY") => SignInFailure::TooSoon,
        _ => SignInFailure::Refused,
    }
}

#[cfg(test)]
#[path = "sign_in_tests.rs"]
mod tests;
