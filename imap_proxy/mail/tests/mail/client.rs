//! A mail app.

use crate::Front;
use crate::daemon::PATIENCE;
use postern_front::tls;
use rustls::pki_types::ServerName;
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// A connection from an address of this host.
pub(crate) async fn connect_from(source: [u8; 4], front: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((source, 0).into()).unwrap();
    socket.connect(front).await.unwrap()
}

/// A connection with TLS.
pub(crate) struct Client(BufStream<tokio_rustls::client::TlsStream<TcpStream>>);

impl Client {
    /// Its greeting has been read.
    pub(crate) async fn connect(front: &Front, source: [u8; 4]) -> Self {
        let tls = TlsConnector::from(tls::client_config(Some(&front.ca)).unwrap());
        let stream = connect_from(source, front.address).await;
        let stream = tls.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
        let mut client = Self(BufStream::new(stream));
        assert!(client.line().await.starts_with("* OK "));
        client
    }

    /// Sends a command.
    pub(crate) async fn send(&mut self, command: &str) {
        self.0.write_all(format!("{command}\r\n").as_bytes()).await.unwrap();
        self.0.flush().await.unwrap();
    }

    /// Sends a command that is answered in one line: OK.
    pub(crate) async fn ask(&mut self, command: &str) {
        self.send(command).await;
        let (answer, tag) = (self.line().await, &command[..2]);
        assert!(answer.starts_with(&format!("{tag}OK ")), "{answer}");
    }

    /// The next line.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = String::new();
        timeout(PATIENCE, self.0.read_line(&mut line)).await.expect("an answer").unwrap();
        line
    }
}
