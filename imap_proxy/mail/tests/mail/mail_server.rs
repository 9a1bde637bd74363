//! A mail server that lets in who has the password `pw`, and is in no hurry with others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// The SASL message of alice@example.com with the right password, in base64.
const RIGHT: &str = "AGFsaWNlQGV4YW1wbGUuY29tAHB3";

/// The server; it lives as long as the test's runtime.
pub(crate) struct MailServer {
    /// Where it is.
    pub(crate) url: String,
    /// Sign-ins with wrong passwords that wait for its answer.
    pub(crate) pending: Arc<AtomicUsize>,
    /// Has it answer all of them.
    pub(crate) answer: Arc<Notify>,
}

/// Starts one.
pub(crate) async fn mail_server() -> MailServer {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("imap://{}", socket.local_addr().unwrap());
    let (pending, answer) = (Arc::<AtomicUsize>::default(), Arc::<Notify>::default());
    let server = MailServer { url, pending: Arc::clone(&pending), answer: Arc::clone(&answer) };
    tokio::spawn(async move {
        loop {
            let (stream, _) = socket.accept().await.unwrap();
            tokio::spawn(serve(stream, Arc::clone(&pending), Arc::clone(&answer)));
        }
    });
    server
}

async fn serve(stream: TcpStream, pending: Arc<AtomicUsize>, answer: Arc<Notify>) {
    let mut stream = BufStream::new(stream);
    stream.write_all(b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\r\n").await.unwrap();
    let mut line = String::new();
    while stream.flush().await.is_ok() && stream.read_line(&mut line).await.unwrap_or(0) > 0 {
        let tag = line.split(' ').next().unwrap().to_owned();
        let said = if line.contains("AUTHENTICATE") && !line.contains(RIGHT) {
            pending.fetch_add(1, Ordering::SeqCst);
            answer.notified().await;
            pending.fetch_sub(1, Ordering::SeqCst);
            format!("{tag} NO [AUTHENTICATIONFAILED] no\r\n")
        } else if line.contains("CAPABILITY") {
            format!("* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n")
        } else {
            format!("{tag} OK [CAPABILITY IMAP4rev1] done\r\n")
        };
        stream.write_all(said.as_bytes()).await.unwrap();
        line.clear();
    }
}
