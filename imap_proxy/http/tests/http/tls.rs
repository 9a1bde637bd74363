use crate::authority::{Authority, localhost};
use crate::setting::Front;
use http::Response;
use postern_front::tls::ACME_TLS;
use postern_front::tls::{Certificate, LOOK_EVERY, TlsError};
use postern_http::body;
use postern_http::listener::{Listener, bind};
use rustls::version::{TLS12, TLS13};
use rustls::{ProtocolVersion, ServerConfig, SupportedProtocolVersion};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};

async fn hello(_: http::Request<hyper::body::Incoming>, _: postern_http::listener::Peer) -> Response<body::Body> {
    Response::new(body::full("hello"))
}

/// The certificate that a new connection is shown.
async fn shown(front: &Front, versions: &[&'static SupportedProtocolVersion]) -> (ProtocolVersion, Vec<u8>) {
    let stream = TcpStream::connect(front.address).await.unwrap();
    let stream = front.authority.client(&[], versions).connect(localhost(), stream).await.unwrap();
    let session = stream.get_ref().1;
    (session.protocol_version().unwrap(), session.peer_certificates().unwrap()[0].to_vec())
}

#[tokio::test]
async fn both_versions_are_spoken() {
    let front = Front::start(hello);
    assert_eq!(shown(&front, &[&TLS12]).await.0, ProtocolVersion::TLSv1_2);
    assert_eq!(shown(&front, &[&TLS13]).await.0, ProtocolVersion::TLSv1_3);
}

#[tokio::test]
async fn a_new_certificate_is_shown_to_new_connections_and_old_ones_go_on() {
    let front = Front::start(hello);
    let mut old = front.connect().await;
    let before = shown(&front, &[&TLS13]).await.1;
    front.authority.sign();
    front.certificate.reload().unwrap();
    let after = shown(&front, &[&TLS13]).await.1;
    assert_ne!(before, after);
    old.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    old.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("hello"));

    // One that is of no use changes nothing.
    std::fs::write(front.authority.dir.path().join("cert.pem"), "-----BEGIN CERTIFICATE-----\nnonsense").unwrap();
    assert!(front.certificate.reload().is_err());
    assert_eq!(shown(&front, &[&TLS13]).await.1, after);
}

/// RFC 8737, section 3: whoever wants to see a certificate gets to see it.
#[tokio::test]
async fn an_authority_gets_a_handshake_and_nothing_behind_it() {
    let authority = Authority::new();
    let mut tls = ServerConfig::clone(&*Certificate::load(authority.sign()).unwrap().server_config().unwrap());
    tls.alpn_protocols.push(ACME_TLS.to_vec());
    let listener = Listener::new(bind("127.0.0.1:0".parse().unwrap()).unwrap(), Arc::new(tls), Vec::new());
    let address = listener.address().unwrap();
    tokio::spawn(listener.serve(hello, std::future::pending()));
    for (protocol, expected) in [(ACME_TLS, false), (b"http/1.1", true)] {
        let stream = TcpStream::connect(address).await.unwrap();
        let mut stream = authority.client(&[protocol], &[&TLS13]).connect(localhost(), stream).await.unwrap();
        // The end may be here before what is said.
        drop(stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await);
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer).await);
        assert_eq!(answer.ends_with(b"hello"), expected, "{protocol:?}");
        assert_eq!(answer.is_empty(), !expected);
    }
}

/// While there is none, nobody is let in; then everybody, on listeners that there are.
#[tokio::test]
async fn a_certificate_may_be_still_to_come() {
    let authority = Authority::new();
    let files = authority.sign();
    let certificate = Certificate::awaited(files.clone());
    let tls = certificate.server_config().unwrap();
    let listener = Listener::new(bind("127.0.0.1:0".parse().unwrap()).unwrap(), tls, Vec::new());
    let address = listener.address().unwrap();
    tokio::spawn(listener.serve(hello, std::future::pending()));
    for versions in [&[&TLS12], &[&TLS13]] {
        let connect = async || {
            let stream = TcpStream::connect(address).await.unwrap();
            authority.client(&[], versions).connect(localhost(), stream).await
        };
        assert!(connect().await.unwrap_err().to_string().contains("AccessDenied"));
    }
    certificate.reload().unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    authority.client(&[], &[&TLS13]).connect(localhost(), stream).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_files_are_followed() {
    let authority = Authority::new();
    let certificate = Certificate::load(authority.sign()).unwrap();
    let fingerprint =
        |certificate: &Arc<Certificate>| certificate.current().unwrap().end_entity_cert().unwrap().to_vec();
    let before = fingerprint(&certificate);
    tokio::spawn(Arc::clone(&certificate).follow(signal(SignalKind::hangup()).unwrap()));
    let look = || tokio::time::sleep(LOOK_EVERY + Duration::from_millis(1));
    look().await;
    let files = authority.sign();
    // Seen once, then seen to rest.
    look().await;
    look().await;
    let renewed = fingerprint(&certificate);
    assert_ne!(renewed, before);
    // The key's file alone is half of a renewal: the old pair stays, and the whole of it is taken up later.
    let cert = std::fs::read(&files.cert).unwrap();
    authority.sign();
    std::fs::write(&files.cert, cert).unwrap();
    for _ in 0..4 {
        look().await;
    }
    assert_eq!(fingerprint(&certificate), renewed);
    authority.sign();
    for _ in 0..2 {
        look().await;
    }
    assert_ne!(fingerprint(&certificate), renewed);
}

#[test]
fn what_is_wrong_with_a_certificate_is_said() {
    let authority = Authority::new();
    let files = authority.sign();
    let told = || Certificate::load(files.clone()).unwrap_err().to_string();
    let key = std::fs::read_to_string(&files.key).unwrap();
    std::fs::write(&files.key, key.replace("END", "ENT")).unwrap();
    assert!(told().contains("key.pem: no private key can be read: it is damaged"), "{}", told());
    std::fs::write(&files.key, "").unwrap();
    assert!(told().contains("key.pem: no private key can be read: there is no PEM block"), "{}", told());
    let p521 = ["ecparam", "-name", "secp521r1", "-genkey", "-noout", "-out"];
    assert!(std::process::Command::new("openssl").args(p521).arg(&files.key).status().unwrap().success());
    assert!(
        told().contains("key.pem: the private key cannot be used: it is a key for ECDSA on the curve P-521"),
        "{}",
        told()
    );
    std::fs::remove_file(&files.key).unwrap();
    assert!(told().contains("key.pem: no private key can be read: No such file"), "{}", told());
    let (cert, _) = (std::fs::read(&files.cert).unwrap(), authority.sign());
    std::fs::write(&files.cert, cert).unwrap();
    assert!(told().contains("do not go together"), "{}", told());
    assert!(matches!(Certificate::load(files.clone()), Err(TlsError::Pair { .. })));
    std::fs::remove_file(&files.cert).unwrap();
    assert!(told().contains("cert.pem: no certificate can be read: No such file"), "{}", told());
}
