//! The part of a backend connection that does not depend on the user: connect, TLS, greeting.

use crate::connection::{BackendDialogue, BackendError, Stream};
use crate::dialogue::Dialogue;
use crate::protocol::Protocol;
use nix::sys::socket::{setsockopt, sockopt};
use postern_front::pin;
use postern_front::proxy_protocol;
use postern_front::tls::{self, TlsError};
use postern_proxy_config::{self as config, BackendSecurity};
use rustls::pki_types::ServerName;
use std::io;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long connecting to the backend may take, including its greeting and TLS.
pub const CONNECT: Duration = Duration::from_secs(10);

/// How long a client waits for its greeting while it is not known yet what clients are shown.
pub const SHOWN_WITHIN: Duration = Duration::from_secs(1);

/// The backend's address, and how to connect to it.
pub(crate) struct Target<P: Protocol> {
    host: String,
    port: u16,
    security: BackendSecurity,
    tls: TlsConnector,
    name: ServerName<'static>,
    tells_client: bool,
    exchange: OnceCell<bool>,
    /// From the last connection; none: there was none yet.
    shown: Mutex<Option<P::Shown>>,
    /// Held while the backend is asked what clients are shown, so that many clients make one connection.
    asking: tokio::sync::Mutex<()>,
    protocol: PhantomData<P>,
}

/// A connection that is ready for a sign-in.
pub(crate) struct Greeted<O> {
    pub(crate) dialogue: BackendDialogue,
    pub(crate) offers: O,
}

impl<P: Protocol> Target<P> {
    pub(crate) fn new(settings: &config::Mail) -> Result<Self, TlsError> {
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
            shown: Mutex::new(None),
            asking: tokio::sync::Mutex::default(),
            protocol: PhantomData,
        })
    }

    /// Whether each connection is opened for a certain client.
    pub(crate) fn tells_client(&self) -> bool {
        self.tells_client
    }

    /// Whether the backend's greeting is Exchange's. It is determined once: the front must be restarted only if the
    /// backend is replaced.
    ///
    /// # Errors
    /// If it cannot be reached; then the next call tries again.
    pub(crate) async fn is_exchange(&self) -> Result<bool, BackendError> {
        let greeting = async {
            let stream = self.open(None).await?;
            let stream: Box<dyn Stream> = match self.security {
                BackendSecurity::Tls => self.secure(stream).await?,
                BackendSecurity::Plain | BackendSecurity::StartTls => Box::new(stream),
            };
            Ok(P::is_of_exchange(&Dialogue::over(stream).line().await?))
        };
        let known = self
            .exchange
            .get_or_try_init(|| async { timeout(CONNECT, greeting).await.map_err(|_| BackendError::Silent)? });
        known.await.copied()
    }

    /// Connects on behalf of `client`; none: for the front itself.
    pub(crate) async fn greet(&self, client: Option<IpAddr>) -> Result<Greeted<P::Offers>, BackendError> {
        let greeted = timeout(CONNECT, self.connect(client)).await.map_err(|_| BackendError::Silent)??;
        if P::TERMS.shows_offers {
            *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(P::shown(&greeted.offers));
        }
        Ok(greeted)
    }

    /// What clients are shown of it: as it was on the last connection, or nothing while it cannot be reached. It takes at
    /// most [`SHOWN_WITHIN`].
    pub(crate) async fn shown(&self) -> P::Shown {
        let known = || self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if P::TERMS.shows_offers && known().is_none() {
            let attempt = async {
                let _alone = self.asking.lock().await;
                if known().is_none() {
                    // A sign-in gets the same error, and logs it.
                    drop(self.greet(None).await);
                }
            };
            drop(timeout(SHOWN_WITHIN, attempt).await);
        }
        known().unwrap_or_default()
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

    async fn connect(&self, client: Option<IpAddr>) -> Result<Greeted<P::Offers>, BackendError> {
        let stream = self.open(client).await?;
        match self.security {
            BackendSecurity::Plain => hear::<P>(Box::new(stream)).await,
            BackendSecurity::Tls => hear::<P>(self.secure(stream).await?).await,
            BackendSecurity::StartTls => {
                let Greeted { mut dialogue, offers } = hear::<P>(Box::new(stream)).await?;
                P::start_tls(&mut dialogue, &offers).await?;
                // What was sent without TLS is discarded now, and bytes after the reply may have been injected.
                let (stream, rest) = dialogue.end();
                if !rest.is_empty() {
                    return Err(BackendError::Unfit("it sends something in the clear behind STARTTLS"));
                }
                let mut dialogue = Dialogue::over(self.secure(stream).await?);
                let offers = P::greet_again(&mut dialogue, &offers).await?;
                Ok(Greeted { dialogue, offers })
            }
        }
    }

    async fn secure(&self, stream: impl Stream + 'static) -> Result<Box<dyn Stream>, BackendError> {
        Ok(Box::new(self.tls.connect(self.name.clone(), stream).await?))
    }
}

/// Reads the greeting of a backend.
pub(crate) async fn hear<P: Protocol>(stream: Box<dyn Stream>) -> Result<Greeted<P::Offers>, BackendError> {
    let mut dialogue = Dialogue::over(stream);
    let offers = P::greet(&mut dialogue).await?;
    Ok(Greeted { dialogue, offers })
}
