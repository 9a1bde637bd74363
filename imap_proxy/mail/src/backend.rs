//! The backend: signs in with a [`Pass`], on a connection from [`crate::preconnect`] or a new one, and hands the
//! connection over.

use crate::connection::{BackendDialogue, BackendError, Stream};
use crate::metrics::{Asked, METRICS};
use crate::preconnect::PreconnectPool;
use crate::protocol::{Login, Protocol, TagOf};
use crate::session_limits::{SessionLimits, SessionPermit};
use crate::target::{Greeted, Target};
use crate::verdict::SignInFailure;
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

/// How long the backend may take for a sign-in.
pub const SIGN_IN: Duration = Duration::from_secs(30);
/// How long it may take for the logout after a mere check.
pub const GOODBYE: Duration = Duration::from_secs(2);

/// A connection on which a user is signed in.
pub struct SignedIn {
    /// The connection.
    pub stream: Box<dyn Stream>,
    /// The backend's replies to the sign-in, for the client.
    pub told: Vec<u8>,
    /// Held as long as the session lasts.
    pub(crate) seat: SessionPermit,
}

/// The backend of a protocol.
pub struct Backend<P: Protocol> {
    target: Arc<Target<P>>,
    session_limits: SessionLimits,
    pub(crate) preconnect: Option<PreconnectPool<P::Offers>>,
}

/// A connection on which a user is signed in, before it is handed over, and the backend's replies to the sign-in.
type Entered = (BackendDialogue, Vec<u8>);

impl<P: Protocol> Backend<P> {
    /// For the backend that the configuration names; nothing is connected yet.
    ///
    /// # Errors
    /// If the file of its certificate authorities cannot be used, or no certificate can contain its name.
    pub fn new(settings: &config::Mail) -> Result<Self, TlsError> {
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
            async move {
                let greeted = target.greet(None).await;
                // A sign-in that finds none gets the same error, and that is logged at its proper level.
                greeted
                    .inspect_err(|error| tracing::debug!(error = %error.of(&P::TERMS), "no connection is kept ready"))
            }
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

    /// What clients are shown of it before they are signed in.
    pub(crate) async fn shown(&self) -> P::Shown {
        self.target.shown().await
    }

    /// Signs in for a client at `address` whose sign-in command has the tag `tag`.
    ///
    /// # Errors
    /// Any [`BackendError`]: a refusal.
    pub async fn sign_in(&self, pass: &Pass, tag: &TagOf<P>, address: IpAddr) -> Result<SignedIn, BackendError> {
        let since = clock::monotonic();
        let outcome = self.try_sign_in(pass, tag, address).await;
        METRICS.backend.observe(Asked::of(&outcome), clock::monotonic().saturating_duration_since(since));
        outcome
    }

    async fn try_sign_in(&self, pass: &Pass, tag: &TagOf<P>, address: IpAddr) -> Result<SignedIn, BackendError> {
        // Sessions over the limit are not sent to the backend: Exchange answers them as it answers a wrong password.
        let seat = match pass.is_proven() {
            true => Some(self.session_limits.take(pass.mailbox())?),
            false => self.session_limits.look(pass.mailbox()).map(|()| None)?,
        };
        let login = Login { name: pass.mailbox().as_bytes(), password: pass.password(), client: Some(address) };
        let (dialogue, mut told) = self.enter(&login, Some(tag)).await?;
        let seat = seat.map_or_else(|| self.session_limits.take(pass.mailbox()), Ok)?;
        let stream = hand_over::<P>(dialogue, &mut told).await?;
        Ok(SignedIn { stream, told, seat })
    }

    /// Signs in only to see whether a password is right, and logs out: no client gets that connection, so this takes no
    /// [`Pass`]. The caller is responsible for who may try passwords.
    ///
    /// # Errors
    /// Any [`BackendError`]; it contains [`SignInFailure::Refused`] if the password is wrong.
    pub async fn check(&self, mailbox: &str, password: &[u8]) -> Result<(), BackendError> {
        // No valid password contains bytes that could end a line or a SASL message.
        let typed =
            Credentials::new(mailbox.as_bytes(), password).ok_or(BackendError::Refused(SignInFailure::Refused))?;
        let login = Login { name: typed.name().as_bytes(), password: typed.password(), client: None };
        let (dialogue, _) = self.enter(&login, None).await?;
        let (mut stream, _) = dialogue.end();
        let goodbye = async {
            stream.write_all(P::TERMS.logout.as_bytes()).await?;
            stream.shutdown().await
        };
        // It has answered already; the outcome of the logout changes nothing.
        drop(timeout(GOODBYE, goodbye).await);
        Ok(())
    }

    async fn enter(&self, login: &Login<'_>, tag: Option<&TagOf<P>>) -> Result<Entered, BackendError> {
        if let Some(preconnect) = &self.preconnect
            && let Some(greeted) = preconnect.take().await
        {
            match sign_in::<P>(greeted, login, tag).await {
                // It may have closed the connection at this moment. A new one gives a reliable result.
                Err(BackendError::Lost(_) | BackendError::Unfit(_)) => {}
                outcome => return outcome,
            }
        }
        sign_in::<P>(self.target.greet(login.client).await?, login, tag).await
    }
}

/// Signs in, within the time limit.
pub(crate) async fn sign_in<P: Protocol>(
    Greeted { mut dialogue, offers }: Greeted<P::Offers>,
    login: &Login<'_>,
    tag: Option<&TagOf<P>>,
) -> Result<Entered, BackendError> {
    let told = timeout(SIGN_IN, P::sign_in(&mut dialogue, &offers, login, tag)).await;
    Ok((dialogue, told.map_err(|_| BackendError::Silent)??))
}

/// Has the protocol check the connection, and hands it over with what the backend has sent.
pub(crate) async fn hand_over<P: Protocol>(
    mut dialogue: BackendDialogue,
    told: &mut Vec<u8>,
) -> Result<Box<dyn Stream>, BackendError> {
    timeout(SIGN_IN, P::before_relay(&mut dialogue, told)).await.map_err(|_| BackendError::Silent)??;
    let (stream, rest) = dialogue.end();
    told.extend_from_slice(&rest);
    Ok(stream)
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
