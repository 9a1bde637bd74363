//! A front's listening socket: connection limits, TLS, HTTP/1.1 or HTTP/2 by ALPN, and a graceful shutdown.

mod connections;
mod peer;
mod protocol;
mod requests;

pub use crate::guarded::{STALL, Tunnel};
pub use peer::Peer;
pub use postern_front::socket::bind;
pub use protocol::{GRACE, IDLE, MAX_STREAMS, MAX_WAITING, PING, WINDOW};

use crate::body::Body;
use connections::{Connections, Room, SessionPermit};
use http::{Request, Response};
use hyper::body::Incoming;
use peer::Held;
use postern_front::metrics::{self, Arrival, METRICS};
use postern_front::proxy_protocol;
use postern_front::rate_limited::rate_limited;
use postern_front::socket::{self, Socket, Stream};
use postern_front::tls::{ACME_TLS, H2, HANDSHAKE};
use postern_process::accept::accept_until;
use postern_proxy_config::Network;
use rustls::ServerConfig;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// Maximum number of connections in total. When it is exceeded, one that carries no request makes room.
pub const MAX_CONNECTIONS: usize = 8192;
/// Maximum number of connections from one IPv4 address, or one IPv6 /64: an office with one address has many browsers.
/// An IPv6 /56 may have twice as many, a /48 four times.
pub const MAX_PER_ADDRESS: usize = 512;
/// How long running requests may take to finish when the proxy stops; longer ones (long polls) are cut.
pub const DRAIN: Duration = Duration::from_secs(10);

/// A listening socket, and how its connections are served.
pub struct Listener {
    socket: Socket,
    tls: Arc<ServerConfig>,
    proxies: Vec<Network>,
}

impl Listener {
    /// Takes a listening socket. `proxies` are the load balancers that send a PROXY header with the client's address.
    pub fn new(socket: impl Into<Socket>, tls: Arc<ServerConfig>, proxies: Vec<Network>) -> Self {
        Self { socket: socket.into(), tls, proxies }
    }

    /// The address it listens on, with the port, also where the configuration left that to the kernel. None on a path.
    pub fn address(&self) -> Option<SocketAddr> {
        self.socket.address()
    }

    /// Serves clients until `stop` is done: then no connection is accepted, running requests get [`DRAIN`] to finish,
    /// and the rest is cut.
    pub async fn serve<S, F>(self, service: S, stop: impl Future<Output = ()>)
    where
        S: Fn(Request<Incoming>, Peer) -> F + Send + Sync + 'static,
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        let (stopping, stopped) = watch::channel(());
        let front = Arc::new(Front {
            service,
            tls: TlsAcceptor::from(self.tls),
            proxies: self.proxies,
            connections: Connections::new(MAX_CONNECTIONS, MAX_PER_ADDRESS),
        });
        let serve = |(stream, from)| Some(Arc::clone(&front).connection(stream, from, stopped.clone()));
        let failed = |error: &io::Error| rate_limited!(warn, %error, "no connection can be accepted now");
        let mut connections = accept_until(self.socket, stop, failed, serve).await;
        drop(stopping);
        if !connections.end_within(DRAIN).await {
            tracing::info!(connections = connections.count(), "connections that outlast the stop are cut");
            connections.cut().await;
        }
    }
}

/// The state that all connections of a listener share.
struct Front<S> {
    service: S,
    tls: TlsAcceptor,
    proxies: Vec<Network>,
    connections: Connections,
}

impl<S, F> Front<S>
where
    S: Fn(Request<Incoming>, Peer) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    async fn connection(self: Arc<Self>, stream: Stream, from: Option<IpAddr>, stopped: watch::Receiver<()>) {
        let _open = METRICS.connections.hold(metrics::Front::Webmail);
        // Held by every connection, also a load balancer's, from before its first byte is read.
        let (seat, room) = self.connections.enter();
        made_room(&room, "in all");
        let Some(seat) = seat.map(Arc::new) else {
            arrive(Arrival::Full);
            rate_limited!(warn, "{MAX_CONNECTIONS} connections are open, and all are busy; one more is closed");
            return;
        };
        let welcome = timeout(HANDSHAKE, self.welcome(stream, from, &seat));
        let outcome = tokio::select! {
            () = seat.lost() => return,
            welcomed = welcome => match welcomed {
                Ok(Ok(None)) => return,
                Ok(Ok(Some((stream, address)))) => {
                    let held = Held { seat: Some(Arc::clone(&seat)), _busy: None };
                    self.converse(stream, Peer { address, tunnel: Tunnel::default(), held }, stopped).await
                }
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => {
                    arrive(Arrival::Late);
                    Err("no TLS handshake in time".to_owned())
                }
            },
        };
        if let Err(error) = outcome {
            // Errors of unauthenticated connections to port 443 are common.
            tracing::debug!(?from, error, "a connection ended");
        }
    }

    /// Serves a connection after its TLS handshake.
    async fn converse(
        &self,
        stream: TlsStream<Stream>,
        peer: Peer,
        mut stopped: watch::Receiver<()>,
    ) -> Result<(), String> {
        // The sender is dropped at shutdown; nothing is ever sent.
        let stop = async { drop(stopped.changed().await) };
        let served = match stream.get_ref().1.alpn_protocol() {
            // The authority has completed its check.
            Some(ACME_TLS) => return Ok(()),
            Some(H2) => protocol::http2(stream, &self.service, peer, stop).await,
            _ => protocol::http1(stream, &self.service, peer, stop).await,
        };
        served.map_err(|error| error.to_string())
    }

    /// Determines the client's address and makes the TLS handshake; none if there is no room.
    async fn welcome(
        &self,
        mut stream: Stream,
        from: Option<IpAddr>,
        seat: &SessionPermit,
    ) -> io::Result<Option<(TlsStream<Stream>, IpAddr)>> {
        socket::prepare(&stream)?;
        // A client that may connect to a Unix socket is trusted.
        let is_proxy = from.is_none_or(|from| self.proxies.iter().any(|network| network.contains(from)));
        let told = match is_proxy {
            true => proxy_protocol::read(&mut stream).await.inspect_err(|_| arrive(Arrival::ProxyHeader))?,
            false => None,
        };
        let address = told.or(from).unwrap_or(socket::UNKNOWN);
        // A load balancer connects for many clients, and for itself only in its health checks.
        if !is_proxy || told.is_some() {
            let room = seat.claim(address);
            made_room(&room, "from there");
            if room == Room::None {
                arrive(Arrival::FullForAddress);
                rate_limited!(info, %address, "as many busy connections are open from there as may be; one more is closed");
                return Ok(None);
            }
        }
        let stream = self.tls.accept(stream).await.inspect_err(|_| arrive(Arrival::Handshake))?;
        arrive(Arrival::Accepted);
        Ok(Some((stream, address)))
    }
}

/// Logs that another connection may have been closed to make room for this one.
fn made_room(room: &Room, which: &str) {
    if *room == Room::Made {
        arrive(Arrival::MadeRoom);
        rate_limited!(info, "as many connections are open {which} as may be; an idle one has made room for another");
    }
}

fn arrive(arrival: Arrival) {
    METRICS.arrivals.count((metrics::Front::Webmail, arrival));
}
