//! A mail app: it signs in over TLS, asks, and leaves.

use postern_tests::mailboxes::Mailbox;
use postern_tests::tls;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::pki_types::ServerName;

/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// Bytes read at once: small, as thousands of these are idle at a time.
const BUFFER: usize = 2048;
/// Bytes of a message that are read at once.
const PIECE: usize = 64 * 1024;

/// What is needed to trust the candidates. Each connection makes a whole handshake, as an app does that was started
/// anew.
pub(crate) fn trust(ca: &Path) -> TlsConnector {
    let mut config = tls::client(ca).expect("the authority");
    config.resumption = Resumption::disabled();
    TlsConnector::from(Arc::new(config))
}

/// A session.
pub(crate) struct Client {
    stream: BufReader<TlsStream<TcpStream>>,
    line: String,
}

impl Client {
    /// From the first packet to the backend's `OK`.
    pub(crate) async fn sign_in(tls: &TlsConnector, port: u16, person: &Mailbox) -> io::Result<Self> {
        let signing_in = async {
            let tcp = TcpStream::connect(("127.0.0.1", port)).await?;
            tcp.set_nodelay(true)?;
            let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
            let stream = BufReader::with_capacity(BUFFER, tls.connect(name, tcp).await?);
            let mut client = Self { stream, line: String::new() };
            client.next_line().await?;
            client.ask(&format!("LOGIN \"{}\" \"{}\"", person.name, person.password)).await?;
            Ok(client)
        };
        timeout(DEADLINE, signing_in).await?
    }

    /// A command that succeeds.
    pub(crate) async fn ask(&mut self, command: &str) -> io::Result<()> {
        self.say(command).await?;
        self.finish().await
    }

    /// The message with this number: how many bytes it has.
    pub(crate) async fn fetch(&mut self, number: u32) -> io::Result<usize> {
        self.say(&format!("FETCH {number} BODY.PEEK[]")).await?;
        self.next_line().await?;
        let length = self.line.trim_end().strip_suffix('}').and_then(|line| line.rsplit('{').next()?.parse().ok());
        let length: usize = length.ok_or_else(|| io::Error::other(self.line.clone()))?;
        let (mut left, mut piece) = (length, vec![0; PIECE]);
        while left > 0 {
            match self.stream.read(&mut piece[..left.min(PIECE)]).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => left -= count,
            }
        }
        self.finish().await?;
        Ok(length)
    }

    /// Says goodbye, and waits until the other side has ended.
    pub(crate) async fn leave(mut self) -> io::Result<()> {
        self.ask("LOGOUT").await
    }

    async fn say(&mut self, command: &str) -> io::Result<()> {
        self.stream.write_all(format!("a {command}\r\n").as_bytes()).await?;
        self.stream.flush().await
    }

    async fn finish(&mut self) -> io::Result<()> {
        loop {
            self.next_line().await?;
            if let Some(outcome) = self.line.strip_prefix("a ") {
                return if outcome.starts_with("OK") { Ok(()) } else { Err(io::Error::other(self.line.clone())) };
            }
        }
    }

    async fn next_line(&mut self) -> io::Result<()> {
        self.line.clear();
        match timeout(DEADLINE, self.stream.read_line(&mut self.line)).await?? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}
