//! Ten thousand who say nothing, and one who signs in.

use crate::Front;
use crate::daemon::{self, PATIENCE};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use postern_proxy::imap::{MAX_WAITING, MAX_WAITING_PER_ADDRESS, Security};
use postern_proxy::tls;
use rustls::pki_types::ServerName;
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Connections that say nothing.
const SILENT: usize = 10_000;
/// Files of the test's own.
const SPARE: usize = 256;

/// A mail server that lets everybody in and answers everything.
async fn mail_server() -> SocketAddr {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = socket.accept().await.unwrap();
            tokio::spawn(async move {
                let mut stream = BufStream::new(stream);
                stream.write_all(b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\r\n").await.unwrap();
                let mut line = String::new();
                while stream.flush().await.is_ok() && stream.read_line(&mut line).await.unwrap_or(0) > 0 {
                    let tag = line.split(' ').next().unwrap().to_owned();
                    stream.write_all(format!("{tag} OK [CAPABILITY IMAP4rev1] done\r\n").as_bytes()).await.unwrap();
                    line.clear();
                }
            });
        }
    });
    address
}

async fn connect_from(source: [u8; 4], front: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((source, 0).into()).unwrap();
    socket.connect(front).await.unwrap()
}

/// Somebody who is signed in.
struct Client(BufStream<tokio_rustls::client::TlsStream<TcpStream>>);

impl Client {
    async fn sign_in(front: &Front) -> Self {
        let tls = TlsConnector::from(tls::client_config(Some(&front.ca)).unwrap());
        let stream = TcpStream::connect(front.address).await.unwrap();
        let stream = tls.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
        let mut client = Self(BufStream::new(stream));
        assert!(client.line().await.starts_with("* OK "));
        client.ask("a LOGIN alice pw").await;
        client
    }

    async fn ask(&mut self, command: &str) {
        self.0.write_all(format!("{command}\r\n").as_bytes()).await.unwrap();
        self.0.flush().await.unwrap();
        let (answer, tag) = (self.line().await, &command[..2]);
        assert!(answer.starts_with(&format!("{tag}OK ")), "{answer}");
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        timeout(PATIENCE, self.0.read_line(&mut line)).await.expect("an answer").unwrap();
        line
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_silence_of_thousands_keeps_nobody_out() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    // Both ends of those who wait are in this process, and one end of those who were turned out.
    let room = usize::try_from(hard).unwrap().saturating_sub(MAX_WAITING + SPARE);
    assert!(room > 2 * MAX_WAITING, "this test takes more open files than {hard}; raise the hard limit (ulimit -Hn)");

    let daemon = daemon::Daemon::start();
    daemon.on("Ask", r#"{"verdict":"not_required","mailbox":"alice@example.com","standing":"s1"}"#);
    let backend = format!("imap://{}", mail_server().await);
    let front = Front::between(&daemon.socket(), &backend, Security::Tls);
    let mut early = Client::sign_in(&front).await;

    let mut silent = Vec::new();
    for number in 0..SILENT.min(room) {
        // No address has more than its share, so that it is the number of all that counts.
        let source = [127, 1, 0, 1 + u8::try_from(number / MAX_WAITING_PER_ADDRESS).unwrap()];
        silent.push(connect_from(source, front.address).await);
        if number % MAX_WAITING == 0 {
            Client::sign_in(&front).await.ask("b NOOP").await;
        }
    }
    Client::sign_in(&front).await.ask("b NOOP").await;
    early.ask("c NOOP").await;

    let (last, first) = (silent.pop().unwrap(), silent.first_mut().unwrap());
    assert_eq!(timeout(PATIENCE, first.read(&mut [0])).await.unwrap().unwrap_or(0), 0, "the oldest made room");
    assert_eq!(last.try_read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "the latest waits");
}
