//! The sequence of a connection, for every protocol: TLS, commands before sign-in, verdict, sign-in at the backend, and
//! then the relay.

use crate::backend::{Backend, SignedIn};
use crate::checks;
use crate::connection::{BackendError, Stream};
use crate::protocol::{Judging, Listening, Next, Protocol, Security, Step};
use crate::rejected_credentials::RejectedCredentials;
use crate::relay::{self, Farewell, First, relay};
use crate::verdict::SignInFailure;
use crate::waiting::{MAX_WAITING, WaitingConnections};
use postern_front::daemon::Daemon;
use postern_front::follow::{Before, Follower};
use postern_front::metrics::{self, Arrival, METRICS};
use postern_front::password_field::{Codes, Pass, judge, until_refusal};
use postern_front::session_registry::{CancellationToken, SessionRegistry};
use postern_front::socket::{self, Stream as Connected};
use postern_front::tls::HANDSHAKE;
use postern_front::tls::{Certificate, TlsError};
use postern_front::{clock, connection_limits, proxy_protocol};
use postern_process::accept::accept_until;
use postern_proxy_config::{self as config, Network};
use postern_wire::Secret;
use postern_wire::auth::{Origin, PasswordRefused};
use rustls::ServerConfig;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use zeroize::{Zeroize, Zeroizing};

/// How long a client may take until it is signed in, counted from when it is connected, whatever it does meanwhile.
pub const DEADLINE: Duration = Duration::from_secs(60);
/// A failed sign-in is answered at a multiple of this time after it began: so the time does not reveal who refused it,
/// or why. Dovecot takes two seconds for a wrong password.
pub const REFUSAL: Duration = Duration::from_secs(3);
/// Number of a mailbox's sessions from which on the refusal of a password that was right before is treated as a session
/// limit: Exchange allows 16, and several fronts may share them.
const MANY_SESSIONS: usize = 8;
/// Maximum number of sign-ins pending at the backend, from one IPv4 address or one IPv6 /64; twice as many from a /56,
/// and four times as many from a /48. Further ones wait for their turn.
pub const MAX_PENDING_PER_ADDRESS: usize = 64;
/// Bytes read at once before sign-in.
const READ_AT_ONCE: usize = 4096;

/// The front of a protocol.
pub struct Front<P: Protocol> {
    protocol: P,
    tls: TlsAcceptor,
    backend: Backend<P>,
    daemon: Daemon,
    sessions: Arc<Follower<SessionRegistry>>,
    waiting: WaitingConnections,
    /// Limits the sign-ins that are pending at the backend.
    pending: connection_limits::ConnectionLimits,
    proxies: Vec<Network>,
    rejected_credentials: RejectedCredentials,
}

/// A listening socket.
pub struct Socket {
    socket: socket::Socket,
    security: Security,
}

/// How the dialogue before sign-in ended.
enum Talk<L> {
    /// TLS begins.
    StartTls(L),
    /// The user is signed in.
    In(In),
    /// The user is not signed in.
    Over,
}

/// A session that was admitted.
struct In {
    backend: SignedIn,
    /// Bytes that the client has sent already for the backend.
    ahead: Zeroizing<Vec<u8>>,
    token: CancellationToken,
    farewell: Farewell,
}

impl Socket {
    /// Takes a listening socket; TLS begins at once on its connections, or with STARTTLS.
    pub fn new(socket: impl Into<socket::Socket>, security: Security) -> Self {
        Self { socket: socket.into(), security }
    }

    /// The address it listens on, with the port, also where the configuration left that to the kernel. None on a path.
    pub fn address(&self) -> Option<SocketAddr> {
        self.socket.address()
    }

