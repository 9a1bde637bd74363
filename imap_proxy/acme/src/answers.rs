//! Challenge responses: what the authority finds when it validates a name. They exist only during an order.

use postern_front::tls::{ACME_TLS, provider};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The responses that are provisioned now.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers(Arc<Mutex<LaidOut>>);

#[derive(Debug, Default)]
struct LaidOut {
    /// For TLS-ALPN-01, by name.
    certificates: HashMap<String, Arc<CertifiedKey>>,
    /// For HTTP-01, by token.
    texts: HashMap<String, String>,
}

/// Allows responses to be provisioned until this is dropped.
pub(super) struct Asked<'a>(&'a Answers);

impl Answers {
    /// Allows responses to be provisioned from now on.
    pub(super) fn open(&self) -> Asked<'_> {
        Asked(self)
    }

    /// The response at `/.well-known/acme-challenge/TOKEN`.
    pub(super) fn text(&self, token: &str) -> Option<String> {
        self.lock().texts.get(token).cloned()
    }

    fn certificate(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        self.lock().certificates.get(name).cloned()
    }

    /// Makes a listener also respond to TLS-ALPN-01. It must close connections that have negotiated [`ACME_TLS`].
    pub(super) fn at(&self, config: &ServerConfig) -> ServerConfig {
        let mut config = config.clone();
        config.alpn_protocols.push(ACME_TLS.to_vec());
        let others = Arc::clone(&config.cert_resolver);
        config.cert_resolver = Arc::new(Resolver { answers: self.clone(), others });
        config
    }

    fn lock(&self) -> MutexGuard<'_, LaidOut> {
        // A panic leaves the maps consistent.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asked<'_> {
    /// Provisions a text for HTTP-01 (RFC 8555, section 8.3).
    pub(super) fn by_http(&self, token: &str, text: &str) {
        self.0.lock().texts.insert(token.to_owned(), text.to_owned());
    }

    /// Provisions a certificate for TLS-ALPN-01 (RFC 8737, section 3). `digest` is the SHA-256 of the key
    /// authorization.
    ///
    /// # Errors
    /// If no certificate can contain `name`.
    pub(super) fn by_tls(&self, name: &str, digest: &[u8]) -> Result<(), Box<dyn Error + Send + Sync>> {
        let mut params = CertificateParams::new(vec![name.to_owned()])?;
        params.custom_extensions.push(CustomExtension::new_acme_identifier(digest));
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        // Not `CertifiedKey::from_der`: it parses the certificate, and does not know the extension.
        let certified =
            CertifiedKey::new(vec![certificate.der().clone()], provider().key_provider.load_private_key(key)?);
        self.0.lock().certificates.insert(name.to_owned(), Arc::new(certified));
        Ok(())
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        *self.0.lock() = LaidOut::default();
    }
}

/// Shows the authority the challenge certificate, and every other client the usual one.
#[derive(Debug)]
struct Resolver {
    answers: Answers,
    others: Arc<dyn ResolvesServerCert>,
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // A client that offers another protocol as well is not the authority (RFC 8737, section 3), and would negotiate
        // that one.
        if hello.alpn().is_some_and(|mut protocols| protocols.any(|protocol| protocol == ACME_TLS)) {
            let is_alone = hello.alpn().is_some_and(|protocols| protocols.eq([ACME_TLS]));
            return self.answers.certificate(hello.server_name().filter(|_| is_alone)?);
        }
        self.others.resolve(hello)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::ServerName;
    use rustls::server::Acceptor;
    use rustls::sign::SingleCertAndKey;
    use rustls::{ClientConfig, ClientConnection, RootCertStore};

    /// The certificate for a client that offers these protocols.
    fn shown(resolver: &Resolver, name: &'static str, protocols: &[&[u8]]) -> Option<Arc<CertifiedKey>> {
        let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
        let mut config = config.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let mut client = ClientConnection::new(Arc::new(config), ServerName::try_from(name).unwrap()).unwrap();
        let (mut hello, mut acceptor) = (Vec::new(), Acceptor::default());
        client.write_tls(&mut hello).unwrap();
        acceptor.read_tls(&mut hello.as_slice()).unwrap();
        resolver.resolve(acceptor.accept().ok().unwrap().unwrap().client_hello())
    }

    #[test]
    fn the_authority_alone_is_shown_an_answer() {
        let answers = Answers::default();
        let asked = answers.open();
        asked.by_tls("mail.example.com", &[7; 32]).unwrap();
        let answer = answers.certificate("mail.example.com").unwrap();
        asked.by_tls("other.example.com", &[7; 32]).unwrap();
        let usual = answers.certificate("other.example.com").unwrap();
        let others = Arc::new(SingleCertAndKey::from(Arc::clone(&usual)));
        let resolver = Resolver { answers: answers.clone(), others };
        let is = |protocols: &[&[u8]], expected: Option<&Arc<CertifiedKey>>| {
            let shown = shown(&resolver, "mail.example.com", protocols);
            shown.as_ref().map(|it| &it.cert) == expected.map(|it| &it.cert)
        };
        assert!(is(&[ACME_TLS], Some(&answer)));
        assert!(is(&[b"h2", b"http/1.1"], Some(&usual)) && is(&[], Some(&usual)));
        assert!(is(&[b"h2", ACME_TLS], None) && is(&[ACME_TLS, b"h2"], None));
        assert!(shown(&resolver, "example.com", &[ACME_TLS]).is_none());
        drop(asked);
        assert!(is(&[ACME_TLS], None));
    }

    #[test]
    fn answers_are_there_while_they_are_asked_for() {
        let answers = Answers::default();
        let asked = answers.open();
        asked.by_http("token", "token.thumb");
        asked.by_tls("mail.example.com", &[7; 32]).unwrap();
        assert_eq!(answers.text("token").as_deref(), Some("token.thumb"));
        assert!(answers.text("Token").is_none() && answers.certificate("example.com").is_none());
        assert!(answers.certificate("mail.example.com").is_some());
        drop(asked);
        assert!(answers.text("token").is_none() && answers.certificate("mail.example.com").is_none());
    }
}
