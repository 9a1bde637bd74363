//! An imitation of a mail server that lets everybody in and keeps next to nothing for each session. It is this program
//! once more, as a process of its own, so that files and memory are counted apart.

use crate::candidate::Security;
use postern_tests::certificates::Certificates;
use postern_tests::ports;
use postern_tests::service::{Ready, Service};
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The word that has this program play the backend.
pub(crate) const ROLE: &str = "play-the-backend";
const CAPABILITIES: &str = "IMAP4rev1 SASL-IR LITERAL+ ID AUTH=PLAIN";
const BUFFER: usize = 1024;

/// Starts it on a port of its own.
pub(crate) fn start(directory: &Path, certificates: &Certificates, security: Security) -> (Service, u16) {
    let port = ports::free().expect("a port");
    let program = std::env::current_exe().expect("this program");
    let mut service = Service::new("imitation", program, Ready::Port(port), directory).arg(ROLE).arg(port.to_string());
    if security == Security::Tls {
        service = service.arg(&certificates.chain).arg(&certificates.key);
    }
    service.start().expect("a backend");
    (service, port)
}

/// Plays: a port, and with TLS the files of a certificate and its key.
pub(crate) fn run(words: &[String]) {
    let tls = match words {
        [_, chain, key] => Some(acceptor(Path::new(chain), Path::new(key))),
        _ => None,
    };
    let port: u16 = words[0].parse().expect("a port");
    Runtime::new().expect("threads").block_on(async {
        let socket = TcpListener::bind(("127.0.0.1", port)).await.expect("a free port");
        loop {
            let Ok((stream, _)) = socket.accept().await else { continue };
            tokio::spawn(welcome(stream, tls.clone()));
        }
    });
}

fn acceptor(chain: &Path, key: &Path) -> TlsAcceptor {
    let chain: Vec<_> = CertificateDer::pem_file_iter(chain).expect("a chain").map(|it| it.expect("PEM")).collect();
    let key = PrivateKeyDer::from_pem_file(key).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
    TlsAcceptor::from(Arc::new(config.with_single_cert(chain, key).expect("a pair")))
}

async fn welcome(stream: TcpStream, tls: Option<TlsAcceptor>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match tls {
        Some(tls) => serve(tls.accept(stream).await?).await,
        None => serve(stream).await,
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> io::Result<()> {
    let mut stream = BufReader::with_capacity(BUFFER, stream);
    stream.write_all(format!("* OK [CAPABILITY {CAPABILITIES}] ready\r\n").as_bytes()).await?;
    loop {
        let command = command(&mut stream).await?;
        let mut words = command.split(' ');
        let (tag, verb) = (words.next().unwrap_or_default(), words.next().unwrap_or_default().trim_end());
        match verb {
            "LOGIN" | "AUTHENTICATE" => {
                let said = format!("{tag} OK [CAPABILITY {CAPABILITIES}] in\r\n");
                stream.write_all(said.as_bytes()).await?;
            }
            "CAPABILITY" => {
                let said = format!("* CAPABILITY {CAPABILITIES}\r\n{tag} OK\r\n");
                stream.write_all(said.as_bytes()).await?;
            }
            "LOGOUT" => {
                stream.write_all(format!("* BYE\r\n{tag} OK\r\n").as_bytes()).await?;
                return stream.shutdown().await;
            }
            _ => stream.write_all(format!("{tag} OK\r\n").as_bytes()).await?,
        }
    }
}

/// The next command. None of the literals that arrive here has a line end in it.
async fn command<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>) -> io::Result<String> {
    let mut command = String::new();
    loop {
        if stream.read_line(&mut command).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match command.trim_end() {
            line if line.ends_with("+}") => {}
            line if line.ends_with('}') => stream.write_all(b"+ go on\r\n").await?,
            _ => return Ok(command),
        }
    }
}