    /// Serves clients until `stop` is done: then each session ends when it is idle.
    pub async fn serve<P: Protocol>(self, front: Arc<Front<P>>, stop: impl Future<Output = ()>) {
        let (stopping, stopped) = watch::channel(());
        let security = self.security;
        let serve = |(stream, from)| Some(Arc::clone(&front).connection(stream, from, security, stopped.clone()));
        let failed = |error: &io::Error| tracing::warn!(%error, "no connection can be accepted now");
        let mut connections = accept_until(self.socket, stop, failed, serve).await;
        drop(stopping);
        // Sessions enforce the time limit themselves; connections that remain then are not signed in.
        if !connections.end_within(relay::DRAIN + relay::FAREWELL).await {
            connections.cut().await;
        }
    }
}

impl<P: Protocol> Front<P> {
    /// The front that the configuration describes. From here on it follows changes at the daemon, so it must be called
    /// in a runtime.
    ///
    /// # Errors
    /// [`TlsError::Setup`].
    pub fn new(
        protocol: P,
        settings: &config::Mail,
        certificate: &Arc<Certificate>,
        backend: Backend<P>,
        daemon: Daemon,
    ) -> Result<Arc<Self>, TlsError> {
        let mut tls = ServerConfig::clone(&*certificate.server_config()?);
        tls.alpn_protocols = vec![P::TERMS.alpn.to_vec()];
        Ok(Arc::new(Self {
            protocol,
            tls: TlsAcceptor::from(Arc::new(tls)),
            backend: backend.keep_warm(),
            sessions: Follower::new(daemon.clone(), SessionRegistry::default()),
            daemon,
            waiting: WaitingConnections::default(),
            pending: connection_limits::ConnectionLimits::new(MAX_WAITING),
            proxies: settings.proxy_protocol_from.clone(),
            rejected_credentials: RejectedCredentials::default(),
        }))
    }

    /// Checks, from here on, the passwords that the daemon wants checked with the mail server. One front does.
    pub fn check_passwords(self: &Arc<Self>) {
        let front = Arc::clone(self);
        tokio::spawn(checks::follow(&P::TERMS, self.daemon.clone(), move |check| {
            let front = Arc::clone(&front);
            async move { front.check(&check.mailbox, &check.password).await }
        }));
    }

    fn arrive(arrival: Arrival) {
        METRICS.arrivals.count((P::TERMS.front, arrival));
    }

    async fn connection(
        self: Arc<Self>,
        stream: Connected,
        from: Option<IpAddr>,
        security: Security,
        mut stopped: watch::Receiver<()>,
    ) {
        let _open = METRICS.connections.hold(P::TERMS.front);
        // On the heap, and dropped before bytes are relayed: a session lasts for hours, a sign-in for a second.
        let signing_in = Box::pin(self.sign_in(stream, from, security));
        let signed_in = tokio::select! {
            // The sender is dropped at shutdown; nothing is ever sent.
            _ = stopped.changed() => return,
            signed_in = timeout(DEADLINE, signing_in) => signed_in,
        };
        match signed_in {
            Ok(Ok(Some((client, session)))) => session.run::<P>(client, stopped).await,
            Ok(Ok(None)) => {}
            // Errors of unauthenticated connections to port 993 are common.
            Ok(Err(error)) => tracing::debug!(?from, %error, "a connection ended before sign-in"),
            Err(_) => {
                Self::arrive(Arrival::Late);
                tracing::debug!(?from, "a connection took too long to sign in");
            }
        }
    }

    /// Handles a connection from its first byte to a session, if it leads to one.
    async fn sign_in(
        &self,
        mut stream: Connected,
        from: Option<IpAddr>,
        security: Security,
    ) -> io::Result<Option<(Box<dyn Stream>, In)>> {
        socket::prepare(&stream)?;
        // A client that may connect to a Unix socket is trusted.
        let is_proxy = from.is_none_or(|from| self.proxies.iter().any(|network| network.contains(from)));
        let told = match is_proxy {
            true => {
                let read = in_time(proxy_protocol::read(&mut stream)).await;
                read.inspect_err(|_| Self::arrive(Arrival::ProxyHeader))?
            }
            false => None,
        };
        let address = told.or(from).unwrap_or(socket::UNKNOWN);
        let mut place = self.waiting.take(address);
        tokio::select! {
            _ = &mut place.lost => {
                Self::arrive(Arrival::MadeRoom);
                tracing::info!(%address, "a connection that was not signed in made room for another");
                Ok(None)
            }
            session = self.converse(stream, address, security) => session,
        }
    }

