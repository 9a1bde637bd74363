//! The way to the backend: connect, greet, sign in with a [`Pass`], hand over.

use super::command::Tag;
use super::dialogue::Dialogue;
use super::reply::{Capabilities, Outcome, Reply, Why, read};
use super::verdict::{Pass, Stop};
use crate::config::{self, ImapSecurity};
use crate::tls::{self, TlsError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::ServerName;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

/// How long the backend may take to be connected, its greeting and TLS included.
pub const CONNECT: Duration = Duration::from_secs(10);
/// How long it may take over a sign-in.
pub const SIGN_IN: Duration = Duration::from_secs(30);

/// What we call our commands; a backend's reply to anything else is not ours.
const PREPARE: &str = "P1";
const LOGIN: &str = "P2";
const LEARN: &str = "P3";

/// Bytes both ways.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Why the backend let nobody in.
#[derive(Debug)]
pub enum BackendError {
    /// There is no connection to be had, or it broke.
    Lost(io::Error),
    /// It did not answer in time.
    Silent,
    /// It says no.
    Refused(Stop),
    /// It says what it must not.
    Unfit(&'static str),
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(error) => write!(f, "the IMAP backend cannot be reached: {error}; is it running?"),
            Self::Silent => f.write_str("the IMAP backend does not answer in time"),
            Self::Refused(_) => f.write_str("the IMAP backend refuses the sign-in"),
            Self::Unfit(why) => write!(f, "the IMAP backend cannot be used: {why}"),
        }
    }
}

impl std::error::Error for BackendError {}

impl From<io::Error> for BackendError {
    fn from(error: io::Error) -> Self {
        Self::Lost(error)
    }
}

impl BackendError {
    /// What the client is told.
    pub fn stop(&self) -> Stop {
        if let Self::Refused(stop) = self { *stop } else { Stop::Unavailable }
    }
}

/// A connection on which somebody is signed in.
pub struct SignedIn {
    /// The connection.
    pub stream: Box<dyn Stream>,
    /// What the backend has said to that, for the client.
    pub told: Vec<u8>,
}

/// The mail server behind the front.
pub struct Backend {
    host: String,
    port: u16,
    security: ImapSecurity,
    tls: TlsConnector,
    name: ServerName<'static>,
}

impl Backend {
    /// The backend that the configuration names; nothing is connected yet.
    ///
    /// # Errors
    /// When the file of its certificate authorities is of no use, or its name can stand in no certificate.
    pub fn new(settings: &config::Imap) -> Result<Self, TlsError> {
        let (host, port) = settings.backend.endpoint();
        let name = ServerName::try_from(host.to_owned());
        Ok(Self {
            host: host.to_owned(),
            port,
            security: settings.backend.security(),
            tls: TlsConnector::from(tls::client_config(settings.backend_ca.as_deref())?),
            name: name.map_err(|error| TlsError::Setup(rustls::Error::General(error.to_string())))?,
        })
    }

    /// Signs in for a client at `address` who calls its sign-in `tag`.
    ///
    /// # Errors
    /// Any [`BackendError`]: a refusal.
    pub async fn sign_in(&self, pass: &Pass, tag: &Tag, address: IpAddr) -> Result<SignedIn, BackendError> {
        let silent = |_| BackendError::Silent;
        let (dialogue, capabilities) = timeout(CONNECT, self.connect()).await.map_err(silent)??;
        timeout(SIGN_IN, sign_in(dialogue, capabilities, pass, tag, address)).await.map_err(silent)?
    }

