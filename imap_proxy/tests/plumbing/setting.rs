//! A listener with a service of the test's own, and clients that speak to it.

use http::{Request, Response};
use hyper::body::Incoming;
use postern_proxy::body::Body;
use postern_proxy::listener::{Listener, Peer, bind};
use postern_proxy::tls::{self, Certificate};
use postern_proxy_config as config;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A certificate authority and what it signs, in a directory of its own.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    pub(crate) dir: TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, dir }
    }

    /// Signs a new certificate for `localhost` and puts it where the last one was.
    pub(crate) fn sign(&self) -> config::CertificateFiles {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let files =
            config::CertificateFiles { cert: self.dir.path().join("cert.pem"), key: self.dir.path().join("key.pem") };
        std::fs::write(&files.cert, certificate.pem()).unwrap();
        std::fs::write(&files.key, key.serialize_pem()).unwrap();
        files
    }

    /// A client that trusts this authority.
    pub(crate) fn client(&self, protocols: &[&[u8]], versions: &[&'static SupportedProtocolVersion]) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(tls::provider())
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        TlsConnector::from(Arc::new(config))
    }
}

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

pub(crate) fn localhost() -> ServerName<'static> {
    "localhost".try_into().unwrap()
}

/// Settings of a front before this upstream.
pub(crate) fn webmail(upstream: &str, ca: Option<&Path>) -> config::Webmail {
    config::Webmail {
        listen: "127.0.0.1:0".parse().unwrap(),
        public_url: "https://webmail.example.com/".to_owned().try_into().unwrap(),
        endpoint_hosts: Vec::new(),
        upstream: upstream.to_owned().try_into().unwrap(),
        upstream_ca: ca.map(Path::to_owned),
        product: config::Product::Roundcube,
        brand: "Example Mail".to_owned(),
        proxy_protocol_from: Vec::new(),
        endpoints: config::Endpoints::default(),
    }
}
