//! The way to the webmail behind the front: a pool of HTTP/1.1 connections that are kept alive.
//!
//! What of a request belongs to the connection it came on, or claims where it came from, ends here; what the webmail
//! is told of that is written here.

use crate::body::Body;
use crate::config::{self, Base};
use crate::tls::{self, TlsError};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::timeout;

/// How long the webmail may take to accept a connection.
pub const CONNECT: Duration = Duration::from_secs(5);
/// How long the webmail may take to begin an answer. A long poll is answered late by design, and an export is made
/// before its first byte; no limit stands over the whole of an answer.
pub const FIRST_BYTE: Duration = Duration::from_secs(300);
/// How long a connection is kept that nobody uses: less than the 5 s after which Apache closes it by default, so
/// that a request is not sent into a connection that is being closed.
pub const KEEP_IDLE: Duration = Duration::from_secs(4);
/// Connections that are kept although nobody uses them.
pub const MAX_IDLE: usize = 128;

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

/// The content of an answer, as it comes.
pub type Content = Incoming;

/// Why the webmail gave no answer.
#[derive(Debug)]
pub enum UpstreamError {
    /// The request cannot be put into words: its path makes no URL.
    Request(http::Error),
    /// No connection, or it broke before there was an answer.
    Broken(hyper_util::client::legacy::Error),
    /// Nothing within [`FIRST_BYTE`].
    Silent,
}

impl fmt::Display for UpstreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(error) => write!(f, "the request cannot be passed on: {error}"),
            Self::Broken(error) => {
                write!(f, "the webmail cannot be reached: {error}")?;
                // The library's own text stops short of the cause.
                let mut cause = std::error::Error::source(error);
                while let Some(error) = cause {
                    write!(f, ": {error}")?;
                    cause = error.source();
                }
                Ok(())
            }
            Self::Silent => write!(f, "the webmail did not answer within {} s", FIRST_BYTE.as_secs()),
        }
    }
}

impl std::error::Error for UpstreamError {}

/// The webmail behind the front.
#[derive(Clone)]
pub struct Upstream {
    client: Client<HttpsConnector<HttpConnector>, Body>,
    base: Base,
    host: HeaderValue,
}

impl Upstream {
    /// The webmail that the configuration names; nothing is connected yet.
    ///
    /// # Errors
    /// When the file of its certificate authorities is of no use.
    pub fn new(settings: &config::Webmail) -> Result<Self, TlsError> {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(CONNECT));
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(client_config(settings)?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(KEEP_IDLE)
            .pool_max_idle_per_host(MAX_IDLE)
            .set_host(false)
            .build(connector);
        let host = HeaderValue::from_str(settings.public_url.authority()).expect("an authority is visible ASCII");
        Ok(Self { client, base: settings.upstream.clone(), host })
    }

    /// Sends a request whose URI is a path and a query, for a browser at `client`. Answers stream; one with
    /// [`StatusCode::SWITCHING_PROTOCOLS`] is to be followed by [`tunnel`].
    ///
    /// # Errors
    /// Any [`UpstreamError`].
    pub async fn send(&self, mut request: Request<Body>, client: IpAddr) -> Result<Response<Content>, UpstreamError> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = self.base.join(path).map_err(UpstreamError::Request)?;
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
        let answer = timeout(FIRST_BYTE, self.client.request(request)).await.map_err(|_| UpstreamError::Silent)?;
        let mut answer = answer.map_err(UpstreamError::Broken)?;
        let switches = answer.status() == StatusCode::SWITCHING_PROTOCOLS && is_websocket;
        strip_hop_by_hop(answer.headers_mut());
        if switches {
            switch_to_websocket(answer.headers_mut());
        }
        Ok(answer)
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

async fn relay(client: Upgraded, upstream: Upgraded) -> Result<(), crate::body::BoxError> {
    tokio::io::copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(upstream)).await?;
    Ok(())
}

fn client_config(settings: &config::Webmail) -> Result<ClientConfig, TlsError> {
    let mut roots = RootCertStore::empty();
    match &settings.upstream_ca {
        Some(path) => {
            for certificate in tls::read_certificates(path)? {
                roots.add(certificate).map_err(TlsError::Setup)?;
            }
        }
        // Read only where they are needed: a system without any is no reason to refuse a plain upstream.
        None if settings.upstream.is_https() => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        None => {}
    }
    let config = ClientConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Setup)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
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
