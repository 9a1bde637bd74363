//! TLS as a client of a world uses it.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::{During, Error, Result};

/// A client that trusts the authority whose certificate is at `ca`, and no other.
///
/// # Errors
/// If there is no such certificate.
pub fn client(ca: &Path) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let authority =
        CertificateDer::from_pem_file(ca).map_err(|error| Error::new(format!("{}: {error}", ca.display())))?;
    roots.add(authority).during(ca.display())?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().during("choosing TLS versions")?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
