//! A front's socket: who may connect, TLS, HTTP/1.1 or HTTP/2 by ALPN, and an orderly end.

mod connections;
mod protocol;
mod requests;

pub use crate::guarded::{STALL, Tunnel};
pub use protocol::{GRACE, IDLE, MAX_STREAMS, MAX_WAITING, PING, WINDOW};

use crate::acme::ACME_TLS;
use crate::body::Body;
use crate::config::Network;
use crate::metrics::{self, Arrival, METRICS};
use crate::proxy_protocol;
use crate::seldom::seldom;
use crate::tls::H2;
use connections::{Busy, Connections, Room, Seat};
use http::{Request, Response};
use hyper::body::Incoming;
use rustls::ServerConfig;
use std::fmt;
use std::future::pending;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// Connections in all. When there are more, one that carries no request makes room.
pub const MAX_CONNECTIONS: usize = 8192;
/// Connections from one IPv4 address, or one IPv6 network of 64 bits: an office behind one address has many browsers. From
/// an IPv6 network of 56 bits there may be twice as many, from one of 48 bits four times.
pub const MAX_PER_ADDRESS: usize = 512;
/// How long a client may take over a PROXY header and the TLS handshake together.
pub const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long requests that are running get when the proxy stops; what lasts longer (long polls) is cut.
pub const DRAIN: Duration = Duration::from_secs(10);
/// Connections that the kernel may hold until they are accepted.
const BACKLOG: u32 = 1024;
/// The wait after the kernel had no means (file descriptors, memory) for one more connection.
const OUT_OF_MEANS: Duration = Duration::from_millis(100);

/// Who sends a request.
#[derive(Clone)]
pub struct Peer {
    /// The client's address, after any PROXY header that is believed; an IPv4 address is always one.
    pub address: IpAddr,
    /// To be opened before a 101 is answered.
    pub tunnel: Tunnel,
    /// The connection, and the request: whoever holds this goes on with it.
    held: Held,
}

/// What a request holds while it runs; nothing where connections are not counted.
#[derive(Clone, Default)]
struct Held {
    seat: Option<Arc<Seat>>,
    _busy: Option<Arc<Busy>>,
}

impl Peer {
    /// The sender of one request more.
    fn begin(&self) -> Self {
        let busy = self.held.seat.as_ref().map(|seat| Arc::new(seat.begin()));
        Self { held: Held { _busy: busy, ..self.held.clone() }, ..self.clone() }
    }

    /// Done when the connection has to make room for another.
    async fn lost(&self) {
        match &self.held.seat {
            Some(seat) => seat.lost().await,
            None => pending().await,
        }
    }
}

/// Why a front cannot listen.
#[derive(Debug)]
pub struct ListenError {
    address: SocketAddr,
    error: io::Error,
}

impl ListenError {
    pub(crate) fn new(address: SocketAddr, error: io::Error) -> Self {
        Self { address, error }
    }
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, error } = self;
        let advice = match error.kind() {
            io::ErrorKind::AddrInUse => {
                format!("another program listens there; `ss -ltnp 'sport = :{}'` names it", address.port())
            }
            io::ErrorKind::PermissionDenied => {
                "ports below 1024 are opened by root; enable the socket unit that has it, or write one".to_owned()
            }
            io::ErrorKind::AddrNotAvailable => "this host has no such address; `ip address` lists them".to_owned(),
            _ => "check `listen` in proxy.toml".to_owned(),
        };
        write!(f, "cannot listen on {address}: {error}; {advice}")
    }
}

impl std::error::Error for ListenError {}

/// A socket that listens, and what is done with whoever connects.
pub struct Listener {
    socket: TcpListener,
    tls: Arc<ServerConfig>,
    proxies: Vec<Network>,
}

impl Listener {
    /// Takes a socket that listens. `proxies` are the load balancers that tell with a PROXY header who connects.
    pub fn new(socket: TcpListener, tls: Arc<ServerConfig>, proxies: Vec<Network>) -> Self {
        Self { socket, tls, proxies }
    }

