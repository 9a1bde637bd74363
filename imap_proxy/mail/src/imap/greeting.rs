//! The part of a backend connection that does not depend on the user: connect, TLS, greeting, capabilities.

use super::connection::{BackendError, Stream};
use super::dialogue::Dialogue;
use super::reply::{Capabilities, Outcome, Reply, Why, read};
use super::verdict::Stop;
use nix::sys::socket::{setsockopt, sockopt};
use postern_front::pin;
use postern_front::proxy_protocol;
use postern_front::tls::{self, TlsError};
use postern_proxy_config::{self as config, ImapSecurity};
use rustls::pki_types::ServerName;
use std::io;
use std::net::IpAddr;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long connecting to the backend may take, including its greeting and TLS.
pub const CONNECT: Duration = Duration::from_secs(10);

/// The tag of the front's commands up to sign-in; a reply with any other tag is not for them.
pub(super) const PREPARE: &str = "P1";

/// The backend's address, and how to connect to it.
pub(super) struct Target {
    host: String,
    port: u16,
    security: ImapSecurity,
    tls: TlsConnector,
    name: ServerName<'static>,
    tells_client: bool,
    exchange: OnceCell<bool>,
}

/// A connection that is ready for a sign-in.
pub(super) struct Greeted {
    pub(super) dialogue: Dialogue<Box<dyn Stream>>,
    pub(super) capabilities: Capabilities,
}

impl Target {
    pub(super) fn new(settings: &config::Imap) -> Result<Self, TlsError> {
        let (host, port) = settings.backend.endpoint();
        let name = ServerName::try_from(host.to_owned());
        let tls = match &settings.backend_pin {
            Some(pin) => pin::client_config(*pin)?,
            None => tls::client_config(settings.backend_ca.as_deref())?,
        };
        Ok(Self {
            host: host.to_owned(),
            port,
            security: settings.backend.security(),
            tls: TlsConnector::from(tls),
            name: name.map_err(|error| TlsError::Setup(rustls::Error::General(error.to_string())))?,
            tells_client: settings.backend_proxy_protocol,
            exchange: OnceCell::new(),
        })
    }

    /// Whether each connection is opened for a certain client.
    pub(super) fn tells_client(&self) -> bool {
        self.tells_client
    }

    /// Whether the backend's greeting is Exchange's. It is determined once: the front must be restarted only if the
    /// backend is replaced.
    ///
    /// # Errors
    /// If it cannot be reached; then the next call tries again.
    pub(super) async fn is_exchange(&self) -> Result<bool, BackendError> {
        let greeting = async {
            let stream = self.open(None).await?;
            let stream: Box<dyn Stream> = match self.security {
                ImapSecurity::Tls => self.secure(stream).await?,
                ImapSecurity::Plain | ImapSecurity::StartTls => Box::new(stream),
            };
            Ok(is_of_exchange(&Dialogue::over(stream).line().await?))
        };
        let known = self
            .exchange
            .get_or_try_init(|| async { timeout(CONNECT, greeting).await.map_err(|_| BackendError::Silent)? });
        known.await.copied()
    }

    /// Connects on behalf of `client`; none: for the front itself.
    pub(super) async fn greet(&self, client: Option<IpAddr>) -> Result<Greeted, BackendError> {
        timeout(CONNECT, self.connect(client)).await.map_err(|_| BackendError::Silent)?
    }

    async fn open(&self, client: Option<IpAddr>) -> Result<TcpStream, BackendError> {
        let mut stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        // A backend that has vanished is detected in the end, also by a session that is idle for hours.
        setsockopt(&stream, sockopt::KeepAlive, &true).map_err(io::Error::from)?;
        if self.tells_client {
            let header = proxy_protocol::header(client, stream.peer_addr()?);
            stream.write_all(&header).await?;
        }
        Ok(stream)
    }

    async fn connect(&self, client: Option<IpAddr>) -> Result<Greeted, BackendError> {
        let stream = self.open(client).await?;
        match self.security {
            ImapSecurity::Plain => hear(Box::new(stream)).await,
            ImapSecurity::Tls => hear(self.secure(stream).await?).await,
            ImapSecurity::StartTls => {
                let Greeted { mut dialogue, capabilities } = hear(Box::new(stream)).await?;
                if !capabilities.starttls {
                    return Err(BackendError::Unfit("it offers no STARTTLS"));
                }
                dialogue.say(format!("{PREPARE} STARTTLS\r\n").as_bytes()).await?;
                finish(&mut dialogue, PREPARE).await?;
                // What was sent without TLS is discarded now, and bytes after the reply may have been injected.
                let (stream, rest) = dialogue.end();
                if !rest.is_empty() {
                    return Err(BackendError::Unfit("it sends something in the clear behind STARTTLS"));
                }
                let mut dialogue = Dialogue::over(self.secure(stream).await?);
                let capabilities = ask_capabilities(&mut dialogue, PREPARE, &mut Vec::new()).await?;
                Ok(Greeted { dialogue, capabilities })
            }
        }
    }

    async fn secure(&self, stream: impl Stream + 'static) -> Result<Box<dyn Stream>, BackendError> {
        Ok(Box::new(self.tls.connect(self.name.clone(), stream).await?))
    }
}

/// Whether this greeting names Exchange, as every release does unless it is configured otherwise (`Set-ImapSettings
/// -Banner`).
fn is_of_exchange(greeting: &[u8]) -> bool {
    const NAME: &[u8] = b"microsoft exchange";
    greeting.to_ascii_lowercase().windows(NAME.len()).any(|part| part == NAME)
}

/// Reads the greeting, and requests the capabilities if the greeting does not contain them.
pub(super) async fn hear(stream: Box<dyn Stream>) -> Result<Greeted, BackendError> {
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
    Ok(Greeted { dialogue, capabilities })
}

/// Requests the capabilities; other replies that arrive meanwhile go to `aside`.
pub(super) async fn ask_capabilities(
    dialogue: &mut Dialogue<Box<dyn Stream>>,
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
async fn finish(dialogue: &mut Dialogue<Box<dyn Stream>>, tag: &str) -> Result<(), BackendError> {
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
        Outcome::No(Why::Credentials) => BackendError::Refused(Stop::Refused),
        Outcome::No(Why::Limit) => BackendError::Refused(Stop::Limit),
        Outcome::No(Why::Expired) => BackendError::Refused(Stop::PasswordExpired),
        Outcome::No(Why::ContactAdmin) => BackendError::Refused(Stop::ContactAdmin),
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
