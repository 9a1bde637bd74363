//! IMAP: the commands before sign-in, and the sign-in at the backend; after it, bytes are relayed unchanged.
//!
//! [`splitter`] finds commands, [`command`] parses them, and [`login`] decides what they lead to: none of the three does
//! I/O. [`greeting`] and [`sign_in`] speak with the backend, whose replies [`reply`] parses.

pub mod command;
mod greeting;
pub mod login;
pub mod reply;
mod sign_in;
pub mod splitter;

use crate::before_sign_in::FrontOptions;
use crate::connection::{BackendDialogue, BackendError};
use crate::metrics::{Direction, METRICS};
use crate::protocol::{Login, Protocol, Security, Step};
use crate::refusal_text::RefusalText;
use crate::terms::Terms;
use command::Tag;
use login::Listening;
use postern_front::metrics;
use postern_process::{Counters, Gauges};
use postern_proxy_config as config;
use postern_wire::auth::Channel;
use reply::Capabilities;

/// IMAP4rev1 (RFC 3501) and what of rev2 (RFC 9051) concerns a sign-in.
#[derive(Debug)]
pub struct Imap {
    options: FrontOptions,
}

impl Imap {
    /// With these settings.
    #[must_use]
    pub fn new(settings: &config::Mail) -> Self {
        let texts = RefusalText::new(settings.webmail.as_ref());
        Self { options: FrontOptions { texts, login_mechanism: settings.login_mechanism } }
    }
}

impl Protocol for Imap {
    type Listening = Listening;
    type Offers = Capabilities;
    type Shown = ();

    const TERMS: Terms = Terms {
        name: "IMAP",
        front: metrics::Front::Imap,
        channel: Channel::Imap,
        service: "imap",
        alpn: b"imap",
        account_changed: "* BYE The account has changed, sign in again\r\n",
        restarting: "* BYE The server is being restarted\r\n",
        shows_offers: false,
        logout: "P4 LOGOUT\r\n",
    };

    fn sessions() -> &'static Gauges<()> {
        &METRICS.imap_sessions
    }

    fn bytes() -> &'static Counters<Direction> {
        &METRICS.imap_bytes
    }

    fn begin(&self, security: Security, (): ()) -> Step<Listening> {
        Listening::begin(security, self.options.clone())
    }

    fn shown(_: &Capabilities) {}

    fn is_of_exchange(greeting: &[u8]) -> bool {
        greeting::is_of_exchange(greeting)
    }

    async fn greet(dialogue: &mut BackendDialogue) -> Result<Capabilities, BackendError> {
        greeting::greet(dialogue).await
    }

    async fn start_tls(dialogue: &mut BackendDialogue, offers: &Capabilities) -> Result<(), BackendError> {
        greeting::start_tls(dialogue, offers).await
    }

    async fn greet_again(dialogue: &mut BackendDialogue, _: &Capabilities) -> Result<Capabilities, BackendError> {
        greeting::ask_capabilities(dialogue, greeting::PREPARE, &mut Vec::new()).await
    }

    async fn sign_in(
        dialogue: &mut BackendDialogue,
        offers: &Capabilities,
        login: &Login<'_>,
        tag: Option<&Tag>,
    ) -> Result<Vec<u8>, BackendError> {
        sign_in::sign_in(dialogue, *offers, login, tag).await
    }

    async fn before_relay(dialogue: &mut BackendDialogue, told: &mut Vec<u8>) -> Result<(), BackendError> {
        sign_in::before_relay(dialogue, told).await
    }
}
