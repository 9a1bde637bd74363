//! What a protocol of the mail front provides. The front itself has everything that all of them share: TLS, limits, the
//! daemon's verdict, the connection to the backend, the relay. A new protocol is one module with an implementation of
//! [`Protocol`], and one line where the program starts its fronts.
//!
//! ```text
//!             bytes                 credentials                sign-in at the backend
//! Listening ─────────▶ Listening ─────────────▶ Judging ───────────────────────────────────▶ relay
//!     ▲                                            │
//!     └────────────────── refused ─────────────────┘
//! ```

use crate::connection::{BackendDialogue, BackendError};
use crate::metrics::Direction;
use crate::terms::Terms;
use crate::verdict::SignInFailure;
use postern_front::credentials::Credentials;
use postern_process::{Counters, Gauges};
use std::fmt::Debug;
use std::net::IpAddr;
use zeroize::Zeroizing;

/// How the connection to the client is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS: clients may sign in.
    Tls,
    /// Nothing yet: TLS has to begin first.
    Clear,
}

/// A line protocol between a mail app and a mail server.
pub trait Protocol: Sized + Send + Sync + 'static {
    /// The dialogue with a client before sign-in.
    type Listening: Listening;
    /// What a backend offers on a connection that is ready for a sign-in.
    type Offers: Send + Sync + 'static;

    /// What of it clients are shown before they are signed in; `()` where that is nothing.
    type Shown: Clone + Default + Send + Sync + 'static;

    /// Its words.
    const TERMS: Terms;

    /// The metric of its open sessions.
    fn sessions() -> &'static Gauges<()>;

    /// The metric of its bytes.
    fn bytes() -> &'static Counters<Direction>;

    /// Begins the dialogue with a client.
    fn begin(&self, security: Security, shown: Self::Shown) -> Step<Self::Listening>;

    /// What clients are shown of these offers.
    fn shown(offers: &Self::Offers) -> Self::Shown;

    /// Whether this first line of a backend is Exchange's, unless its administrator has changed it.
    fn is_of_exchange(greeting: &[u8]) -> bool;

    /// Reads the backend's greeting and what it offers.
    fn greet(dialogue: &mut BackendDialogue) -> impl Future<Output = Result<Self::Offers, BackendError>> + Send;

    /// Has the backend begin TLS: its next byte after this belongs to TLS.
    fn start_tls(
        dialogue: &mut BackendDialogue,
        offers: &Self::Offers,
    ) -> impl Future<Output = Result<(), BackendError>> + Send;

    /// Reads what the backend offers over TLS that [`Self::start_tls`] began; `before`: what it offered without.
    fn greet_again(
        dialogue: &mut BackendDialogue,
        before: &Self::Offers,
    ) -> impl Future<Output = Result<Self::Offers, BackendError>> + Send;

    /// Signs in, and returns the backend's replies for the client, the last of which accepts the sign-in. `tag` is what
    /// the client's own command is answered with; none: no client gets the connection.
    fn sign_in(
        dialogue: &mut BackendDialogue,
        offers: &Self::Offers,
        login: &Login<'_>,
        tag: Option<&TagOf<Self>>,
    ) -> impl Future<Output = Result<Vec<u8>, BackendError>> + Send;

    /// Checks a connection that is signed in before a client gets it; further replies for the client are added to
    /// `told`.
    fn before_relay(
        dialogue: &mut BackendDialogue,
        told: &mut Vec<u8>,
    ) -> impl Future<Output = Result<(), BackendError>> + Send;
}

/// The tag of a protocol's sign-in command.
pub type TagOf<P> = <<P as Protocol>::Listening as Listening>::Tag;

/// The dialogue before sign-in, as a state machine: bytes in, steps out. It uses no socket, no clock and no daemon, and
/// its steps do not depend on the pieces in which bytes arrive.
pub trait Listening: Sized + Send + Sync {
    /// What relates the reply to the sign-in command; `()` in a protocol that answers in order.
    type Tag: Debug + Send + Sync;

    /// Processes bytes that were read.
    fn receive(self, piece: &[u8]) -> Step<Self>;

    /// TLS has begun, after [`Next::StartTls`]. There is no second greeting.
    fn secured(self) -> Step<Self> {
        Step::new(String::new(), Next::Read(self))
    }

    /// The client's own name, if it has told it.
    fn client(&self) -> Option<&str>;

    /// Refuses the sign-in with this tag, and goes on.
    fn refuse(self, tag: Self::Tag, failure: SignInFailure) -> Step<Self>;

    /// The backend has signed in the user: returns the bytes that the client has sent after its sign-in command, which
    /// are for the backend.
    fn accept(self) -> Zeroizing<Vec<u8>>;
}

/// What the driver does: first write `say`, then do `next`.
#[derive(Debug)]
#[must_use]
pub struct Step<L: Listening> {
    /// To be written to the client.
    pub say: Vec<u8>,
    /// What follows.
    pub next: Next<L>,
}

impl<L: Listening> Step<L> {
    pub(crate) fn new(say: String, next: Next<L>) -> Self {
        Self { say: say.into_bytes(), next }
    }
}

/// What follows.
#[derive(Debug)]
pub enum Next<L: Listening> {
    /// Read on.
    Read(L),
    /// Begin TLS, and go on over it with [`Listening::secured`].
    StartTls(L),
    /// Ask the daemon, then the backend.
    Judge(Judging<L>),
    /// Close the connection.
    Close,
}

/// Waits for a verdict.
#[derive(Debug)]
pub struct Judging<L: Listening> {
    /// The tag of the sign-in command.
    pub tag: L::Tag,
    /// The credentials of the sign-in.
    pub credentials: Credentials,
    /// The dialogue that goes on if the sign-in is refused.
    pub listening: L,
}

impl<L: Listening> Judging<L> {
    /// Refuses the sign-in.
    pub fn refuse(self, failure: SignInFailure) -> Step<L> {
        self.listening.refuse(self.tag, failure)
    }
}

/// What the backend receives at a sign-in.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    /// The mailbox.
    pub name: &'a [u8],
    /// Its password.
    pub password: &'a [u8],
    /// The client's address; none: the sign-in is the front's own.
    pub client: Option<IpAddr>,
}
