//! Requests to the webmail upstream, over HTTP/1.1 keep-alive connections.
//!
//! Headers that belong to the client's connection, or that claim where it came from, are removed; the headers that give
//! this to the webmail are set here.

use crate::body::{Body, BoxError};
use crate::metrics::{Heard, METRICS, Way};
use crate::pool::{Line, Pool, Unanswered};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response, StatusCode, Version};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use postern_front::clock;
use postern_front::connection_limits::{ConnectionLimits, Holder, Share};
use postern_front::tls::{self, TlsError};
use postern_proxy_config::{self as config, Base};
use rustls::pki_types::ServerName;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

pub use crate::pool::{Content, FIRST_BYTE, KEEP_IDLE, MAX_IDLE, UPLOAD};

/// Requests that may run at once for sessions: a page that waits for news holds one for minutes. As many as there may
/// be connections, since every browser has such a page open.
pub const MAX_RUNNING: usize = 8192;
/// The same for one session: a few windows, each of which waits for news and loads a page.
pub const MAX_RUNNING_PER_SESSION: usize = 128;
/// The same for one mailbox, at the webmail and again at the endpoints beside it.
pub const MAX_RUNNING_PER_MAILBOX: usize = 256;
/// The same for visitors who request the login page and its files, in total and for one address: these are answered at
/// once.
pub const MAX_RUNNING_FOR_VISITORS: (usize, usize) = (256, 32);
/// The same for logins, which take as long as the mail server does; so they have their own places.
pub const MAX_RUNNING_FOR_LOGINS: (usize, usize) = (256, 32);
/// How long a phone may wait for mail: 59 minutes (MS-ASCMD 2.2.3.79.1), and what the answer then takes.
pub const LONGEST_POLL: Duration = Duration::from_secs(3600);
/// How long a request waits for a place: a whole office may sign in at nine, from one address.
pub const PLACE: Duration = Duration::from_secs(3);
/// How long the webmail may take to accept a connection, TLS included.
pub const CONNECT: Duration = Duration::from_secs(5);
/// Hop-by-hop headers (RFC 9110, section 7.6.1), besides those that `Connection` names.
static HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HTTPS: HeaderValue = HeaderValue::from_static("https");
const UPGRADE: HeaderValue = HeaderValue::from_static("upgrade");
const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// Why there is no response of the webmail.
#[derive(Debug)]
pub enum UpstreamError {
    /// The request cannot be sent: its path is not valid in a URL.
    Request(http::uri::InvalidUri),
    /// The maximum number of requests is running.
    Full,
    /// The webmail cannot be reached.
    Unreachable(io::Error),
    /// The connection broke before there was a response; the request may have been received.
    Broken(hyper::Error),
    /// The client's body broke off, so the webmail has not received the whole request.
    Client(hyper::Error),
    /// No response within [`FIRST_BYTE`].
    Silent,
    /// It asks for proxy credentials (407). It is not a proxy, and a browser would ask the user for them.
    AsksAsProxy,
}

impl fmt::Display for UpstreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(error) => write!(f, "the request cannot be passed on: {error}"),
            Self::Full => write!(f, "as many requests are running at the webmail as may"),
            Self::Unreachable(error) => write!(f, "the webmail cannot be reached: {error}; is it running?"),
            Self::Broken(error) => write!(f, "the webmail broke off: {error}"),
            Self::Client(error) => write!(f, "the client broke off: {error}"),
            Self::Silent => write!(f, "the webmail did not answer within {} s", FIRST_BYTE.as_secs()),
            Self::AsksAsProxy => {
                write!(f, "the webmail answered 407, which only a proxy may; does a proxy stand before it?")
            }
        }
    }
}

impl std::error::Error for UpstreamError {}

impl From<Unanswered> for UpstreamError {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Silent => Self::Silent,
            Unanswered::Unsent(_, error) | Unanswered::Broken(error) if error.is_user() => Self::Client(error),
            Unanswered::Unsent(_, error) | Unanswered::Broken(error) => Self::Broken(error),
        }
    }
}