    async fn converse(
        &self,
        mut stream: Connected,
        address: IpAddr,
        security: Security,
    ) -> io::Result<Option<(Box<dyn Stream>, In)>> {
        let mut begin = self.protocol.begin(security, self.backend.shown().await);
        if security == Security::Clear {
            match self.talk(&mut stream, address, begin).await? {
                Talk::StartTls(listening) => begin = listening.secured(),
                // No client signs in without TLS; the login state machine ensures that too.
                Talk::In(_) | Talk::Over => return Ok(None),
            }
        }
        let shaken = in_time(self.tls.accept(stream)).await;
        let mut stream = shaken.inspect_err(|_| Self::arrive(Arrival::Handshake))?;
        Self::arrive(Arrival::Accepted);
        match self.talk(&mut stream, address, begin).await? {
            Talk::In(session) => Ok(Some((Box::new(stream), session))),
            Talk::StartTls(_) | Talk::Over => Ok(None),
        }
    }

    /// Carries out the steps of the login state machine.
    async fn talk<S: Stream>(
        &self,
        stream: &mut S,
        address: IpAddr,
        mut step: Step<P::Listening>,
    ) -> io::Result<Talk<P::Listening>> {
        let mut bytes = Zeroizing::new(vec![0; READ_AT_ONCE]);
        loop {
            stream.write_all(&step.say).await?;
            stream.flush().await?;
            step = match step.next {
                Next::Close => {
                    stream.shutdown().await?;
                    return Ok(Talk::Over);
                }
                Next::StartTls(listening) => return Ok(Talk::StartTls(listening)),
                Next::Read(listening) => match stream.read(&mut bytes).await? {
                    0 => return Ok(Talk::Over),
                    count => {
                        let step = listening.receive(&bytes[..count]);
                        bytes[..count].zeroize();
                        step
                    }
                },
                Next::Judge(judging) => match self.judge(judging, address).await {
                    Ok(session) => return Ok(Talk::In(session)),
                    Err(step) => step,
                },
            };
        }
    }

    /// Decides about a name and a password field: a session, or the step that is the answer.
    async fn judge(&self, judging: Judging<P::Listening>, address: IpAddr) -> Result<In, Step<P::Listening>> {
        let began = clock::monotonic();
        let exchange = self.backend.is_exchange().await;
        let origin = Origin {
            address: Some(address),
            service: Some(P::TERMS.service.to_owned()),
            client: judging.listening.client().map(str::to_owned),
            browser: None,
            // While it is not known, it may be Exchange.
            before_exchange: *exchange.as_ref().unwrap_or(&true),
        };
        let refused = match self.admit(&judging, origin).await {
            Ok((pass, _))
                if pass.outdated().is_some_and(|session| self.rejected_credentials.are_kept(&session.standing)) =>
            {
                SignInFailure::Limit
            }
            Ok((pass, before)) => match self.ask_backend(&pass, &judging, address).await {
                Ok(backend) => {
                    METRICS.sign_ins.count((P::TERMS.front, metrics::Verdict::Accepted));
                    return Ok(self.enter(judging, pass, before, backend).await);
                }
                Err(error) => {
                    match error.failure() {
                        SignInFailure::Unavailable => {
                            tracing::error!(error = %error.of(&P::TERMS), "nobody can sign in by {}", P::TERMS.name)
                        }
                        failure => {
                            tracing::info!(mailbox = pass.mailbox(), %address, stop = ?failure, "the {} backend refuses", P::TERMS.name);
                        }
                    }
                    self.after_refusal(&pass, error.failure()).await
                }
            },
            Err(failure) => match (failure, exchange) {
                // It may have been refused because of the wrong assumption about the backend.
                (SignInFailure::Refused, Err(error)) => {
                    tracing::error!(error = %error.of(&P::TERMS), "nobody can sign in by {}", P::TERMS.name);
                    SignInFailure::Unavailable
                }
                (failure, _) => failure,
            },
        };
        METRICS.sign_ins.count((P::TERMS.front, refused.into()));
        if refused == SignInFailure::Refused {
            sleep(until_refusal(clock::monotonic().duration_since(began), REFUSAL)).await;
        }
        Err(judging.refuse(refused))
    }

