//! Calls to posternd: `org.postern.Auth` over its Unix socket, asynchronously.
//!
//! Each call uses one connection, and nothing is kept: no verdict is ever cached, the next call finds a daemon that has
//! restarted, and a call that may have been received is never sent twice. No error here ever means "yes".

use crate::clock;
use crate::metrics::{self, METRICS};
use postern_wire::admin::Empty;
use postern_wire::auth::{
    self, Answer, AnswerField, AnswerVerdict, Ask, Asked, Confirm, ConfirmVerdict, Enrol, EnrolVerdict, FieldVerdict,
    PasswordAccepted, PasswordCheck, PasswordChecked, PasswordChecks, PasswordRefused, Prepare, PrepareVerdict,
    Recheck, Rechecked, SignedIn, WatchEvent,
};
use postern_wire::client::{is_daemon_user, parse_reply};
use postern_wire::methods::{Method, auth_method};
use postern_wire::security::{
    Change, ChangeSecurity, ChangeVerdict, OpenRequest, RequestVerdict, SecurityVerdict, ShowSecurity,
};
use postern_wire::{Call, CallError, Decoder, frame};
use serde::{Serialize, de::DeserializeOwned};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

/// How long a call may take, including the wait for its turn.
pub const DEADLINE: Duration = Duration::from_secs(5);
/// The same for a call that sends a code: an SMS gateway or a mail server can be slow.
pub const SENDING_DEADLINE: Duration = Duration::from_secs(30);
/// The same for a call that makes the mail server check a password; the daemon waits for 45 seconds.
pub const CHECKING_DEADLINE: Duration = Duration::from_secs(50);
/// Calls that run at once; more wait for their turn.
pub const MAX_CALLS: usize = 64;
/// The same for calls that send a code, so that a slow gateway delays nothing else.
pub const MAX_SENDING: usize = 64;
/// The wait before the first new attempt to watch; each further one waits twice as long, up to [`LONGEST_PAUSE`].
pub const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest wait between two attempts to watch.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Events that may be queued for the receiver of a stream.
const EVENTS_WAITING: usize = 64;
/// Bytes read at once.
const READ_AT_ONCE: usize = 4096;

/// Why a call has no reply.
pub type DaemonError = CallError;

/// What the receiver of [`Daemon::watch`] gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watched {
    /// The daemon is connected (again): changes in between were missed, so every open session must be rechecked.
    Connected,
    /// Something changed that may end sessions.
    Changed {
        /// The mailbox; none: any mailbox.
        mailbox: Option<String>,
    },
}

/// The connection to the daemon. Creating it never fails: each call shows whether the daemon listens.
#[derive(Clone)]
pub struct Daemon(Arc<Inner>);

struct Inner {
    socket: PathBuf,
    calls: Semaphore,
    sending: Semaphore,
    /// The daemon's user: looking it up may query a directory server, so it is done once.
    known: OnceLock<u32>,
}

impl Daemon {
    /// For the daemon that listens at `socket`, now or later.
    pub fn new(socket: PathBuf) -> Self {
        let (calls, sending) = (Semaphore::new(MAX_CALLS), Semaphore::new(MAX_SENDING));
        Self(Arc::new(Inner { socket, calls, sending, known: OnceLock::new() }))
    }

    /// Asks what a sign-in needs.
    ///
    /// # Errors
    /// Any [`DaemonError`]: a refusal.
    pub async fn ask(&self, ask: &Ask) -> Result<Asked, DaemonError> {
        self.call::<auth_method::Ask>(ask).await
    }

    /// Begins a method: sends a code, or makes a challenge for a security key.
    ///
    /// # Errors
    /// Any [`DaemonError`]: a refusal, though a code may have been sent.
    pub async fn prepare(&self, prepare: &Prepare) -> Result<PrepareVerdict, DaemonError> {
        self.call_that_sends::<auth_method::Prepare>(prepare).await
    }

    /// Answers a challenge.
    ///
    /// # Errors
    /// Any [`DaemonError`]: a refusal, though the code may have been used up.
    pub async fn answer(&self, answer: &Answer) -> Result<AnswerVerdict, DaemonError> {
        self.call::<auth_method::Answer>(answer).await
    }

    /// Reports which browser was signed in without a second factor.
    ///
    /// # Errors
    /// Any [`DaemonError`]: the browser is not noted.
    pub async fn signed_in(&self, signed_in: &SignedIn) -> Result<(), DaemonError> {
        self.call::<auth_method::SignedIn>(signed_in).await.map(drop)
    }

    /// Passes on a field with an app password, or with a code after the password.
    ///
    /// # Errors
    /// Any [`DaemonError`]: a refusal, though the code may have been used up.
    pub async fn answer_field(&self, field: &AnswerField) -> Result<FieldVerdict, DaemonError> {
        self.call::<auth_method::AnswerField>(field).await
    }

    /// Reports that the mail server has refused the password that an app password stands for.
    ///
    /// # Errors
    /// Any [`DaemonError`]: the next sign-in will try the same password again.
    pub async fn password_refused(&self, refused: &PasswordRefused) -> Result<(), DaemonError> {
        self.call::<auth_method::PasswordRefused>(refused).await.map(drop)
    }

