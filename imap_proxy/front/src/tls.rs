//! TLS to clients: 1.2 and 1.3, with a certificate that is replaced while connections stay open.

mod error;
mod key;
mod validity;

pub use error::TlsError;
pub use validity::{Validity, ValidityError};

use arc_swap::ArcSwapOption;
use postern_proxy_config::CertificateFiles;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, InconsistentKeys, RootCertStore, ServerConfig};
use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::Signal;

/// How often the files are checked for a new certificate.
pub const LOOK_EVERY: Duration = Duration::from_secs(2);
/// The protocols offered by ALPN, in order of preference.
pub const PROTOCOLS: [&[u8]; 2] = [H2, b"http/1.1"];
/// How long a client may take over a PROXY header and the TLS handshake together.
pub const HANDSHAKE: Duration = Duration::from_secs(10);
/// The protocol of a handshake by which an authority checks a name (TLS-ALPN-01, RFC 8737); it ends with the handshake.
pub const ACME_TLS: &[u8] = b"acme-tls/1";
/// HTTP/2's name in ALPN.
pub const H2: &[u8] = b"h2";

/// The one TLS library that is used, for clients and for servers.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// Reads the certificates in a PEM file, at least one.
///
/// # Errors
/// [`TlsError::File`].
pub fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = |error| unreadable(path, "certificate", error);
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(unreadable)?.collect();
    let chain = chain.map_err(unreadable)?;
    if chain.is_empty() { Err(unreadable(pem::Error::NoItemsFound)) } else { Ok(chain) }
}

/// The TLS configuration for an upstream server whose certificate is signed by an authority in the file `ca`; none: by
/// one that this system trusts.
///
/// # Errors
/// Errors of the file, and [`TlsError::Setup`].
pub fn client_config(ca: Option<&Path>) -> Result<Arc<ClientConfig>, TlsError> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(path) => {
            for certificate in read_certificates(path)? {
                roots.add(certificate).map_err(TlsError::Setup)?;
            }
        }
        None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
    }
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Setup)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn unreadable(path: &Path, wanted: &'static str, error: pem::Error) -> TlsError {
    let why = match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => format!("there is no PEM block of a {wanted} in it"),
        // The library's own text may quote a line, which may be part of the key.
        _ => "it is damaged".to_owned(),
    };
    TlsError::File { path: path.to_owned(), wanted, why }
}

/// The certificate that is shown to clients.
pub struct Certificate {
    files: CertificateFiles,
    current: ArcSwapOption<CertifiedKey>,
}

impl Certificate {
    /// Reads the certificate for the first time.
    ///
    /// # Errors
    /// Any [`TlsError`].
    pub fn load(files: CertificateFiles) -> Result<Arc<Self>, TlsError> {
        let current = ArcSwapOption::from_pointee(read(&files)?);
        Ok(Arc::new(Self { files, current }))
    }

    /// A certificate that does not exist yet: until [`reload`](Self::reload) finds it, every handshake is refused.
    pub fn awaited(files: CertificateFiles) -> Arc<Self> {
        Arc::new(Self { files, current: ArcSwapOption::empty() })
    }

    /// Reads the certificate again. Existing connections keep the old one; if the new one cannot be used, so do new
    /// connections.
    ///
    /// # Errors
    /// Any [`TlsError`]; then nothing has changed.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.current.store(Some(Arc::new(read(&self.files)?)));
        Ok(())
    }

    /// The certificate that new connections are shown; none before the first.
    pub fn current(&self) -> Option<Arc<CertifiedKey>> {
        self.current.load_full()
    }

    /// The TLS configuration of a listener with this certificate.
    ///
    /// # Errors
    /// [`TlsError::Setup`].
    pub fn server_config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, TlsError> {
        let resolver: Arc<Self> = Arc::clone(self);
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(TlsError::Setup)?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        // Tickets instead of a cache in this process: a browser that returns saves a signature.
        config.ticketer = ring::Ticketer::new().map_err(TlsError::Setup)?;
        Ok(Arc::new(config))
    }

    /// Follows the files until the process ends: reads them again when they have changed and are stable, and at each
    /// `hangup`.
    pub async fn follow(self: Arc<Self>, mut hangup: Signal) {
        let mut used = self.stamp();
        let mut seen = used;
        loop {
            let told = tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => false,
                _ = hangup.recv() => true,
            };
            let stamp = self.stamp();
            // A renewal writes two files, one after the other: wait until both are unchanged between two checks.
            let renewed = stamp != used && stamp == seen;
            seen = stamp;
            if !told && !renewed {
                continue;
            }
            used = stamp;
            match self.reload() {
                Ok(()) => tracing::info!(cert = %self.files.cert.display(), "the certificate was read again"),
                Err(error) => tracing::error!(%error, "the new certificate is not used; the old one stays"),
            }
        }
    }

    /// Distinguishes a changed file from an unchanged one.
    fn stamp(&self) -> [Option<(u64, u64, i64, i64)>; 2] {
        [&self.files.cert, &self.files.key].map(|path| {
            let it = std::fs::metadata(path).ok()?;
            Some((it.ino(), it.size(), it.mtime(), it.mtime_nsec()))
        })
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.current()
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("files", &self.files).finish_non_exhaustive()
    }
}

fn read(files: &CertificateFiles) -> Result<CertifiedKey, TlsError> {
    let chain = read_certificates(&files.cert)?;
    let key = key::read(&files.key)?;
    let unusable = |_| TlsError::Key { key: files.key.clone(), why: key::objection(&key) };
    let signing = provider().key_provider.load_private_key(key.clone_key()).map_err(unusable)?;
    let pair = CertifiedKey::new(chain, signing);
    match pair.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(pair),
        Err(error) => {
            let CertificateFiles { cert, key } = files.clone();
            Err(TlsError::Pair { cert, key, why: error.to_string() })
        }
    }
}
