//! The backend: signs in with a [`Pass`], on a connection from [`super::preconnect`] or a new one, and hands the
//! connection over.

use super::command::Tag;
use super::connection::{BackendError, Stream};
use super::dialogue::Dialogue;
use super::greeting::{Greeted, PREPARE, Target, ask_capabilities, check_aside};
use super::preconnect::PreconnectPool;
use super::reply::{Capabilities, Outcome, Reply, read};
use super::session_limits::{SessionLimits, SessionPermit};
use super::verdict::Stop;
use crate::metrics::{Asked, METRICS};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postern_front::clock;
use postern_front::credentials::Credentials;
use postern_front::password_field::Pass;
use postern_front::tls::TlsError;
use postern_proxy_config as config;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use zeroize::Zeroizing;

/// How long the backend may take for a sign-in.
pub const SIGN_IN: Duration = Duration::from_secs(30);
/// How long it may take for the logout after a mere check.
pub const GOODBYE: Duration = Duration::from_secs(2);

/// The tag of the front's sign-in command; a reply with any other tag is not for it.
const LOGIN: &str = "P2";
const LEARN: &str = "P3";
const LEAVE: &str = "P4";

/// Lines to and from the backend.
type BackendDialogue = Dialogue<Box<dyn Stream>>;

/// A connection on which a user is signed in.
pub struct SignedIn {
    /// The connection.
    pub stream: Box<dyn Stream>,
    /// The backend's replies to the sign-in, for the client.
    pub told: Vec<u8>,
    /// Held as long as the session lasts.
    pub(super) seat: SessionPermit,
}

/// The IMAP backend.
#[derive(Clone)]
pub struct Backend {
    target: Arc<Target>,
    session_limits: SessionLimits,
    preconnect: Option<PreconnectPool>,
}

/// A connection on which a user is signed in, before it is handed over, and the backend's replies to the sign-in.
type Entered = (BackendDialogue, Vec<u8>);

/// What the backend receives at a sign-in.
struct Login<'a> {
    name: &'a [u8],
    password: &'a [u8],
    /// None: the sign-in is the front's own.
    client: Option<IpAddr>,
}

impl Backend {
    /// For the backend that the configuration names; nothing is connected yet.
    ///
    /// # Errors
    /// If the file of its certificate authorities cannot be used, or no certificate can contain its name.
    pub fn new(settings: &config::Imap) -> Result<Self, TlsError> {
        Ok(Self {
            target: Arc::new(Target::new(settings)?),
            session_limits: SessionLimits::new(settings),
            preconnect: None,
        })
    }

    /// The same, with connections kept ready for the next sign-ins; must be called in a runtime. Where the backend gets
    /// a PROXY header with the client's address, none are kept: that header must come first on a connection.
    #[must_use]
    pub fn keep_warm(self) -> Self {
        if self.target.tells_client() {
            return self;
        }
        let target = Arc::clone(&self.target);
        let open = move || {
            let target = Arc::clone(&target);
            async move { target.greet(None).await }
        };
        Self { preconnect: Some(PreconnectPool::keep(open)), ..self }
    }

    /// Whether it is Exchange, as far as its greeting shows.
    ///
    /// # Errors
    /// Any [`BackendError`]: it was not reached yet, so it is not known.
    pub async fn is_exchange(&self) -> Result<bool, BackendError> {
        self.target.is_exchange().await
    }

    /// Signs in for a client at `address` whose sign-in command has the tag `tag`.
    ///
    /// # Errors
    /// Any [`BackendError`]: a refusal.
    pub async fn sign_in(&self, pass: &Pass, tag: &Tag, address: IpAddr) -> Result<SignedIn, BackendError> {
        let since = clock::monotonic();
        let outcome = self.try_sign_in(pass, tag, address).await;
        METRICS.backend.observe(Asked::of(&outcome), clock::monotonic().saturating_duration_since(since));
        outcome
    }

    async fn try_sign_in(&self, pass: &Pass, tag: &Tag, address: IpAddr) -> Result<SignedIn, BackendError> {
        // Sessions over the limit are not sent to the backend: Exchange answers them as it answers a wrong password.
        let seat = match pass.is_proven() {
            true => Some(self.session_limits.take(pass.mailbox())?),
            false => self.session_limits.look(pass.mailbox()).map(|()| None)?,
        };
        let login = Login { name: pass.mailbox().as_bytes(), password: pass.password(), client: Some(address) };
        let (dialogue, mut told) = self.enter(&login, &tag.to_string()).await?;
        let seat = seat.map_or_else(|| self.session_limits.take(pass.mailbox()), Ok)?;
        let stream = timeout(SIGN_IN, hand_over(dialogue, &mut told)).await.map_err(|_| BackendError::Silent)??;
        Ok(SignedIn { stream, told, seat })
    }

