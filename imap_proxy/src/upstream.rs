//! The way to the webmail behind the front, over HTTP/1.1 connections that are kept alive.
//!
//! What of a request belongs to the connection it came on, or claims where it came from, ends here; what the webmail
//! is told of that is written here.

use crate::body::{Body, BoxError};
use crate::config::{self, Base};
use crate::pool::{Line, Pool, Unanswered};
use crate::tls::{self, TlsError};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response, StatusCode, Version};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

pub use crate::pool::{Content, KEEP_IDLE, MAX_IDLE};

/// How long the webmail may take to accept a connection, TLS included.
pub const CONNECT: Duration = Duration::from_secs(5);
/// How long the webmail may take to begin an answer. A long poll is answered late by design, and an export is made
/// before its first byte; no limit stands over the whole of an answer.
pub const FIRST_BYTE: Duration = Duration::from_secs(300);
/// Headers that belong to one connection (RFC 9110, section 7.6.1), beside those that `Connection` names.
const HOP_BY_HOP: [HeaderName; 8] = [
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

/// Why the webmail gave no answer.
#[derive(Debug)]
pub enum UpstreamError {
    /// The request cannot be put into words: its path makes no URL.
    Request(http::uri::InvalidUri),
    /// There is no connection to be had.
    Unreachable(io::Error),
    /// The connection broke before there was an answer; the request may have been heard.
    Broken(hyper::Error),
    /// Nothing within [`FIRST_BYTE`].
    Silent,
}

impl fmt::Display for UpstreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(error) => write!(f, "the request cannot be passed on: {error}"),
            Self::Unreachable(error) => write!(f, "the webmail cannot be reached: {error}; is it running?"),
            Self::Broken(error) => write!(f, "the webmail broke off: {error}"),
            Self::Silent => write!(f, "the webmail did not answer within {} s", FIRST_BYTE.as_secs()),
        }
    }
}

impl std::error::Error for UpstreamError {}

/// The webmail behind the front.
#[derive(Clone)]
pub struct Upstream {
    base: Base,
    /// Where TLS is spoken.
    tls: Option<(TlsConnector, ServerName<'static>)>,
    host: HeaderValue,
    pool: Pool,
}

impl Upstream {
    /// The webmail that the configuration names; nothing is connected yet.
    ///
    /// # Errors
    /// When the file of its certificate authorities is of no use, or its name can stand in no certificate.
    pub fn new(settings: &config::Webmail) -> Result<Self, TlsError> {
        let base = settings.upstream.clone();
        let tls = match base.is_https() {
            true => Some((TlsConnector::from(client_config(settings)?), server_name(&base)?)),
            false => None,
        };
        let host = HeaderValue::from_str(settings.public_url.authority()).expect("an authority is visible ASCII");
        Ok(Self { base, tls, host, pool: Pool::default() })
    }

    /// Sends a request whose URI is a path and a query, for a browser at `client`. Answers stream; one with
    /// [`StatusCode::SWITCHING_PROTOCOLS`] is to be followed by [`tunnel`].
    ///
    /// # Errors
    /// Any [`UpstreamError`].
    pub async fn send(&self, mut request: Request<Body>, client: IpAddr) -> Result<Response<Content>, UpstreamError> {
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
        let mut answer = timeout(FIRST_BYTE, self.exchange(request)).await.map_err(|_| UpstreamError::Silent)??;
        let switches = answer.status() == StatusCode::SWITCHING_PROTOCOLS && is_websocket;
        strip_hop_by_hop(answer.headers_mut());
        if switches {
            switch_to_websocket(answer.headers_mut());
        }
        Ok(answer)
    }

    async fn exchange(&self, mut request: Request<Body>) -> Result<Response<Content>, UpstreamError> {
        while let Some(line) = self.pool.take().await {
            request = match line.send(request, &self.pool).await {
                Ok(answer) => return Ok(answer),
                // The webmail closed the connection in this moment.
                Err(Unanswered::Unsent(request, _)) => *request,
                Err(Unanswered::Broken(error)) => return Err(UpstreamError::Broken(error)),
            };
        }
        match self.connect().await?.send(request, &self.pool).await {
            Ok(answer) => Ok(answer),
            Err(Unanswered::Unsent(_, error) | Unanswered::Broken(error)) => Err(UpstreamError::Broken(error)),
        }
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

fn client_config(settings: &config::Webmail) -> Result<Arc<ClientConfig>, TlsError> {
    let mut roots = RootCertStore::empty();
    match &settings.upstream_ca {
        Some(path) => {
            for certificate in tls::read_certificates(path)? {
                roots.add(certificate).map_err(TlsError::Setup)?;
            }
        }
        None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
    }
    let config = ClientConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Setup)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn strip_hop_by_hop(headers: &mut HeaderMap) {
    if headers.contains_key(header::CONNECTION) {
        let named: Vec<HeaderName> = headers
            .get_all(header::CONNECTION)
            .iter()
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
            .collect();
        for name in named {
            headers.remove(name);
        }
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

fn names_websocket(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

fn switch_to_websocket(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, UPGRADE);
    headers.insert(header::UPGRADE, WEBSOCKET);
}

fn written(client: IpAddr) -> HeaderValue {
    HeaderValue::from_str(&client.to_string()).expect("an address is visible ASCII")
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
