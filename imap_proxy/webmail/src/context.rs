//! What is known of one request before it is judged: made once, when it comes.

use super::destination;
use super::jar::sole;
use super::products::product::Product;
use super::session::cookies;
use super::session::state::{Client, Moment, Stage};
use super::session::store::{Key, Store};
use http::Request;
use http::header::{HeaderValue, USER_AGENT};
use hyper::body::Incoming;
use postern_front::clock;
use postern_http::listener::Peer;
use postern_portal::Language;
use postern_wire::Secret;
use postern_wire::auth;
use std::net::IpAddr;

/// Characters of a User-Agent that the audit log keeps.
const MAX_CLIENT: usize = 200;
/// What the audit log calls this front.
const SERVICE: &str = "webmail";

/// Who asks, when, and in which session.
pub(crate) struct RequestContext {
    pub(crate) now: Moment,
    pub(crate) key: Option<Key>,
    pub(crate) stage: Stage,
    pub(crate) language: Language,
    pub(crate) address: IpAddr,
    /// What the browser says that it is known by.
    pub(crate) browser: Option<Secret>,
    /// The page that the person wanted to go to before signing in.
    pub(crate) wanted: Option<String>,
    /// The client, by its own account.
    agent: Option<HeaderValue>,
    /// See [`auth::Origin::before_exchange`].
    before_exchange: bool,
}

impl RequestContext {
    /// Reads the clock, and what the request says of its sender.
    pub(crate) fn new(product: &dyn Product, sessions: &Store, request: &Request<Incoming>, peer: &Peer) -> Self {
        let headers = request.headers();
        let now = Moment { tick: clock::monotonic(), wall: clock::wall() };
        let key = sole(headers, cookies::SESSION).and_then(Key::of);
        Self {
            now,
            stage: sessions.stage(key.as_ref(), now.tick),
            key,
            language: cookies::language(headers),
            address: peer.address,
            browser: cookies::known(headers),
            wanted: cookies::wanted(headers).and_then(|target| destination::allowed(product, &target)),
            agent: headers.get(USER_AGENT).cloned(),
            before_exchange: product.is_exchange(),
        }
    }

    /// For the daemon.
    pub(crate) fn origin(&self) -> auth::Origin {
        auth::Origin { browser: self.browser.clone(), ..self.origin_of_stranger() }
    }

    /// The same, of a browser that nobody knows or trusts.
    pub(crate) fn origin_of_stranger(&self) -> auth::Origin {
        let Client { address, agent } = self.client();
        auth::Origin {
            address: Some(address),
            service: Some(SERVICE.to_owned()),
            client: agent,
            browser: None,
            before_exchange: self.before_exchange,
        }
    }

    /// Who asks.
    pub(crate) fn client(&self) -> Client {
        let agent = self.agent.as_ref().and_then(|agent| agent.to_str().ok());
        Client { address: self.address, agent: agent.map(|agent| agent.chars().take(MAX_CLIENT).collect()) }
    }
}
