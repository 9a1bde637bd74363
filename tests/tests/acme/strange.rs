//! An authority that is none: what it says, the log tells in words, and nothing that is in use suffers.

use super::*;
use std::os::unix::net::UnixDatagram;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Bytes of an answer that nobody should take to its end.
const ENDLESS: usize = 8 * 1024 * 1024;

/// A server that says the same to everybody.
struct Parrot {
    says: Arc<Mutex<Vec<u8>>>,
    port: u16,
}

impl Parrot {
    async fn perch(world: &World) -> Parrot {
        let chain = CertificateDer::pem_file_iter(&world.certificates.chain).unwrap().map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_file(&world.certificates.key).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let tls = TlsAcceptor::from(Arc::new(config.with_single_cert(chain, key).unwrap()));
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = socket.local_addr().unwrap().port();
        let says = Arc::<Mutex<Vec<u8>>>::default();
        let words = Arc::clone(&says);
        tokio::spawn(async move {
            while let Ok((stream, _)) = socket.accept().await {
                let (tls, words) = (tls.clone(), words.lock().unwrap().clone());
                tokio::spawn(async move {
                    let Ok(mut stream) = tls.accept(stream).await else { return };
                    let _ = stream.read(&mut [0; 4096]).await;
                    let _ = stream.write_all(&words).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        Parrot { says, port }
    }

    fn say(&self, head: &str, body: &str) {
        let length = body.len();
        *self.says.lock().unwrap() = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_authority_is_told() {
    let mut world = world();
    let parrot = Parrot::perch(&world).await;
    parrot.say("200 OK", "<html>It works!</html>");
    configure(&world, &format!("https://localhost:{}/directory", parrot.port), "");
    world.proxy.restart().unwrap();
    says(&world, "what answers is no ACME authority: failed to (de)serialize JSON", 1);

    let directory = |url: &str| format!(r#"{{"newNonce":"{url}","newAccount":"{url}","newOrder":"{url}"}}"#);
    for (head, body, said) in [
        ("404 Not Found", "gone".to_owned(), "it answers 404 Not Found; look at `directory`"),
        ("302 Found\r\nLocation: http://localhost/", String::new(), "it answers 302 Found; look at `directory`"),
        ("200 OK", "x".repeat(ENDLESS), "its answer is longer than 262144 bytes"),
        ("200 OK", directory("http://localhost:9/"), "it leads to http://localhost:9/, which is not https"),
        ("200 OK", directory("https://localhost:9/"), "it cannot be reached: localhost:9: Connection refused"),
        ("200 OK", directory("::"), "what answers is no ACME authority: "),
        ("502 Bad Gateway", r#"{"detail":"lunch"}"#.to_owned(), "it answers 502 Bad Gateway, lunch; look"),
    ] {
        parrot.say(head, &body);
        world.proxy.restart().unwrap();
        says(&world, said, 1);
    }
    *parrot.says.lock().unwrap() = b"\x16\x03\x01 what?".to_vec();
    world.proxy.restart().unwrap();
    says(&world, "the connection broke off: ", 1);
    let limit = r#"{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many\ncertificates"}"#;
    parrot.say("429 Too Many Requests\r\nContent-Type: application/problem+json\r\nRetry-After: 7200", limit);
    world.proxy.restart().unwrap();
    says(&world, "the authority wants to be asked later: 429 Too Many Requests, too many certificates", 1);
    says(&world, "the next attempt is in 120 min", 1);
    assert!(shown(world.files.webmail).is_none());
}

/// What `systemctl status` shows while there is no certificate.
#[test]
fn systemd_is_told() {
    let mut world = world();
    world.proxy.stop().unwrap();
    configure(&world, "https://localhost:9/dir", "");
    let path = world.files.directory.join("status.sock");
    let notify = UnixDatagram::bind(&path).unwrap();
    notify.set_read_timeout(Some(wait::DEADLINE)).unwrap();
    let mut proxy = Command::new(&world.binaries.proxy);
    let mut proxy = proxy.arg("--config").arg(&world.files.proxy_config).env("NOTIFY_SOCKET", &path).spawn().unwrap();
    let mut told = Vec::new();
    while told.len() < 3 {
        let mut bytes = [0; 1024];
        let count = notify.recv(&mut bytes).unwrap();
        told.push(String::from_utf8_lossy(&bytes[..count]).trim().to_owned());
    }
    proxy.kill().unwrap();
    proxy.wait().unwrap();
    assert_eq!(told[..2], ["READY=1", "STATUS=No TLS before there is a certificate: asking https://localhost:9/dir"]);
    let trouble = "STATUS=No certificate was got; there is none, and TLS is refused: the authority does not answer: ";
    assert!(told[2].starts_with(trouble), "{told:?}");
}