    /// Where it listens: the port too, where the configuration left that to the kernel.
    ///
    /// # Errors
    /// Of the kernel.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves whoever connects, until `stop` is done: then no more is accepted, running requests get [`DRAIN`] to
    /// end, and the rest is cut.
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
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(_) = connections.join_next() => {}
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, from)) => {
                        connections.spawn(Arc::clone(&front).connection(stream, from, stopped.clone()));
                    }
                    // Of the connection alone (accept(2)): the client is gone already.
                    Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                    Err(error) => {
                        seldom!(warn, %error, "no connection can be accepted now");
                        sleep(OUT_OF_MEANS).await;
                    }
                },
            }
        }
        drop(self.socket);
        drop(stopping);
        let all = async { while connections.join_next().await.is_some() {} };
        if timeout(DRAIN, all).await.is_err() {
            tracing::info!(connections = connections.len(), "connections that outlast the stop are cut");
            connections.shutdown().await;
        }
    }
}

/// Opens a socket that listens.
///
/// # Errors
/// [`ListenError`].
pub fn bind(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let open = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    open().map_err(|error| ListenError { address, error })
}

/// What all connections of a listener share.
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
    async fn connection(self: Arc<Self>, stream: TcpStream, from: SocketAddr, stopped: watch::Receiver<()>) {
        let _open = METRICS.connections.hold(metrics::Front::Webmail);
        let from = from.ip().to_canonical();
        // Held by every connection, load balancers' too, from before its first byte is read.
        let (seat, room) = self.connections.enter();
        made_room(&room, "in all");
        let Some(seat) = seat.map(Arc::new) else {
            arrive(Arrival::Full);
            seldom!(warn, "{MAX_CONNECTIONS} connections are open, and all are busy; one more is closed");
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
            // What the internet sends to port 443 is no news.
            tracing::debug!(%from, error, "a connection ended");
        }
    }

    /// Serves a connection whose TLS has begun.
    async fn converse(
        &self,
        stream: TlsStream<TcpStream>,
        peer: Peer,
        mut stopped: watch::Receiver<()>,
    ) -> Result<(), String> {
        // The sender is dropped when it is time; nothing is ever sent.
        let stop = async { drop(stopped.changed().await) };
        let served = match stream.get_ref().1.alpn_protocol() {
            // The authority has seen what it came for.
            Some(ACME_TLS) => return Ok(()),
            Some(H2) => protocol::http2(stream, &self.service, peer, stop).await,
            _ => protocol::http1(stream, &self.service, peer, stop).await,
        };
        served.map_err(|error| error.to_string())
    }

    /// Finds out who connects and makes the TLS handshake; none where there is no room.
    async fn welcome(
        &self,
        mut stream: TcpStream,
        from: IpAddr,
        seat: &Seat,
    ) -> io::Result<Option<(TlsStream<TcpStream>, IpAddr)>> {
        stream.set_nodelay(true)?;
        let is_proxy = self.proxies.iter().any(|network| network.contains(from));
        let told = match is_proxy {
            true => proxy_protocol::read(&mut stream).await.inspect_err(|_| arrive(Arrival::ProxyHeader))?,
            false => None,
        };
        let address = told.unwrap_or(from);
        // A load balancer speaks for many, and for itself only in its health checks.
        if !is_proxy || told.is_some() {
            let room = seat.claim(address);
            made_room(&room, "from there");
            if room == Room::None {
                arrive(Arrival::FullForAddress);
                seldom!(info, %address, "as many busy connections are open from there as may be; one more is closed");
                return Ok(None);
            }
        }
        let stream = self.tls.accept(stream).await.inspect_err(|_| arrive(Arrival::Handshake))?;
        arrive(Arrival::Accepted);
        Ok(Some((stream, address)))
    }
}

/// Another connection may have ended for this one.
fn made_room(room: &Room, which: &str) {
    if *room == Room::Made {
        arrive(Arrival::MadeRoom);
        seldom!(info, "as many connections are open {which} as may be; an idle one has made room for another");
    }
}

fn arrive(arrival: Arrival) {
    METRICS.arrivals.count((metrics::Front::Webmail, arrival));
}