    async fn connect(&self) -> Result<(Dialogue<Box<dyn Stream>>, Capabilities), BackendError> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        match self.security {
            ImapSecurity::Plain => greet(Box::new(stream) as Box<dyn Stream>).await,
            ImapSecurity::Tls => greet(self.secure(stream).await?).await,
            ImapSecurity::StartTls => {
                let (mut dialogue, capabilities) = greet(stream).await?;
                if !capabilities.starttls {
                    return Err(BackendError::Unfit("it offers no STARTTLS"));
                }
                dialogue.say(format!("{PREPARE} STARTTLS\r\n").as_bytes()).await?;
                finish(&mut dialogue, PREPARE).await?;
                // What was said in the clear counts for nothing now, and what came behind the reply may be anybody's.
                let (stream, rest) = dialogue.end();
                if !rest.is_empty() {
                    return Err(BackendError::Unfit("it sends something in the clear behind STARTTLS"));
                }
                let mut dialogue = Dialogue::over(self.secure(stream).await?);
                let capabilities = ask_capabilities(&mut dialogue, PREPARE, &mut Vec::new()).await?;
                Ok((dialogue, capabilities))
            }
        }
    }

    async fn secure(&self, stream: TcpStream) -> Result<Box<dyn Stream>, BackendError> {
        Ok(Box::new(self.tls.connect(self.name.clone(), stream).await?))
    }
}

/// Reads the greeting, and asks what the backend can if that does not say so.
async fn greet<S: Stream>(stream: S) -> Result<(Dialogue<S>, Capabilities), BackendError> {
    let mut dialogue = Dialogue::over(stream);
    let told = match read(&dialogue.line().await?) {
        Reply::Untagged(Outcome::Ok(told)) => told,
        Reply::Untagged(outcome) => return Err(unexpected(&outcome)),
        _ => return Err(BackendError::Unfit("its greeting is no IMAP")),
    };
    let capabilities = match told {
        Some(capabilities) => capabilities,
        None => ask_capabilities(&mut dialogue, PREPARE, &mut Vec::new()).await?,
    };
    Ok((dialogue, capabilities))
}

