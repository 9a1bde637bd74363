//! The IMAP front on loopback: what takes a minute, without the minute, by a clock that runs ahead, and what takes
//! thousands of connections. The rest is tested against real servers, in `tests/tests/imap`.

mod client;
mod crowd;
#[path = "../../../webmail/tests/webmail/daemon.rs"]
#[expect(dead_code, reason = "the webmail's tests want more of it")]
mod daemon;
mod hostile;
mod mail_server;

use postern_front::daemon::Daemon;
use postern_front::socket::bind;
use postern_front::tls::Certificate;
use postern_mail::front::DEADLINE;
use postern_mail::imap::Imap;
use postern_mail::{self as mail, Backend, Security, Socket};
use postern_proxy_config::{self as config, BackendUrl, ImapTable};
use std::future::pending;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

/// A front without a backend, and where it listens.
struct Front {
    address: SocketAddr,
    /// The authority of its certificate.
    ca: PathBuf,
    _directory: TempDir,
}

impl Front {
    /// Without a daemon.
    fn alone(security: Security) -> Self {
        Self::between(Path::new("/nonexistent/nobody.sock"), "imap://127.0.0.1:1", security)
    }

    fn between(daemon: &Path, backend: &str, security: Security) -> Self {
        Self::with(daemon, backend, security, 100)
    }

    /// With so many sessions of a mailbox.
    fn with(daemon: &Path, backend: &str, security: Security, sessions: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let files =
            config::CertificateFiles { cert: directory.path().join("cert.pem"), key: directory.path().join("key.pem") };
        let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(&files.cert, signed.cert.pem()).unwrap();
        std::fs::write(&files.key, signed.signing_key.serialize_pem()).unwrap();
        let ca = files.cert.clone();
        let settings = config::Mail::before(BackendUrl::<ImapTable>::try_from(backend.to_owned()).unwrap().into());
        let max_sessions_per_mailbox = sessions.try_into().unwrap();
        let settings = config::Mail { backend_ca: Some(ca.clone()), max_sessions_per_mailbox, ..settings };
        let certificate = Certificate::load(files).unwrap();
        let (backend, daemon) = (Backend::new(&settings).unwrap(), Daemon::new(daemon.to_owned()));
        let front = mail::Front::new(Imap::new(&settings), &settings, &certificate, backend, daemon).unwrap();
        front.check_passwords();
        let socket = Socket::new(bind("127.0.0.1:0".parse().unwrap()).unwrap(), security);
        let address = socket.address().unwrap();
        tokio::spawn(socket.serve(front, pending()));
        Self { address, ca, _directory: directory }
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_disconnected_in_time() {
    for security in [Security::Clear, Security::Tls] {
        let front = Front::alone(security);
        let mut client = TcpStream::connect(front.address).await.unwrap();
        let began = Instant::now();
        let mut said = Vec::new();
        client.read_to_end(&mut said).await.unwrap();
        assert_eq!(said.is_empty(), security == Security::Tls);
        assert!(began.elapsed() <= DEADLINE + Duration::from_secs(1), "{:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn nor_does_it_help_to_say_a_little_now_and_then() {
    let front = Front::alone(Security::Clear);
    let (mut from, mut to) = TcpStream::connect(front.address).await.unwrap().into_split();
    let began = Instant::now();
    tokio::spawn(async move {
        while to.write_all(b"a NOOP\r\n").await.is_ok() {
            sleep(Duration::from_secs(9)).await;
        }
    });
    let mut said = Vec::new();
    // What is said behind the end resets the connection.
    let _ = from.read_to_end(&mut said).await;
    assert!((DEADLINE..DEADLINE * 2).contains(&began.elapsed()), "{:?}", began.elapsed());
    assert!(said.ends_with(b"a OK Done\r\n") && said.len() > 100);
}
