//! What is known of one request before it is judged: made once, when it comes.

use super::destination;
use super::jar::sole;
use super::products::product::Product;
use super::session::context::{Client, Moment};
use super::session::cookies;
use super::session::handle::SessionHandle;
use super::session::stage::Stage;
use super::session::store::Store;
use super::session::token::Key;
use http::Request;
use http::header::{HeaderValue, USER_AGENT};
use hyper::body::Incoming;
use postern_front::clock;
use postern_http::listener::Peer;
use postern_portal::Language;
use postern_wire::Secret;
use postern_wire::auth;
use std::net::IpAddr;
use std::sync::Arc;

/// Characters of a User-Agent that the audit log keeps.
const MAX_CLIENT: usize = 200;
/// What the audit log calls this front.
const SERVICE: &str = "webmail";

/// Who asks, when, and in which session.
pub(crate) struct RequestContext {
    /// The time, read once.
    pub(crate) now: Moment,
    /// The session that the browser names, whether there is one or not.
    pub(crate) session: Option<SessionHandle>,
    /// The stage that this session was in when the request came.
    pub(crate) stage: Stage,
    /// The language that the browser asks for.
    pub(crate) language: Language,
    /// The client's address.
    pub(crate) address: IpAddr,
    /// The token that the browser says the daemon knows it by.
    pub(crate) browser: Option<Secret>,
    /// The page that the user wanted to go to before signing in.
    pub(crate) wanted: Option<String>,
    /// The client's User-Agent.
    agent: Option<HeaderValue>,
    /// See [`auth::Origin::before_exchange`].
    before_exchange: bool,
}

impl RequestContext {
    /// Reads the clock, and what the request says of its sender.
    pub(crate) fn new(product: &dyn Product, sessions: &Arc<Store>, request: &Request<Incoming>, peer: &Peer) -> Self {
        let headers = request.headers();
        let now = Moment { tick: clock::monotonic(), wall: clock::wall() };
        let key = sole(headers, cookies::SESSION).and_then(Key::of);
        let session = key.map(|key| SessionHandle::new(Arc::clone(sessions), key, now.tick));
        Self {
            now,
            stage: session.as_ref().map_or(Stage::Anonymous, SessionHandle::stage),
            session,
            language: cookies::language(headers),
            address: peer.address,
            browser: cookies::known(headers),
            wanted: cookies::wanted(headers).and_then(|target| destination::allowed(product, &target)),
            agent: headers.get(USER_AGENT).cloned(),
            before_exchange: product.is_exchange(),
        }
    }

    /// Whether the user has signed in.
    pub(crate) fn is_released(&self) -> bool {
        self.stage == Stage::Released
    }

    /// For the daemon.
    pub(crate) fn origin(&self) -> auth::Origin {
        auth::Origin { browser: self.browser.clone(), ..self.origin_without_browser() }
    }

    /// The same, as if no browser were known or trusted.
    pub(crate) fn origin_without_browser(&self) -> auth::Origin {
        let Client { address, agent } = self.client();
        auth::Origin {
            address: Some(address),
            service: Some(SERVICE.to_owned()),
            client: agent,
            browser: None,
            before_exchange: self.before_exchange,
        }
    }

    /// The client, as its session remembers it.
    pub(crate) fn client(&self) -> Client {
        let agent = self.agent.as_ref().and_then(|agent| agent.to_str().ok());
        Client { address: self.address, agent: agent.map(|agent| agent.chars().take(MAX_CLIENT).collect()) }
    }
}
