//! POP3: the commands before sign-in, and the sign-in at the backend; after it, bytes are relayed unchanged: POP3 has no
//! way back to the state before a sign-in (RFC 1939, section 3).
//!
//! [`command`] parses a line, and [`login`] decides what it leads to: neither does I/O. [`sign_in`] speaks with the
//! backend.

pub mod command;
pub mod login;
pub mod offers;
mod sign_in;

use crate::before_sign_in::FrontOptions;
use crate::connection::{BackendDialogue, BackendError};
use crate::metrics::{Direction, METRICS};
use crate::protocol::{Login, Protocol, Security, Step};
use crate::refusal_text::RefusalText;
use crate::terms::Terms;
use login::Listening;
use offers::{Offers, Shown};
use postern_front::metrics;
use postern_process::{Counters, Gauges};
use postern_proxy_config as config;
use postern_wire::auth::Channel;

/// POP3 (RFC 1939) with CAPA (RFC 2449), STLS (RFC 2595) and AUTH (RFC 5034).
#[derive(Debug)]
pub struct Pop3 {
    options: FrontOptions,
}

impl Pop3 {
    /// With these settings.
    #[must_use]
    pub fn new(settings: &config::Mail) -> Self {
        let texts = RefusalText::new(settings.webmail.as_ref());
        Self { options: FrontOptions { texts, login_mechanism: settings.login_mechanism } }
    }
}

impl Protocol for Pop3 {
    type Listening = Listening;
    type Offers = Offers;
    type Shown = Shown;

    const TERMS: Terms = Terms {
        name: "POP3",
        front: metrics::Front::Pop3,
        channel: Channel::Pop3,
        service: "pop3",
        alpn: b"pop3",
        // A line here would be taken for the reply to the client's next command.
        account_changed: "",
        restarting: "",
        logout: "QUIT\r\n",
        shows_offers: true,
    };

    fn sessions() -> &'static Gauges<()> {
        &METRICS.pop3_sessions
    }

    fn bytes() -> &'static Counters<Direction> {
        &METRICS.pop3_bytes
    }

    fn begin(&self, security: Security, shown: Shown) -> Step<Listening> {
        Listening::begin(security, self.options.clone(), shown)
    }

    fn shown(offers: &Offers) -> Shown {
        offers.shown.clone()
    }

    fn is_of_exchange(greeting: &[u8]) -> bool {
        const NAME: &[u8] = b"microsoft exchange";
        greeting.to_ascii_lowercase().windows(NAME.len()).any(|part| part == NAME)
    }

    async fn greet(dialogue: &mut BackendDialogue) -> Result<Offers, BackendError> {
        sign_in::greet(dialogue).await
    }

    async fn start_tls(dialogue: &mut BackendDialogue, offers: &Offers) -> Result<(), BackendError> {
        sign_in::start_tls(dialogue, offers).await
    }

    async fn greet_again(dialogue: &mut BackendDialogue, before: &Offers) -> Result<Offers, BackendError> {
        Ok(Offers { xclient: before.xclient, ..sign_in::ask_capabilities(dialogue).await? })
    }

    async fn sign_in(
        dialogue: &mut BackendDialogue,
        offers: &Offers,
        login: &Login<'_>,
        _: Option<&()>,
    ) -> Result<Vec<u8>, BackendError> {
        sign_in::sign_in(dialogue, offers, login).await
    }

    async fn before_relay(_: &mut BackendDialogue, _: &mut Vec<u8>) -> Result<(), BackendError> {
        Ok(())
    }
}
