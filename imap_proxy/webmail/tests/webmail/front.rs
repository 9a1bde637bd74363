//! The front between the two, with its real listener.

use crate::browser::Browser;
use crate::daemon::Daemon;
use crate::upstream::Webmail;
use postern_front::tls::{self, Certificate};
use postern_http::listener::{Listener, bind};
use postern_http::upstream::Upstream;
use postern_products::PRODUCTS;
use postern_products::product::Product;
use postern_proxy_config as config;
use postern_webmail::WebmailFront;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio_rustls::TlsConnector;

/// The mailbox of these tests.
pub(crate) const ALICE: &str = "alice@example.com";

/// Verdicts as the daemon writes them.
pub(crate) const FREE: &str = r#"{"verdict":"not_required","mailbox":"alice@example.com","standing":"s1"}"#;
pub(crate) const CHALLENGE: &str = r#"{"verdict":"challenge","mailbox":"alice@example.com","methods":[
    {"id":"t1","kind":"totp","description":"Phone","digits":6},{"id":"backup","kind":"backup","description":""}]}"#;
pub(crate) const ENROL: &str = r#"{"verdict":"enrol","mailbox":"alice@example.com"}"#;
pub(crate) const OFFERED: &str = r#"{"verdict":"offered","mailbox":"alice@example.com","ticket":"ticket-1",
    "secret":"JBSWY3DPEHPK3PXP","uri":"otpauth://totp/x?secret=JBSWY3DPEHPK3PXP"}"#;
pub(crate) const ACCEPTED: &str =
    r#"{"verdict":"accepted","mailbox":"alice@example.com","standing":"s2","method":"t1"}"#;
pub(crate) const CONFIRMED: &str = r#"{"verdict":"accepted","mailbox":"alice@example.com","standing":"s2",
    "method":"t1","backup_codes":["aaaa-bbbb","cccc-dddd"]}"#;
pub(crate) const WRONG: &str = r#"{"verdict":"refused","reason":"wrong","failures":1}"#;

/// Front, daemon and webmail.
pub(crate) struct World {
    pub(crate) daemon: Daemon,
    pub(crate) webmail: Webmail,
    pub(crate) address: SocketAddr,
    pub(crate) connector: TlsConnector,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_following_on(&Handle::current()).await
    }

    /// The front follows the daemon on this runtime.
    pub(crate) async fn start_following_on(runtime: &Handle) -> Self {
        Self::make(runtime, "roundcube", postern_products::named(PRODUCTS, "roundcube").unwrap()).await
    }

    /// The front is told that the webmail is this product.
    pub(crate) async fn start_with(name: &str, product: &'static dyn Product) -> Self {
        Self::make(&Handle::current(), name, product).await
    }

    async fn make(runtime: &Handle, name: &str, product: &'static dyn Product) -> Self {
        let (daemon, webmail) = (Daemon::start(), Webmail::start().await);
        let dir = tempfile::tempdir().unwrap();
        let signed = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let files = config::CertificateFiles { cert: dir.path().join("cert.pem"), key: dir.path().join("key.pem") };
        std::fs::write(&files.cert, signed.cert.pem()).unwrap();
        std::fs::write(&files.key, signed.signing_key.serialize_pem()).unwrap();
        let certificate = Certificate::load(files).unwrap();
        let settings = config::Webmail {
            listen: "127.0.0.1:0".parse().unwrap(),
            public_url: "https://webmail.example.com/".to_owned().try_into().unwrap(),
            endpoint_hosts: Vec::new(),
            upstream: format!("http://{}/", webmail.address).try_into().unwrap(),
            upstream_ca: None,
            product: name.to_owned(),
            brand: "Example Mail".to_owned(),
            proxy_protocol_from: Vec::new(),
            endpoints: config::Endpoints::default(),
        };
        let socket = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = Listener::new(socket, certificate.server_config().unwrap(), Vec::new());
        let address = listener.address().unwrap();
        let upstream = Upstream::new(&settings).unwrap();
        let way = postern_front::daemon::Daemon::new(daemon.socket());
        let front = {
            let _runtime = runtime.enter();
            WebmailFront::new(&settings, product, upstream, way).unwrap()
        };
        let service = move |request, peer| Arc::clone(&front).serve(request, peer);
        tokio::spawn(listener.serve(service, std::future::pending()));
        daemon.watched().await;
        Self { daemon, webmail, address, connector: trusting(signed.cert.der().clone()) }
    }

    /// A browser that has been nowhere.
    pub(crate) fn browser(&self) -> Browser {
        Browser { address: self.address, connector: self.connector.clone(), cookies: BTreeMap::new() }
    }

    /// A browser whose password was accepted, at the code.
    pub(crate) async fn challenged(&self) -> Browser {
        self.challenged_by(CHALLENGE).await
    }

    /// The same, where the daemon answers the question with `asked`.
    pub(crate) async fn challenged_by(&self, asked: &str) -> Browser {
        self.daemon.on("Ask", asked);
        let mut browser = self.browser();
        browser.sign_in(ALICE, "right").await.leads_to("/postern/code");
        browser
    }

    /// A browser at the set-up page.
    pub(crate) async fn enrolling(&self) -> Browser {
        self.daemon.on("Ask", ENROL);
        self.daemon.on("Enrol", OFFERED);
        let mut browser = self.browser();
        browser.sign_in(ALICE, "right").await.leads_to("/postern/set-up");
        browser
    }

    /// A browser with the backup codes on its screen.
    pub(crate) async fn saving(&self) -> Browser {
        let mut browser = self.enrolling().await;
        self.daemon.on("Confirm", CONFIRMED);
        browser.post("/postern/set-up", &[("code", "123456")]).await.leads_to("/postern/backup-codes");
        browser
    }

    /// A browser that is in.
    pub(crate) async fn released(&self) -> Browser {
        let mut browser = self.challenged().await;
        self.daemon.on("Answer", ACCEPTED);
        browser.post("/postern/code", &[("code", "123456")]).await.leads_to("/?_task=mail&_token=secret");
        browser
    }
}

fn trusting(certificate: CertificateDer<'static>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let config = ClientConfig::builder_with_provider(tls::provider()).with_safe_default_protocol_versions().unwrap();
    TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}