    /// Reports that the mail server or the webmail has accepted a password.
    ///
    /// # Errors
    /// Any [`DaemonError`]: app passwords go on standing for the previous password.
    pub async fn password_accepted(&self, accepted: &PasswordAccepted) -> Result<(), DaemonError> {
        self.call::<auth_method::PasswordAccepted>(accepted).await.map(drop)
    }

    /// Reports the mail server's result for a password that the daemon wanted to have checked.
    ///
    /// # Errors
    /// Any [`DaemonError`]: the user who waits for it sees that it is temporarily unavailable.
    pub async fn password_checked(&self, checked: &PasswordChecked) -> Result<(), DaemonError> {
        self.call::<auth_method::PasswordChecked>(checked).await.map(drop)
    }

    /// Begins an enrolment, or shows again one that has begun.
    ///
    /// # Errors
    /// Any [`DaemonError`]: a refusal, though a code may have been sent.
    pub async fn enrol(&self, enrol: &Enrol) -> Result<EnrolVerdict, DaemonError> {
        self.call_that_sends::<auth_method::Enrol>(enrol).await
    }

    /// Asks what a user sees of their own account.
    ///
    /// # Errors
    /// Any [`DaemonError`]: the user sees nothing.
    pub async fn show_security(&self, show: &ShowSecurity) -> Result<SecurityVerdict, DaemonError> {
        self.call::<auth_method::ShowSecurity>(show).await
    }

    /// Changes something of the account.
    ///
    /// # Errors
    /// Any [`DaemonError`], though it may have been changed.
    pub async fn change_security(&self, wanted: &ChangeSecurity) -> Result<ChangeVerdict, DaemonError> {
        match wanted.change {
            Change::CreateAppPassword { .. } => {
                self.call_within::<auth_method::ChangeSecurity>(CHECKING_DEADLINE, &self.0.sending, wanted).await
            }
            _ => self.call::<auth_method::ChangeSecurity>(wanted).await,
        }
    }

    /// Asks the administrator for a reset.
    ///
    /// # Errors
    /// Any [`DaemonError`]: a refusal, though the administrator may see the request.
    pub async fn open_request(&self, request: &OpenRequest) -> Result<RequestVerdict, DaemonError> {
        self.call::<auth_method::OpenRequest>(request).await
    }

    /// Completes an enrolment with a code.
    ///
    /// # Errors
    /// Any [`DaemonError`]: a refusal, though the account may be protected now.
    pub async fn confirm(&self, confirm: &Confirm) -> Result<ConfirmVerdict, DaemonError> {
        self.call::<auth_method::Confirm>(confirm).await
    }

    /// Asks which of these sessions are over. The reply has one word for each, in order.
    ///
    /// # Errors
    /// Any [`DaemonError`]; a reply of another length is [`CallError::Garbage`].
    pub async fn recheck(&self, recheck: &Recheck) -> Result<Rechecked, DaemonError> {
        let rechecked: Rechecked = self.call::<auth_method::Recheck>(recheck).await?;
        if rechecked.ended.len() == recheck.sessions.len() {
            Ok(rechecked)
        } else {
            Err(CallError::Garbage("not one word for each session".to_owned()))
        }
    }

    /// Reports changes, from now until the receiver is dropped. It reconnects by itself.
    pub fn watch(&self) -> mpsc::Receiver<Watched> {
        let read =
            |first, WatchEvent { mailbox }| Some(if first { Watched::Connected } else { Watched::Changed { mailbox } });
        self.stream::<auth_method::Watch, _>("every sign-in is refused until it is back", read)
    }

    /// Offers to check passwords with the mail server, from now until the receiver is dropped. It reconnects by itself.
    pub fn password_checks(&self) -> mpsc::Receiver<PasswordCheck> {
        self.stream::<auth_method::CheckPasswords, _>(
            "no app password can be made until it is back",
            |_, reply: PasswordChecks| reply.check,
        )
    }