    /// Signs in only to see whether a password is right, and logs out: no client gets that connection, so this takes no
    /// [`Pass`]. The caller is responsible for who may try passwords.
    ///
    /// # Errors
    /// Any [`BackendError`]; it contains [`Stop::Refused`] if the password is wrong.
    pub async fn check(&self, mailbox: &str, password: &[u8]) -> Result<(), BackendError> {
        // No valid password contains bytes that could end a line or a SASL message.
        let typed = Credentials::new(mailbox.as_bytes(), password).ok_or(BackendError::Refused(Stop::Refused))?;
        let login = Login { name: typed.name().as_bytes(), password: typed.password(), client: None };
        let (dialogue, _) = self.enter(&login, LOGIN).await?;
        let (mut stream, _) = dialogue.end();
        let goodbye = async {
            stream.write_all(format!("{LEAVE} LOGOUT\r\n").as_bytes()).await?;
            stream.shutdown().await
        };
        // It has answered already; the outcome of the logout changes nothing.
        drop(timeout(GOODBYE, goodbye).await);
        Ok(())
    }

    async fn enter(&self, login: &Login<'_>, tag: &str) -> Result<Entered, BackendError> {
        if let Some(preconnect) = &self.preconnect
            && let Some(greeted) = preconnect.take().await
        {
            match sign_in(greeted, login, tag).await {
                // It may have closed the connection at this moment. A new one gives a reliable result.
                Err(BackendError::Lost(_) | BackendError::Unfit(_)) => {}
                outcome => return outcome,
            }
        }
        sign_in(self.target.greet(login.client).await?, login, tag).await
    }
}

async fn sign_in(greeted: Greeted, login: &Login<'_>, tag: &str) -> Result<Entered, BackendError> {
    timeout(SIGN_IN, say_login(greeted, login, tag)).await.map_err(|_| BackendError::Silent)?
}

/// Signs in. The backend's replies to it are returned with the client's `tag`.
async fn say_login(
    Greeted { mut dialogue, capabilities }: Greeted,
    login: &Login<'_>,
    tag: &str,
) -> Result<Entered, BackendError> {
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
                told.extend_from_slice(tag.as_bytes());
                told.extend_from_slice(&line[LOGIN.len()..]);
                return Ok((dialogue, told));
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

/// Checks the backend's capabilities after sign-in, and hands the connection over. They are requested each time: some
/// backends announce fewer than they list on request.
async fn hand_over(mut dialogue: BackendDialogue, told: &mut Vec<u8>) -> Result<Box<dyn Stream>, BackendError> {
    refuse_unauthenticate(Some(ask_capabilities(&mut dialogue, LEARN, told).await?))?;
    let (stream, rest) = dialogue.end();
    told.extend_from_slice(&rest);
    Ok(stream)
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
        vec![piece(&[tag, b" AUTHENTICATE PLAIN ", &plain(login), b"\r\n"])]
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
        vec![piece(&[tag, b" AUTHENTICATE PLAIN\r\n"]), piece(&[&plain(login), b"\r\n"])]
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

/// The SASL message of RFC 4616, in base64.
fn plain(login: &Login<'_>) -> Zeroizing<Vec<u8>> {
    let message = Zeroizing::new([b"\0", login.name, b"\0", login.password].concat());
    // Four characters for three bytes; the buffer never grows, so it leaves no copies.
    let mut encoded = Zeroizing::new(String::with_capacity(message.len().div_ceil(3) * 4));
    STANDARD.encode_string(&*message, &mut encoded);
    Zeroizing::new(encoded.as_bytes().to_vec())
}

impl Asked {
    /// The outcome of a sign-in.
    pub fn of<T>(outcome: &Result<T, BackendError>) -> Self {
        match outcome {
            Ok(_) => Self::Accepted,
            Err(BackendError::Refused(_)) => Self::Refused,
            Err(BackendError::Full(_)) => Self::Full,
            Err(BackendError::Lost(_)) => Self::Unreachable,
            Err(BackendError::Silent) => Self::Silent,
            Err(BackendError::Unfit(_)) => Self::Unfit,
        }
    }
}

#[cfg(test)]
#[path = "backend_tests.rs"]
mod tests;
