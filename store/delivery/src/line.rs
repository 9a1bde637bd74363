//! A connection to a receiver: with TLS, or without it on this host.

use crate::failure::{Failed, SetUpError};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;

/// Timeout for connecting to a receiver, all attempts included; and again for the TLS handshake.
pub(crate) const REACH: Duration = Duration::from_secs(6);
/// Timeout for connecting to one of its addresses: another address may respond faster.
const CONNECT: Duration = Duration::from_secs(3);
/// Maximum number of connection attempts.
const ATTEMPTS: u32 = 2;
/// Delay between two attempts.
const PAUSE: Duration = Duration::from_millis(300);

/// A byte stream.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Sync + Unpin + fmt::Debug {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin + fmt::Debug> Wire for T {}

/// A connection, with or without TLS.
pub(crate) type Line = Box<dyn Wire>;

/// The address of a receiver.
pub(crate) struct Destination {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Destination {
    /// A destination without TLS.
    pub(crate) fn plain(host: &str, port: u16) -> Self {
        Self { host: host.to_owned(), port, tls: None }
    }

    /// A destination with TLS, whose certificate is signed by a CA in the file `ca`; none: by a CA that this system
    /// trusts.
    pub(crate) fn with_tls(host: &str, port: u16, ca: Option<&Path>) -> Result<Self, SetUpError> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| SetUpError(format!("{host} can stand in no certificate; write a name or an address")))?;
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| SetUpError(format!("TLS cannot be set up: {error}")))?
            .with_root_certificates(roots(ca)?)
            .with_no_client_auth();
        Ok(Self { tls: Some((TlsConnector::from(Arc::new(config)), name)), ..Self::plain(host, port) })
    }

    /// Connects. A failed attempt is repeated, since nothing has been sent yet.
    pub(crate) async fn reach(&self) -> Result<TcpStream, Failed> {
        let attempts = async {
            let mut attempt = 1;
            loop {
                match self.connect().await {
                    Err(_) if attempt < ATTEMPTS => sleep(PAUSE).await,
                    outcome => return outcome,
                }
                attempt += 1;
            }
        };
        let reached = timeout(REACH, attempts).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        reached.map_err(|error| Failed::Unsent(format!("{self} cannot be reached: {error}; is it running?")))
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let mut last = io::Error::other("its name has no address");
        for address in lookup_host((self.host.as_str(), self.port)).await? {
            match timeout(CONNECT, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Ok(Err(error)) => last = error,
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(last)
    }

    /// Starts TLS on a connection; a destination without TLS leaves it unchanged.
    pub(crate) async fn secure(&self, line: impl Wire + 'static) -> Result<Line, Failed> {
        let Some((connector, name)) = &self.tls else { return Ok(Box::new(line)) };
        let shaken = timeout(REACH, connector.connect(name.clone(), line)).await;
        match shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(line) => Ok(Box::new(line)),
            Err(error) => Err(Failed::Unsent(format!(
                "{self} does not begin TLS: {error}; if its certificate is of an authority of your own, name that in `ca`"
            ))),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} port {}", self.host, self.port)
    }
}

fn roots(ca: Option<&Path>) -> Result<RootCertStore, SetUpError> {
    let mut roots = RootCertStore::empty();
    let Some(path) = ca else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(SetUpError(
                "this system trusts no authority: install ca-certificates, or name a `ca`".to_owned(),
            ));
        }
        return Ok(roots);
    };
    let wrong = |why: String| SetUpError(format!("{}: no certificate can be read: {why}", path.display()));
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| wrong(error.to_string()))? {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("there is none in it".to_owned()));
    }
    Ok(roots)
}