/// The webmail upstream.
#[derive(Clone)]
pub struct Upstream {
    base: Base,
    /// Set if TLS is used.
    tls: Option<(TlsConnector, ServerName<'static>)>,
    host: HeaderValue,
    pool: Pool,
    connection_limits: ConnectionLimits,
    /// Places for one address.
    max_per_address: usize,
    first_byte: Duration,
    way: Way,
}

impl Upstream {
    /// For the webmail that the configuration names; nothing is connected yet.
    ///
    /// # Errors
    /// If the file of its certificate authorities cannot be used, or no certificate can contain its name.
    pub fn new(settings: &config::Webmail) -> Result<Self, TlsError> {
        let base = settings.upstream.clone();
        let tls = match base.is_https() {
            true => {
                Some((TlsConnector::from(tls::client_config(settings.upstream_ca.as_deref())?), server_name(&base)?))
            }
            false => None,
        };
        let host = HeaderValue::from_str(settings.public_url.authority()).expect("an authority is visible ASCII");
        let (pool, connection_limits, max_per_address) =
            (Pool::default(), ConnectionLimits::new(MAX_RUNNING), MAX_RUNNING);
        Ok(Self {
            base,
            tls,
            host,
            pool,
            connection_limits,
            max_per_address,
            first_byte: FIRST_BYTE,
            way: Way::Browser,
        })
    }

    /// The same webmail for visitors, who have [`MAX_RUNNING_FOR_VISITORS`] places of their own.
    pub fn for_visitors(&self) -> Self {
        self.with_places(MAX_RUNNING_FOR_VISITORS)
    }

    /// The same webmail for logins, which have [`MAX_RUNNING_FOR_LOGINS`] places of their own.
    pub fn for_logins(&self) -> Self {
        self.with_places(MAX_RUNNING_FOR_LOGINS)
    }

    fn with_places(&self, (all, max_per_address): (usize, usize)) -> Self {
        Self { connection_limits: ConnectionLimits::new(all), max_per_address, ..self.clone() }
    }

    /// The same server over separate connections, so that nothing a mail app does there affects a browser.
    pub fn for_endpoints(&self) -> Self {
        let (pool, connection_limits) = (Pool::default(), ConnectionLimits::new(MAX_RUNNING));
        Self { pool, connection_limits, first_byte: LONGEST_POLL, way: Way::Endpoint, ..self.clone() }
    }

    /// Sends a request whose URI is a path and a query, for a browser at `client`. Responses are streamed; one with
    /// [`StatusCode::SWITCHING_PROTOCOLS`] is to be followed by [`tunnel`].
    ///
    /// # Errors
    /// Any [`UpstreamError`].
    pub async fn send(&self, request: Request<Body>, client: IpAddr) -> Result<Response<Content>, UpstreamError> {
        self.send_for(request, client, &self.of_address(client)).await
    }

    /// The shares of a request of which only the client's address is known.
    pub fn of_address(&self, client: IpAddr) -> Vec<Share> {
        Share::of_address(client, self.max_per_address)
    }

    /// As [`Self::send`], counted for these shares, see [`of_session`] and [`of_mailbox`].
    pub async fn send_for(
        &self,
        request: Request<Body>,
        client: IpAddr,
        shares: &[Share],
    ) -> Result<Response<Content>, UpstreamError> {
        let since = clock::monotonic();
        let outcome = self.try_send(request, client, shares).await;
        let took = clock::monotonic().saturating_duration_since(since);
        METRICS.upstream.observe((self.way, Heard::of(&outcome)), took);
        outcome
    }

    async fn try_send(
        &self,
        mut request: Request<Body>,
        client: IpAddr,
        shares: &[Share],
    ) -> Result<Response<Content>, UpstreamError> {
        let place = timeout(PLACE, self.connection_limits.wait_for(shares)).await.map_err(|_| UpstreamError::Full)?;
        *request.uri_mut() = self.base.locate(request.uri()).map_err(UpstreamError::Request)?;
        *request.version_mut() = Version::HTTP_11;
        let headers = request.headers_mut();
        let is_websocket = names_websocket(headers);
        strip_hop_by_hop(headers);
        if is_websocket {
            switch_to_websocket(headers);
        }
        headers.insert(header::HOST, self.host.clone());
        headers.insert(X_FORWARDED_FOR, written(client));
        headers.insert(X_FORWARDED_HOST, self.host.clone());
        headers.insert(X_FORWARDED_PROTO, HTTPS);
        let mut answer = self.exchange(request).await?;
        if answer.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            return Err(UpstreamError::AsksAsProxy);
        }
        let switches = answer.status() == StatusCode::SWITCHING_PROTOCOLS && is_websocket;
        strip_hop_by_hop(answer.headers_mut());
        if switches {
            switch_to_websocket(answer.headers_mut());
        }
        Ok(answer.map(|content| content.at(place)))
    }

    async fn exchange(&self, mut request: Request<Body>) -> Result<Response<Content>, UpstreamError> {
        while let Some(line) = self.pool.take().await {
            request = match line.send(request, &self.pool, self.first_byte).await {
                Ok(answer) => return Ok(answer),
                // The webmail closed the connection at this moment.
                Err(Unanswered::Unsent(request, _)) => *request,
                Err(unanswered) => return Err(unanswered.into()),
            };
        }
        // Rare, and large as a future: boxed, so that the futures of all other requests stay small.
        let line = Box::pin(self.connect()).await?;
        Ok(line.send(request, &self.pool, self.first_byte).await?)
    }

