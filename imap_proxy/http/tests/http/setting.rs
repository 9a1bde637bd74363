//! A listener with a service of the test's own, and clients that speak to it.

use crate::authority::{Authority, localhost};
use http::{Request, Response};
use hyper::body::Incoming;
use postern_front::tls::Certificate;
use postern_http::body::Body;
use postern_http::listener::{Listener, Peer, bind};
use postern_proxy_config as config;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::client::TlsStream;

/// A listener that runs.
pub(crate) struct Front {
    pub(crate) authority: Authority,
    pub(crate) certificate: Arc<Certificate>,
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Front {
    pub(crate) fn start<S, F>(service: S) -> Self
    where
        S: Fn(Request<Incoming>, Peer) -> F + Send + Sync + 'static,
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        Self::start_behind(&[], service)
    }

    pub(crate) fn start_behind<S, F>(proxies: &[&str], service: S) -> Self
    where
        S: Fn(Request<Incoming>, Peer) -> F + Send + Sync + 'static,
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        let authority = Authority::new();
        let certificate = Certificate::load(authority.sign()).unwrap();
        let proxies = proxies.iter().map(|network| network.parse().unwrap()).collect();
        let loopback = "127.0.0.1:0".parse().unwrap();
        let listener = Listener::new(bind(loopback).unwrap(), certificate.server_config().unwrap(), proxies);
        let address = listener.address().unwrap();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(listener.serve(service, async { drop(stopped.await) }));
        Self { authority, certificate, address, stop: Some(stop), task }
    }

    /// A TLS connection that offers HTTP/1.1.
    pub(crate) async fn connect(&self) -> TlsStream<TcpStream> {
        let connector = self.authority.client(&[b"http/1.1"], rustls::ALL_VERSIONS);
        let stream = TcpStream::connect(self.address).await.unwrap();
        connector.connect(localhost(), stream).await.unwrap()
    }

    /// What is answered to these bytes until the connection is closed.
    pub(crate) async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        // A close without a TLS goodbye is one too.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    /// Tells it to stop; the task is done when all connections are.
    pub(crate) fn stop(&mut self) -> &mut JoinHandle<()> {
        drop(self.stop.take());
        &mut self.task
    }
}

/// Settings of a front before this upstream.
pub(crate) fn webmail(upstream: &str, ca: Option<&Path>) -> config::Webmail {
    config::Webmail {
        listen: "127.0.0.1:0".parse().unwrap(),
        public_url: "https://webmail.example.com/".to_owned().try_into().unwrap(),
        endpoint_hosts: Vec::new(),
        upstream: upstream.to_owned().try_into().unwrap(),
        upstream_ca: ca.map(Path::to_owned),
        product: "roundcube".to_owned(),
        brand: "Example Mail".to_owned(),
        proxy_protocol_from: Vec::new(),
        endpoints: config::Endpoints::default(),
    }
}
