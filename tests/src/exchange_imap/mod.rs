//! An imitation of Exchange's IMAP service, which Debian cannot run: its replies, its behaviour and its limit. It
//! listens on loopback, holds two messages per mailbox, and records everything it receives.
//!
//! Its replies are those that Microsoft's servers were observed to send. Issues of these projects on GitHub have the
//! logs:
//!
//! | words | from |
//! |---|---|
//! | `GREETING` | jstedfast/MailKit 1494, postalsys/imapflow 314 |
//! | [`ON_PREMISES`], a bare `+`, `NO LOGIN failed.`, `NO AUTHENTICATE failed.` | jstedfast/MailKit 483 |
//! | [`ONLINE`], `BAD User is authenticated but not connected.` after `OK LOGIN completed.` | mscdex/node-imap 523 |
//! | `BEFORE_TLS`, `BAD Command received in Invalid state.` | flourishlib/flourish-classes 145 |
//! | `OK Begin TLS negotiation now.`, `NO Server Unavailable. 15` | jstedfast/MailKit 333 |
//! | the replies to SELECT and IDLE | smiley22/S22.Imap 57 |
//! | the replies to LOGOUT and to what it does not know | mxk/go-imap 11, mscdex/node-imap 44 |
//! | one connection too many gets the reply to a wrong password | deltachat/deltachat-desktop 1527 |

mod command;
mod session;
mod shared;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::certificates::Certificates;
use crate::mailboxes::Mailbox;
use crate::{During, Result};
use session::Session;
use shared::Shared;
pub use shared::{MAX_CONNECTIONS, Manner, Mood, NETBIOS, Transport};

/// The capabilities of Exchange 2013 to 2019.
pub const ON_PREMISES: &str =
    "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=NTLM AUTH=GSSAPI UIDPLUS MOVE ID CHILDREN IDLE NAMESPACE LITERAL+";
/// The capabilities of Exchange Online.
pub const ONLINE: &str = "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE \
                          NAMESPACE LITERAL+";
/// The capabilities of an Exchange without LOGIN. None was observed; but its bare `+` is reached only with such a one.
pub const ONLY_AUTHENTICATE: &str = "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=NTLM LOGINDISABLED UIDPLUS MOVE ID IDLE NAMESPACE";
/// The imitation, listening until it is dropped.
#[derive(Debug)]
pub struct ExchangeImap {
    shared: Arc<Shared>,
    port: u16,
    listening: AbortHandle,
}

impl ExchangeImap {
    /// Starts it, on a port of 127.0.0.1 that the kernel chooses.
    ///
    /// # Errors
    /// When the certificate is of no use, or nothing can listen.
    pub async fn start(manner: Manner, mailboxes: Vec<Mailbox>, certificates: &Certificates) -> Result<ExchangeImap> {
        let doing = "starting the imitation of Exchange";
        let socket = TcpListener::bind("127.0.0.1:0").await.during(doing)?;
        let port = socket.local_addr().during(doing)?.port();
        let (heard, connections) = (Mutex::default(), Mutex::default());
        let shared = Arc::new(Shared { manner, mailboxes, tls: tls(certificates)?, heard, connections });
        let listening = tokio::spawn(listen(socket, Arc::clone(&shared))).abort_handle();
        Ok(ExchangeImap { shared, port, listening })
    }

    /// Its URL, as a front's `backend`.
    pub fn url(&self) -> String {
        let scheme = match self.shared.manner.transport {
            Transport::Tls => "imaps",
            Transport::StartTls => "imap+starttls",
            Transport::Plain => "imap",
        };
        format!("{scheme}://localhost:{}", self.port)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Everything it received on all connections, after TLS was removed; base64 is also included decoded.
    pub fn heard(&self) -> String {
        let heard = self.shared.heard.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&heard).into_owned()
    }

    /// The number of connections of this mailbox.
    pub fn connections(&self, mailbox: &str) -> usize {
        self.shared.connections.lock().unwrap_or_else(PoisonError::into_inner).get(mailbox).copied().unwrap_or(0)
    }
}

impl Drop for ExchangeImap {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

fn tls(certificates: &Certificates) -> Result<TlsAcceptor> {
    let chain: std::result::Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(&certificates.chain).and_then(Iterator::collect);
    let chain = chain.during(certificates.chain.display())?;
    let key = PrivateKeyDer::from_pem_file(&certificates.key).during(certificates.key.display())?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().during("TLS")?.with_no_client_auth();
    Ok(TlsAcceptor::from(Arc::new(config.with_single_cert(chain, key).during("TLS")?)))
}

/// Serves clients; connections that are open when it ends are closed.
async fn listen(socket: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = socket.accept().await {
        connections.spawn(converse(Arc::clone(&shared), stream));
    }
}

async fn converse(shared: Arc<Shared>, stream: TcpStream) -> std::io::Result<()> {
    let stream = match shared.manner.transport {
        Transport::Plain => return Session::greet(shared, stream).await?.run().await.map(drop),
        Transport::Tls => {
            let stream = shared.tls.accept(stream).await?;
            return Session::greet(shared, stream).await?.run().await.map(drop);
        }
        Transport::StartTls => Session::greet(Arc::clone(&shared), stream).await?.before_tls().run().await?,
    };
    let Some(stream) = stream else { return Ok(()) };
    let stream = shared.tls.accept(stream).await?;
    Session::over(shared, stream).run().await.map(drop)
}