    async fn ask_backend(
        &self,
        pass: &Pass,
        judging: &Judging<P::Listening>,
        address: IpAddr,
    ) -> Result<SignedIn, BackendError> {
        let _pending =
            self.pending.wait_for(&connection_limits::Share::of_address(address, MAX_PENDING_PER_ADDRESS)).await;
        self.backend.sign_in(pass, &judging.tag, address).await
    }

    /// Decides how a refusal by the backend is treated. The password of an app password is not tried again once the
    /// backend has refused it: phones sign in for days, and a directory locks an account after a few wrong passwords.
    /// But Exchange answers one session too many as it answers a wrong password, so with many sessions open the refusal
    /// is treated as that limit.
    async fn after_refusal(&self, pass: &Pass, failure: SignInFailure) -> SignInFailure {
        let Some(session) = pass.outdated().filter(|_| failure == SignInFailure::Refused) else { return failure };
        if self.sessions.kept().count(&session.mailbox) >= MANY_SESSIONS {
            self.rejected_credentials.keep(&session.standing);
            return SignInFailure::Limit;
        }
        if let Err(error) = self.daemon.password_refused(&PasswordRefused { session: session.clone() }).await {
            tracing::error!(%error, mailbox = pass.mailbox(), "an outdated app password may be tried once more");
        }
        SignInFailure::Expired
    }

    /// Checks with the backend whether this is the mailbox's password. The daemon requests it, by way of [`checks`].
    async fn check(&self, mailbox: &str, password: &Secret) -> Result<(), BackendError> {
        self.backend.check(mailbox, password.reveal().as_bytes()).await
    }

    /// Asks the daemon. Nothing is sent to the backend without a pass.
    async fn admit(&self, judging: &Judging<P::Listening>, origin: Origin) -> Result<(Pass, Before), SignInFailure> {
        let typed = &judging.credentials;
        if self.sessions.is_disconnected() {
            return Err(SignInFailure::Unavailable);
        }
        let before = self.sessions.before();
        let asked = (P::TERMS.channel, origin, Codes::Appended);
        let failed = |error: &_| tracing::error!(%error, "a sign-in is refused");
        Ok((judge(&self.daemon, typed, asked, failed).await?, before))
    }

    async fn enter(&self, judging: Judging<P::Listening>, pass: Pass, before: Before, backend: SignedIn) -> In {
        let session = pass.into_session();
        tracing::debug!(mailbox = session.mailbox, "signed in by {}", P::TERMS.name);
        let token = self.sessions.register(session, before).await;
        let farewell = Farewell { cut: P::TERMS.account_changed, stopped: P::TERMS.restarting };
        In { backend, ahead: judging.listening.accept(), token, farewell }
    }
}

impl In {
    async fn run<P: Protocol>(self, mut client: Box<dyn Stream>, mut stopped: watch::Receiver<()>) {
        let Self { backend: SignedIn { mut stream, told, seat: _seat }, ahead, token, farewell } = self;
        let _open = P::sessions().hold(());
        let first = First { to_client: told, to_backend: ahead.to_vec() };
        let cut = token.cut();
        let stop = async { drop(stopped.changed().await) };
        let ended = relay(&mut client, &mut stream, (first, farewell, P::bytes()), cut, stop).await;
        tracing::debug!(?ended, "a session has ended");
    }
}

/// Applies the time limit to a step before the first byte of IMAP.
async fn in_time<T>(step: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(HANDSHAKE, step).await?
}
