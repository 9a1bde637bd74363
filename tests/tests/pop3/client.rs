//! A client that sends any bytes.

use postern_tests::wait::DEADLINE;
use postern_tests::{World, tls};
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

/// A connection to the front with TLS.
pub(super) struct Client(BufStream<TlsStream<TcpStream>>);

impl Client {
    /// Connects, and reads the greeting.
    pub(super) async fn open(world: &World) -> Self {
        let tcp = TcpStream::connect(("127.0.0.1", world.pop3_front.unwrap().pop3s)).await.unwrap();
        let mut client = Self(BufStream::new(wrap(world, tcp).await));
        assert_eq!(client.line().await, "+OK Postern is ready\r\n");
        client
    }

    /// Connects without TLS, and sends `behind` in one write with `STLS`; then with TLS.
    pub(super) async fn start_tls(world: &World, behind: &str) -> Self {
        let mut tcp = TcpStream::connect(("127.0.0.1", world.pop3_front.unwrap().starttls)).await.unwrap();
        for (sent, expected) in [("", "+OK Postern is ready\r\n"), ("STLS\r\n", "+OK Begin TLS now\r\n")] {
            let behind = if sent.is_empty() { "" } else { behind };
            tcp.write_all(format!("{sent}{behind}").as_bytes()).await.unwrap();
            let mut heard = vec![0; expected.len()];
            timeout(DEADLINE, tcp.read_exact(&mut heard)).await.unwrap().unwrap();
            assert_eq!(String::from_utf8(heard).unwrap(), expected);
        }
        Self(BufStream::new(wrap(world, tcp).await))
    }

    /// Sends bytes.
    pub(super) async fn send(&mut self, bytes: &str) {
        self.0.write_all(bytes.as_bytes()).await.unwrap();
        self.0.flush().await.unwrap();
    }

    /// Reads a line.
    pub(super) async fn line(&mut self) -> String {
        let mut line = String::new();
        timeout(DEADLINE, self.0.read_line(&mut line)).await.unwrap().unwrap();
        line
    }

    /// Sends a command, and reads one line.
    pub(super) async fn ask(&mut self, command: &str) -> String {
        self.send(&format!("{command}\r\n")).await;
        self.line().await
    }

    /// Signs in with USER and PASS; returns the answer to PASS.
    pub(super) async fn sign_in(&mut self, name: &str, password: &str) -> String {
        assert_eq!(self.ask(&format!("USER {name}")).await, "+OK\r\n", "the same for every name");
        self.ask(&format!("PASS {password}")).await
    }

    /// Reads a reply of several lines up to its end.
    pub(super) async fn list(&mut self, command: &str) -> Vec<String> {
        let mut lines = vec![self.ask(command).await];
        while lines.last().unwrap() != ".\r\n" {
            lines.push(self.line().await);
        }
        lines
    }

    /// Waits until the front has ended the connection.
    pub(super) async fn is_ended(&mut self) {
        let mut rest = Vec::new();
        // A connection may end without TLS's close_notify.
        drop(timeout(DEADLINE, self.0.read_to_end(&mut rest)).await.expect("it is still open"));
        assert!(rest.is_empty(), "{}", rest.escape_ascii());
    }
}

async fn wrap(world: &World, tcp: TcpStream) -> TlsStream<TcpStream> {
    let config = tls::client(&world.certificates.ca).unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap()
}