    /// Calls a method that sends several replies. `read` turns each reply, and whether it is the first of a connection,
    /// into what the receiver gets. `meanwhile` is the consequence that is logged while there is no connection.
    fn stream<M, T: Send + 'static>(
        &self,
        meanwhile: &'static str,
        read: impl Fn(bool, M::Reply) -> Option<T> + Send + Sync + 'static,
    ) -> mpsc::Receiver<T>
    where
        M: Method<Parameters = Empty, Reply: DeserializeOwned + Send + 'static>,
    {
        let (events, receiver) = mpsc::channel(EVENTS_WAITING);
        let daemon = self.clone();
        tokio::spawn(async move {
            // Also ends the wait when the receiver is dropped.
            tokio::select! {
                () = daemon.follow(M::NAME, meanwhile, &read, &events) => {}
                () = events.closed() => {}
            }
        });
        receiver
    }

    async fn follow<R: DeserializeOwned, T>(
        &self,
        method: &'static str,
        meanwhile: &'static str,
        read: &impl Fn(bool, R) -> Option<T>,
        events: &mpsc::Sender<T>,
    ) {
        let mut pause = FIRST_PAUSE;
        let mut said = false;
        loop {
            let mut was_connected = false;
            let error = match self.follow_once(method, read, events, &mut was_connected).await {
                Ok(()) => return,
                Err(error) => error,
            };
            if was_connected {
                (pause, said) = (FIRST_PAUSE, false);
            }
            if !said {
                tracing::warn!(%error, "not connected to posternd: {meanwhile}");
                said = true;
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Ok: the receiver was dropped.
    async fn follow_once<R: DeserializeOwned, T>(
        &self,
        method: &'static str,
        read: &impl Fn(bool, R) -> Option<T>,
        events: &mpsc::Sender<T>,
        was_connected: &mut bool,
    ) -> Result<(), DaemonError> {
        let mut connection = timeout(DEADLINE, self.open(method, &Empty {}, true)).await.map_err(late)??;
        // The first reply comes at once and means that events are reported from now on.
        let (mut reply, mut continues): (R, _) = timeout(DEADLINE, connection.receive()).await.map_err(late)??;
        let _told = METRICS.streams.hold(());
        tracing::info!(method, "connected to posternd");
        loop {
            let event = read(!*was_connected, reply);
            *was_connected = true;
            if let Some(event) = event
                && events.send(event).await.is_err()
            {
                return Ok(());
            }
            if !continues {
                return Err(CallError::Lost(io::ErrorKind::UnexpectedEof.into()));
            }
            (reply, continues) = connection.receive().await?;
        }
    }

    async fn call<M>(&self, parameters: &M::Parameters) -> Result<M::Reply, DaemonError>
    where
        M: Method<Parameters: Serialize, Reply: DeserializeOwned>,
    {
        self.call_within::<M>(DEADLINE, &self.0.calls, parameters).await
    }

    async fn call_that_sends<M>(&self, parameters: &M::Parameters) -> Result<M::Reply, DaemonError>
    where
        M: Method<Parameters: Serialize, Reply: DeserializeOwned>,
    {
        self.call_within::<M>(SENDING_DEADLINE, &self.0.sending, parameters).await
    }

    async fn call_within<M>(
        &self,
        deadline: Duration,
        turns: &Semaphore,
        parameters: &M::Parameters,
    ) -> Result<M::Reply, DaemonError>
    where
        M: Method<Parameters: Serialize, Reply: DeserializeOwned>,
    {
        let since = clock::monotonic();
        let exchange = async {
            let _turn = turns.acquire().await.map_err(|_| late(()))?;
            let mut connection = self.open(M::NAME, parameters, false).await?;
            connection.receive().await.map(|(reply, _)| reply)
        };
        let outcome = timeout(deadline, exchange).await.unwrap_or_else(|elapsed| Err(late(elapsed)));
        METRICS.calls.observe(metrics::Call::of(&outcome), clock::monotonic().saturating_duration_since(since));
        outcome
    }

    async fn open(&self, method: &str, parameters: &impl Serialize, more: bool) -> Result<Connection, DaemonError> {
        let mut stream = UnixStream::connect(&self.0.socket).await.map_err(CallError::Unreachable)?;
        self.check(&stream).await?;
        let method = format!("{}.{method}", auth::INTERFACE);
        let call = Call { method, parameters: Some(parameters), more, oneway: false };
        let frame = frame::encode(&call).map_err(|error| CallError::Garbage(error.to_string()))?;
        stream.write_all(&frame).await.map_err(CallError::Lost)?;
        Ok(Connection { stream, decoder: Decoder::default() })
    }

    async fn check(&self, stream: &UnixStream) -> Result<(), DaemonError> {
        let uid = stream.peer_cred().map_err(CallError::Unreachable)?.uid();
        if self.0.known.get() == Some(&uid) {
            return Ok(());
        }
        let is_daemon = tokio::task::spawn_blocking(move || is_daemon_user(uid)).await;
        if !is_daemon.unwrap_or(false) {
            return Err(CallError::Impostor(uid));
        }
        // It fails only where two calls looked it up at once, and then the next call looks it up again.
        let _ = self.0.known.set(uid);
        Ok(())
    }
}

struct Connection {
    stream: UnixStream,
    decoder: Decoder,
}

impl Connection {
    async fn receive<R: DeserializeOwned>(&mut self) -> Result<(R, bool), DaemonError> {
        // On the heap, so that it is not moved and is wiped there, also when the deadline drops this future.
        let mut bytes = Zeroizing::new(vec![0; READ_AT_ONCE]);
        loop {
            if let Some(reply) = self.decoder.next_frame(parse_reply) {
                return reply;
            }
            match self.stream.read(&mut bytes).await.map_err(CallError::Lost)? {
                0 => return Err(CallError::Lost(io::ErrorKind::UnexpectedEof.into())),
                count => {
                    let pushed = self.decoder.push(&bytes[..count]);
                    pushed.map_err(|error| CallError::Garbage(error.to_string()))?;
                }
            }
        }
    }
}

fn late<T>(_: T) -> DaemonError {
    CallError::Lost(io::ErrorKind::TimedOut.into())
}