async fn ask_capabilities<S: Stream>(
    dialogue: &mut Dialogue<S>,
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

/// Reads up to the end of the command with this tag.
async fn finish<S: Stream>(dialogue: &mut Dialogue<S>, tag: &str) -> Result<(), BackendError> {
    loop {
        let line = dialogue.line().await?;
        match read(&line) {
            Reply::Done { tag: done, outcome: Outcome::Ok(_) } if done == tag => return Ok(()),
            reply => check_aside(&reply, &line, tag)?,
        }
    }
}

async fn sign_in(
    mut dialogue: Dialogue<Box<dyn Stream>>,
    capabilities: Capabilities,
    pass: &Pass,
    tag: &Tag,
    address: IpAddr,
) -> Result<SignedIn, BackendError> {
    let mut parts = words(capabilities, pass, address)?.into_iter();
    let mut introduces = capabilities.id;
    let (mut told, mut live) = (Vec::new(), None);
    if let Some(first) = parts.next() {
        dialogue.say(&first).await?;
    }
    loop {
        let line = dialogue.line().await?;
        match read(&line) {
            // The end of our ID, whether it was welcome or not. What came before it is nothing for the client.
            Reply::Done { tag: done, .. } if introduces && done == PREPARE => {
                told.clear();
                introduces = false;
            }
            Reply::Done { tag: done, outcome: Outcome::Ok(capabilities) } if done == LOGIN => {
                live = capabilities.or(live);
                told.extend_from_slice(tag.to_string().as_bytes());
                told.extend_from_slice(&line[LOGIN.len()..]);
                break;
            }
            Reply::Invitation => {
                let next = parts.next().ok_or(BackendError::Unfit("it asks for more than name and password"))?;
                dialogue.say(&next).await?;
            }
            reply => {
                if let Reply::Capabilities(capabilities) = reply {
                    live = Some(capabilities);
                }
                check_aside(&reply, &line, LOGIN)?;
                told.extend_from_slice(&line);
            }
        }
    }
    let live = match live {
        Some(live) => live,
        None => ask_capabilities(&mut dialogue, LEARN, &mut told).await?,
    };
    // With it (RFC 8437) a client would sign in anew, as anybody, on a connection that nobody looks at any more. A
    // backend that has it has to say so; and one that hides it is not found out by watching commands either, because
    // what is a command and what is part of a message, only the backend decides.
    if live.unauthenticate {
        return Err(BackendError::Unfit(
            "it offers UNAUTHENTICATE, which leads past the second factor; switch it off there",
        ));
    }
    let (stream, rest) = dialogue.end();
    told.extend_from_slice(&rest);
    Ok(SignedIn { stream, told })
}

/// The parts in which a sign-in is said; each but the first waits to be asked for. One, where the backend can.
fn words(capabilities: Capabilities, pass: &Pass, address: IpAddr) -> Result<Vec<Zeroizing<Vec<u8>>>, BackendError> {
    let (name, password) = (pass.mailbox().as_bytes(), pass.password());
    let piece = |parts: &[&[u8]]| Zeroizing::new(parts.concat());
    let login = LOGIN.as_bytes();
    let mut said = if capabilities.plain && capabilities.initial_response {
        vec![piece(&[login, b" AUTHENTICATE PLAIN ", &plain(pass), b"\r\n"])]
    } else if !capabilities.login_disabled {
        let sign = if capabilities.literal_plus { "+" } else { "" };
        let lengths = [name, password].map(|text| format!("{{{}{sign}}}\r\n", text.len()));
        let parts = vec![
            piece(&[login, b" LOGIN ", lengths[0].as_bytes()]),
            piece(&[name, b" ", lengths[1].as_bytes()]),
            piece(&[password, b"\r\n"]),
        ];
        if capabilities.literal_plus {
            vec![piece(&parts.iter().map(|part| part.as_slice()).collect::<Vec<_>>())]
        } else {
            parts
        }
    } else if capabilities.plain {
        vec![piece(&[login, b" AUTHENTICATE PLAIN\r\n"]), piece(&[&plain(pass), b"\r\n"])]
    } else {
        return Err(BackendError::Unfit("it takes no password: neither LOGIN nor AUTHENTICATE PLAIN"));
    };
    if capabilities.id {
        // Dovecot believes it from its `login_trusted_networks`.
        let introduction = format!("{PREPARE} ID (\"x-originating-ip\" \"{address}\")\r\n");
        said[0] = piece(&[introduction.as_bytes(), &said[0]]);
    }
    Ok(said)
}

/// The SASL message of RFC 4616, in base64.
fn plain(pass: &Pass) -> Zeroizing<Vec<u8>> {
    let message = Zeroizing::new([b"\0", pass.mailbox().as_bytes(), b"\0", pass.password()].concat());
    // Four characters for three bytes; it never grows, so it leaves no copies.
    let mut encoded = Zeroizing::new(String::with_capacity(message.len().div_ceil(3) * 4));
    STANDARD.encode_string(&*message, &mut encoded);
    Zeroizing::new(encoded.as_bytes().to_vec())
}

/// A reply that is not what is waited for: an error if it ends the wait for `tag`.
fn check_aside(reply: &Reply, line: &[u8], tag: &str) -> Result<(), BackendError> {
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
        Outcome::No(Why::Credentials) => BackendError::Refused(Stop::Refused),
        Outcome::No(Why::Limit) => BackendError::Refused(Stop::Limit),
        Outcome::No(Why::Unavailable) => BackendError::Refused(Stop::Unavailable),
        Outcome::Ok(_) => BackendError::Unfit("it answers what was not asked"),
        Outcome::Bad => BackendError::Unfit("it does not understand a command that it offers"),
        Outcome::Bye => BackendError::Unfit("it says BYE before anybody is signed in"),
        Outcome::PreAuth => {
            BackendError::Unfit("it takes whoever connects for signed in (PREAUTH); have it ask for a password")
        }
        Outcome::Referral => {
            BackendError::Unfit("it sends people to another server (REFERRAL), past the second factor")
        }
    }
}

#[cfg(test)]
#[path = "backend_tests.rs"]
mod tests;
