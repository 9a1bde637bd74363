//! What is known about a request before it is processed: created once, on arrival.

use super::destination;
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
use postern_products::jar::sole;
use postern_products::product::Product;
use postern_wire::Secret;
use postern_wire::auth;
use std::net::IpAddr;
use std::sync::Arc;

/// Maximum number of characters of a User-Agent in the audit log.
const MAX_CLIENT: usize = 200;
/// The name of this front in the audit log.
const SERVICE: &str = "webmail";

/// The client, the time and the session of a request.
pub(crate) struct RequestContext {
    /// The time, read once.
    pub(crate) now: Moment,
    /// The session that the browser's cookie names, whether it exists or not.
    pub(crate) session: Option<SessionHandle>,
    /// The stage of this session when the request arrived.
    pub(crate) stage: Stage,
    /// The language that the browser requests.
    pub(crate) language: Language,
    /// The client's address.
    pub(crate) address: IpAddr,
    /// The token that the browser sends to be recognised by the daemon.
    pub(crate) browser: Option<Secret>,
    /// The page that the user wanted to open before signing in.
    pub(crate) wanted: Option<String>,
    /// The client's User-Agent.
    agent: Option<HeaderValue>,
    /// See [`auth::Origin::before_exchange`].
    before_exchange: bool,
}

impl RequestContext {
    /// Reads the clock, and what the request contains about its sender.
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

    /// The origin, for the daemon.
    pub(crate) fn origin(&self) -> auth::Origin {
        auth::Origin { browser: self.browser.clone(), ..self.origin_without_browser() }
    }

    /// The same, as if the browser were neither known nor trusted.
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

    /// The client, as stored in its session.
    pub(crate) fn client(&self) -> Client {
        let agent = self.agent.as_ref().and_then(|agent| agent.to_str().ok());
        Client { address: self.address, agent: agent.map(|agent| agent.chars().take(MAX_CLIENT).collect()) }
    }
}
