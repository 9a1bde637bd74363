//! A client that sends any bytes.

use postern_tests::wait::DEADLINE;
use postern_tests::{World, tls};
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A connection.
pub(super) struct Client(BufStream<Box<dyn Stream>>);

impl Client {
    /// To the front, with TLS; its greeting has been read.
    pub(super) async fn open(world: &World) -> Self {
        Self::secure(world, world.imap_front.unwrap().imaps).await
    }

    /// Through a load balancer that says first who connects.
    pub(super) async fn behind(world: &World, header: &str) -> Self {
        let mut tcp = TcpStream::connect(("127.0.0.1", world.imap_front.unwrap().imaps)).await.unwrap();
        tcp.write_all(header.as_bytes()).await.unwrap();
        Self::greeted(Box::new(wrap(world, tcp).await)).await
    }

    /// To Dovecot itself.
    pub(super) async fn direct(world: &World) -> Self {
        Self::secure(world, world.imap_front.unwrap().backend).await
    }

    async fn secure(world: &World, port: u16) -> Self {
        let tcp = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        Self::greeted(Box::new(wrap(world, tcp).await)).await
    }

    /// To the front's other port, in the clear.
    pub(super) async fn in_the_clear(world: &World) -> Self {
        let tcp = TcpStream::connect(("127.0.0.1", world.imap_front.unwrap().starttls)).await.unwrap();
        Self::greeted(Box::new(tcp)).await
    }

    /// The same, with `behind` sent in one write with `STARTTLS`; then with TLS.
    pub(super) async fn start_tls(world: &World, behind: &str) -> Self {
        let mut tcp = TcpStream::connect(("127.0.0.1", world.imap_front.unwrap().starttls)).await.unwrap();
        read_up_to(&mut tcp, "ready\r\n").await;
        tcp.write_all(format!("s STARTTLS\r\n{behind}").as_bytes()).await.unwrap();
        read_up_to(&mut tcp, "s OK Begin TLS now\r\n").await;
        Self(BufStream::new(Box::new(wrap(world, tcp).await)))
    }

    async fn greeted(stream: Box<dyn Stream>) -> Self {
        let mut client = Self(BufStream::new(stream));
        let greeting = client.line().await;
        assert!(greeting.starts_with("* OK "), "{greeting}");
        client
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
        self.0.flush().await.unwrap();
    }

    /// The next line; empty at the end.
    pub(super) async fn line(&mut self) -> String {
        let mut line = Vec::new();
        timeout(DEADLINE, self.0.read_until(b'\n', &mut line)).await.expect("an answer").unwrap_or_default();
        String::from_utf8(line).unwrap()
    }

    /// Sends a command: the answer, up to the line with its tag, or the end.
    pub(super) async fn ask(&mut self, command: &str) -> String {
        self.send(format!("{command}\r\n").as_bytes()).await;
        self.answer(command.split(' ').next().unwrap()).await
    }

    /// The answer up to the line with this tag, or the end.
    pub(super) async fn answer(&mut self, tag: &str) -> String {
        let mut answer = String::new();
        loop {
            let line = self.line().await;
            answer += &line;
            if line.is_empty() || line.starts_with(&format!("{tag} ")) {
                return answer;
            }
        }
    }

    /// Selects INBOX, which has the mailbox's three messages.
    pub(super) async fn reads_inbox(&mut self, tag: &str) {
        let answer = self.ask(&format!("{tag} SELECT INBOX")).await;
        assert!(answer.contains("* 3 EXISTS"), "{answer}");
    }

    /// Sends a command that has to succeed.
    pub(super) async fn succeeds(&mut self, command: &str) {
        let (tag, answer) = (command.split(' ').next().unwrap(), self.ask(command).await);
        assert!(answer.contains(&format!("{tag} OK")), "{command}: {answer}");
    }

    /// Waits for news (RFC 2177).
    pub(super) async fn idles(&mut self, tag: &str) {
        self.send(format!("{tag} IDLE\r\n").as_bytes()).await;
        assert!(self.line().await.starts_with("+ "));
    }

    /// Appends a message to Drafts and fetches it again with the tag `d`, up to its first byte: its length.
    pub(super) async fn fetches_back(&mut self, message: &[u8]) -> usize {
        self.send(format!("b APPEND Drafts {{{}+}}\r\n", message.len()).as_bytes()).await;
        self.send(message).await;
        self.send(b"\r\n").await;
        assert!(self.answer("b").await.contains("b OK"));
        self.ask("c SELECT Drafts").await;
        self.send(b"d FETCH 1 BODY.PEEK[]\r\n").await;
        let head = self.line().await;
        head.split(['{', '}']).nth(1).unwrap().parse().unwrap()
    }

    /// The server says goodbye and closes the connection.
    pub(super) async fn is_ended(&mut self) {
        assert!(self.line().await.starts_with("* BYE ") && self.line().await.is_empty());
    }

    /// So many bytes.
    pub(super) async fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        timeout(DEADLINE, self.0.read_exact(&mut bytes)).await.expect("bytes").unwrap();
        bytes
    }
}

async fn read_up_to(stream: &mut TcpStream, end: &str) {
    let mut seen = Vec::new();
    while !seen.ends_with(end.as_bytes()) {
        seen.push(stream.read_u8().await.unwrap());
    }
}

async fn wrap(world: &World, tcp: TcpStream) -> impl Stream + use<> {
    let config = tls::client(&world.certificates.ca).unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap()
}
