//! Serves the metrics: `GET /metrics` over HTTP/1.1, to programs of this host only.

use crate::accept::{Bounded, accept_until};
use crate::socket::{Access, Socket, bind_path};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use std::convert::Infallible;
use std::fmt;
use std::future::pending;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::timeout;

/// The path of the metrics; any other path is not found.
pub const PATH: &str = "/metrics";
/// How long a scrape may take, from the connection to the last byte.
pub const DEADLINE: Duration = Duration::from_secs(5);
/// Scrapes at one time; the next one waits.
pub const MAX_SCRAPES: usize = 8;
/// The most bytes of a request's head: the least that hyper accepts as a limit.
pub const MAX_HEAD: usize = 8192;
/// The content type of a page.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Where the metrics are served: an address of this host, or the path of a Unix socket.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Place {
    /// A loopback address. Every program of this host can connect.
    Address(SocketAddr),
    /// A Unix socket. Every process with write permission can connect.
    Socket(PathBuf),
}

/// The text of a [`Place`] that is not valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceError(String);

impl fmt::Display for PlaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PlaceError {}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        const ADVICE: &str = "write 127.0.0.1:PORT, [::1]:PORT, or the path of a Unix socket from / on";
        if text.starts_with('/') {
            return Ok(Self::Socket(text.into()));
        }
        let address: SocketAddr =
            text.parse().map_err(|_| PlaceError(format!("{text:?} is no address with a port; {ADVICE}")))?;
        if !address.ip().to_canonical().is_loopback() {
            return Err(PlaceError(format!(
                "metrics on {address} would tell other hosts who is attacked, how, and with what success, and nobody \
                 has to sign in there; {ADVICE}"
            )));
        }
        Ok(Self::Address(address))
    }
}

impl TryFrom<String> for Place {
    type Error = PlaceError;

    fn try_from(text: String) -> Result<Self, PlaceError> {
        text.parse()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Socket(path) => path.display().fmt(f),
        }
    }
}

/// Why listening there is not possible.
#[derive(Debug)]
pub struct ListenError {
    place: Place,
    why: String,
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "metrics cannot be shown at {}: {}; give [metrics] another `listen`", self.place, self.why)
    }
}

impl std::error::Error for ListenError {}

/// A listening socket.
pub struct Listener(Socket);

impl Listener {
    /// Opens the socket; to be called in a runtime.
    ///
    /// # Errors
    /// [`ListenError`].
    pub async fn bind(place: &Place) -> Result<Self, ListenError> {
        let bound = match place {
            Place::Address(address) => TcpListener::bind(address).await.map(Socket::Tcp),
            Place::Socket(path) => bind_path(path, Access::Group(None)).map(Socket::Unix),
        };
        bound.map(Self).map_err(|error| ListenError { place: place.clone(), why: error.to_string() })
    }

    /// Answers each scrape with the output of `page`; never returns. To stop it, drop it.
    pub async fn serve<F: Future<Output = String> + Send>(self, page: impl Fn() -> F + Send + Sync + 'static) {
        let page = Arc::new(page);
        let scrape = |((stream, _), permit)| {
            let page = Arc::clone(&page);
            Some(async move {
                let _permit = permit;
                // A client that is too slow, or does not send HTTP, gets no answer.
                let _ = timeout(DEADLINE, answer(stream, &*page)).await;
            })
        };
        drop(accept_until(Bounded::new(self.0, MAX_SCRAPES), pending(), |_| {}, scrape).await);
    }
}

/// Answers one request and closes the connection.
async fn answer<F: Future<Output = String>>(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    page: impl Fn() -> F,
) -> hyper::Result<()> {
    let service = service_fn(async |request: Request<_>| {
        let answer = match (request.method(), request.uri().path()) {
            (&Method::GET, PATH) => {
                let mut answer = Response::new(Full::new(Bytes::from(page().await)));
                answer.headers_mut().insert(CONTENT_TYPE, TEXT);
                answer
            }
            _ => {
                let mut answer = Response::new(Full::default());
                *answer.status_mut() = StatusCode::NOT_FOUND;
                answer
            }
        };
        Ok::<_, Infallible>(answer)
    });
    let mut http = http1::Builder::new();
    // The deadline covers all of it. Some clients close their sending side before they read.
    http.keep_alive(false).half_close(true).max_buf_size(MAX_HEAD).header_read_timeout(None);
    http.serve_connection(TokioIo::new(stream), service).await
}

#[cfg(test)]
mod tests;