    async fn connect(&self) -> Result<Line, UpstreamError> {
        let late = |_| UpstreamError::Unreachable(io::ErrorKind::TimedOut.into());
        timeout(CONNECT, self.connect_in_time()).await.map_err(late)?
    }

    async fn connect_in_time(&self) -> Result<Line, UpstreamError> {
        let stream = TcpStream::connect(self.base.endpoint()).await.map_err(UpstreamError::Unreachable)?;
        stream.set_nodelay(true).map_err(UpstreamError::Unreachable)?;
        let line = match &self.tls {
            None => Line::over(stream).await,
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await.map_err(UpstreamError::Unreachable)?;
                Line::over(stream).await
            }
        };
        line.map_err(UpstreamError::Broken)
    }
}

/// The shares of a request of a session: `session` is the hash of its token.
pub fn of_session(session: [u8; 32], mailbox: &str) -> Vec<Share> {
    let session = Share { holder: Holder::Session(session), max: MAX_RUNNING_PER_SESSION };
    [vec![session], of_mailbox(mailbox)].concat()
}

/// The shares of a request of a mailbox without a session.
pub fn of_mailbox(mailbox: &str) -> Vec<Share> {
    vec![Share { holder: Holder::Mailbox(mailbox.to_owned()), max: MAX_RUNNING_PER_MAILBOX }]
}

/// Relays a WebSocket's bytes both ways until one side ends it, or `cut` does.
pub async fn tunnel(client: OnUpgrade, upstream: OnUpgrade, cut: impl Future<Output = ()> + Send) {
    let relay = async {
        let (client, upstream) = tokio::try_join!(client, upstream)?;
        relay(client, upstream).await
    };
    tokio::select! {
        () = cut => {}
        outcome = relay => {
            if let Err(error) = outcome {
                tracing::debug!(%error, "a WebSocket broke off");
            }
        }
    }
}

async fn relay(client: Upgraded, upstream: Upgraded) -> Result<(), BoxError> {
    tokio::io::copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(upstream)).await?;
    Ok(())
}

fn server_name(base: &Base) -> Result<ServerName<'static>, TlsError> {
    let host = base.endpoint().0.to_owned();
    ServerName::try_from(host).map_err(|error| TlsError::Setup(rustls::Error::General(error.to_string())))
}

fn strip_hop_by_hop(headers: &mut HeaderMap) {
    strip_named(headers);
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

/// Removes `Connection` and the headers it names, except `Upgrade`, which [`Upstream::send`] handles. To be called
/// before anything is added that a client must not name.
pub fn strip_named(headers: &mut HeaderMap) {
    let words = headers.get_all(header::CONNECTION).iter().flat_map(|value| value.as_bytes().split(|b| *b == b','));
    let named: Vec<HeaderName> = words.filter_map(|word| HeaderName::from_bytes(word.trim_ascii()).ok()).collect();
    for name in named.into_iter().filter(|name| *name != header::UPGRADE) {
        headers.remove(name);
    }
    headers.remove(header::CONNECTION);
}

fn names_websocket(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

fn switch_to_websocket(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, UPGRADE);
    headers.insert(header::UPGRADE, WEBSOCKET);
}

fn written(client: IpAddr) -> HeaderValue {
    HeaderValue::try_from(client.to_string()).expect("an address is visible ASCII")
}

impl Heard {
    /// The outcome of a request.
    pub fn of<T>(outcome: &Result<T, UpstreamError>) -> Self {
        match outcome {
            Ok(_) => Self::Answered,
            Err(UpstreamError::Full) => Self::Full,
            Err(UpstreamError::Unreachable(_)) => Self::Unreachable,
            Err(UpstreamError::Broken(_) | UpstreamError::AsksAsProxy) => Self::Broken,
            Err(UpstreamError::Silent) => Self::Silent,
            Err(UpstreamError::Client(_) | UpstreamError::Request(_)) => Self::Client,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_a_connection_is_stripped() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "keep-alive, X-One"),
            ("connection", "x-two,"),
            ("keep-alive", "timeout=5"),
            ("x-one", "1"),
            ("x-two", "2"),
            ("x-three", "3"),
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("proxy-authorization", "Basic eDp5"),
        ] {
            headers.append(name, value.parse().unwrap());
        }
        strip_hop_by_hop(&mut headers);
        assert_eq!(headers.keys().collect::<Vec<_>>(), ["x-three"]);
    }
}
