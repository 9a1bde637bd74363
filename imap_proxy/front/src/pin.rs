//! A server that is identified by its key only: for certificates that no authority has signed, such as Exchange's own.

use crate::tls::{TlsError, provider};
use postern_proxy_config::Pin;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// The TLS configuration for the server that has the key of this pin, whatever else its certificate says: its name,
/// validity and issuer are ignored. That the server has the private key is checked as always.
///
/// # Errors
/// [`TlsError::Setup`].
pub fn client_config(pin: Pin) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = provider();
    let verifier = Pinned { pin, algorithms: provider.signature_verification_algorithms };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Setup)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The server has another key than the pin's.
#[derive(Debug)]
struct OtherKey(Pin);

impl fmt::Display for OtherKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it has the key {}, and `backend_pin` names another", self.0)
    }
}

impl std::error::Error for OtherKey {}

#[derive(Debug)]
struct Pinned {
    pin: Pin,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let key = ParsedCertificate::try_from(certificate)?.subject_public_key_info();
        let seen = Pin::of_hash(Sha256::digest(&key).into());
        // Both are public: the time that this takes reveals nothing.
        if seen == self.pin {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::Other(OtherError(Arc::new(OtherKey(seen)))))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, PublicKeyData, date_time_ymd};
    use rustls::crypto::ring::sign::any_supported_type;
    use rustls::pki_types::PrivateKeyDer;
    use rustls::sign::CertifiedKey;
    use rustls::version::{TLS12, TLS13};
    use rustls::{ServerConfig, SupportedProtocolVersion};
    use tokio::io::duplex;
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    /// A self-signed certificate for another name, which expired long ago.
    fn certificate(key: &KeyPair) -> CertificateDer<'static> {
        let mut params = CertificateParams::new(vec!["elsewhere.example".to_owned()]).unwrap();
        params.not_after = date_time_ymd(2000, 1, 1);
        params.self_signed(key).unwrap().der().clone()
    }

    fn pin(key: &KeyPair) -> Pin {
        Pin::of_hash(Sha256::digest(key.subject_public_key_info()).into())
    }

    /// Whether a client that knows `pin` accepts a server that shows `shown` and signs with `signing`.
    async fn shake_hands(
        pin: Pin,
        shown: &CertificateDer<'static>,
        signing: &KeyPair,
        version: &'static SupportedProtocolVersion,
    ) -> Result<(), String> {
        let key = any_supported_type(&PrivateKeyDer::try_from(signing.serialize_der()).unwrap()).unwrap();
        let resolver = rustls::sign::SingleCertAndKey::from(CertifiedKey::new(vec![shown.clone()], key));
        let server = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(resolver));
        let (near, far) = duplex(16 * 1024);
        let client = TlsConnector::from(client_config(pin).unwrap());
        let name = ServerName::try_from("mail.internal").unwrap();
        let server = TlsAcceptor::from(Arc::new(server));
        let (client, _) = tokio::join!(client.connect(name, near), server.accept(far));
        client.map(drop).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn the_key_counts_and_nothing_else() {
        let (own, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        for version in [&TLS12, &TLS13] {
            shake_hands(pin(&own), &certificate(&own), &own, version).await.unwrap();
            let error = shake_hands(pin(&own), &certificate(&other), &other, version).await.unwrap_err();
            assert!(error.contains(&format!("the key {}", pin(&other))) && error.contains("backend_pin"), "{error}");
            // The certificate is public: a server that shows it must have its key.
            let error = shake_hands(pin(&own), &certificate(&own), &other, version).await.unwrap_err();
            assert!(error.contains("BadSignature"), "{error}");
        }
    }
}
