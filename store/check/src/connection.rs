//! Connects to a place and reads its certificate. No secret is ever sent, so any server may answer; its certificate is
//! checked afterwards ([`crate::certificate`]).

use crate::clock;
use crate::place::Place;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The limit for connecting to a place.
const CONNECT: Duration = Duration::from_secs(4);
/// The limit for the answer to one request, TLS included.
pub(crate) const ANSWER: Duration = Duration::from_secs(6);
/// A PROXY header without a client address (haproxy's `doc/proxy-protocol.txt`, section 2.1).
const PROXY_HEADER: &[u8] = b"PROXY UNKNOWN\r\n";

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Silence {
    /// The name cannot be resolved.
    NoSuchHost(String),
    /// No server listens there, or the network blocks it.
    Closed(String),
    /// A server listens, but its answer is not valid or takes too long.
    Broken(String),
}

impl std::fmt::Display for Silence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::NoSuchHost(why) | Self::Closed(why) | Self::Broken(why)) = self;
        f.write_str(why)
    }
}

/// The time at which all waiting ends, however many bytes have been received.
#[derive(Debug, Clone, Copy)]
struct Deadline(Instant);

impl Deadline {
    fn after(wait: Duration) -> Self {
        Self(clock::monotonic() + wait)
    }

    fn left(self) -> io::Result<Duration> {
        let left = self.0.saturating_duration_since(clock::monotonic());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

/// A socket on which every wait ends at the deadline.
struct Timed(TcpStream, Deadline);

impl Read for Timed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.set_read_timeout(Some(self.1.left()?))?;
        self.0.read(into)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.set_write_timeout(Some(self.1.left()?))?;
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A stream for both directions.
pub(crate) trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// A connection, valid for [`ANSWER`].
pub(crate) struct Connection {
    pub(crate) stream: Box<dyn Stream>,
    /// The certificates of the server; empty without TLS.
    pub(crate) chain: Vec<CertificateDer<'static>>,
}

impl Connection {
    /// Connects, and starts TLS if the service uses implicit TLS.
    ///
    /// # Errors
    /// [`Silence`].
    pub(crate) fn open(place: &Place) -> Result<Self, Silence> {
        let mut stream = Timed(connect(place)?, Deadline::after(ANSWER));
        if place.wants_proxy_header {
            stream.write_all(PROXY_HEADER).map_err(|error| broken(&error))?;
        }
        if !place.service.tls {
            return Ok(Self { stream: Box::new(stream), chain: vec![] });
        }
        let tls = |error: &dyn std::fmt::Display| Silence::Broken(format!("no TLS can be begun: {error}"));
        let name = ServerName::try_from(place.host.clone()).map_err(|error| tls(&error))?;
        let mut session =
            ClientConnection::new(configuration().map_err(|error| tls(&error))?, name).map_err(|error| tls(&error))?;
        while session.is_handshaking() {
            session.complete_io(&mut stream).map_err(|error| tls(&said(&error)))?;
        }
        let chain = session.peer_certificates().unwrap_or_default().to_vec();
        Ok(Self { stream: Box::new(StreamOwned::new(session, stream)), chain })
    }

    /// Reads until `enough` returns true, `limit` bytes are read, or the server closes the connection.
    ///
    /// # Errors
    /// If nothing was received.
    pub(crate) fn hear(&mut self, limit: usize, enough: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>, Silence> {
        let (mut heard, mut piece) = (Vec::new(), [0; 4096]);
        let mut stopped = None;
        while heard.len() < limit && !enough(&heard) {
            match self.stream.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => heard.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    stopped = Some(broken(&error));
                    break;
                }
            }
        }
        heard.truncate(limit);
        match stopped {
            Some(silence) if heard.is_empty() => Err(silence),
            None if heard.is_empty() => Err(Silence::Broken("the connection is closed without a word".to_owned())),
            _ => Ok(heard),
        }
    }
}

/// The error of an exchange that was interrupted.
pub(crate) fn broken(error: &io::Error) -> Silence {
    Silence::Broken(said(error))
}

fn said(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => format!("no answer within {} s", ANSWER.as_secs()),
        _ => error.to_string(),
    }
}

/// Connects to the first address that answers, within [`CONNECT`] for all addresses together. The resolver has its own
/// deadline (resolv.conf(5)); `crate::probe` gives up earlier.
fn connect(place: &Place) -> Result<TcpStream, Silence> {
    let addresses = if place.at.is_empty() {
        let found = (place.host.as_str(), place.port).to_socket_addrs();
        found.map_err(|error| Silence::NoSuchHost(error.to_string()))?.collect()
    } else {
        place.at.clone()
    };
    let deadline = Deadline::after(CONNECT);
    let mut last = Silence::NoSuchHost("the name has no address".to_owned());
    for address in addresses {
        let connected = deadline.left().and_then(|left| TcpStream::connect_timeout(&address, left));
        match connected {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Silence::Closed(format!("{address}: {error}")),
        }
    }
    Err(last)
}

fn configuration() -> Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Whoever(provider)))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Accepts every certificate, if the server has its key.
#[derive(Debug)]
struct Whoever(Arc<CryptoProvider>);

impl ServerCertVerifier for Whoever {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
