//! A faulty receiver. It counts its clients, and records what they send.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

/// One step of an exchange.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// Sends this text.
    Say(&'static str),
    /// Reads until this text has arrived.
    Hear(&'static str),
    /// Resets the connection, so that data in transit is lost.
    Reset,
    /// Closes the connection; with TLS, without a close_notify.
    Leave,
    /// Sends data without end.
    Flood,
    /// Sends nothing more, and keeps the connection open.
    Hang,
}

/// The receiver; it runs as long as the test's runtime.
pub(crate) struct Faulty {
    pub(crate) port: u16,
    heard: Arc<Mutex<Vec<String>>>,
    hangs: Arc<Notify>,
}

impl Faulty {
    /// Starts one that follows the same steps with every client.
    pub(crate) async fn start(steps: impl Into<Arc<[Step]>>) -> Self {
        Self::behind(None, steps).await
    }

    /// Starts the same with TLS.
    pub(crate) async fn behind(tls: Option<TlsAcceptor>, steps: impl Into<Arc<[Step]>>) -> Self {
        let steps = steps.into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let faulty = Self { port, heard: Arc::default(), hangs: Arc::default() };
        let (heard, hangs) = (faulty.heard.clone(), faulty.hangs.clone());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let index = heard.lock().unwrap().len();
                heard.lock().unwrap().push(String::new());
                let (heard, hangs) = (heard.clone(), hangs.clone());
                let (tls, steps) = (tls.clone(), steps.clone());
                tokio::spawn(async move {
                    let reset = |stream: TcpStream| stream.set_zero_linger().unwrap();
                    match tls {
                        None => converse(stream, &steps, (index, heard), hangs, reset).await,
                        Some(tls) => {
                            let stream = tls.accept(stream).await.unwrap();
                            converse(stream, &steps, (index, heard), hangs, |stream| reset(stream.into_inner().0))
                                .await;
                        }
                    }
                });
            }
        });
        faulty
    }

    /// Returns what each client has sent.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// Waits until it hangs with a client; from then on the clock advances automatically, since nothing else is
    /// running.
    pub(crate) async fn let_time_pass(&self) {
        self.hangs.notified().await;
        tokio::time::pause();
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    steps: &[Step],
    (index, heard): (usize, Arc<Mutex<Vec<String>>>),
    hangs: Arc<Notify>,
    reset: impl FnOnce(S),
) {
    let mut buffer = [0; 1024];
    let mut seen = String::new();
    for step in steps {
        match step {
            Step::Say(text) => {
                stream.write_all(text.as_bytes()).await.unwrap();
                stream.flush().await.unwrap();
            }
            Step::Flood => while stream.write_all(&buffer).await.is_ok() {},
            Step::Reset => {
                reset(stream);
                return;
            }
            Step::Leave => return,
            Step::Hang => {
                hangs.notify_one();
                std::future::pending::<()>().await;
            }
            Step::Hear(wanted) => {
                while !seen.contains(wanted) {
                    let Ok(len @ 1..) = stream.read(&mut buffer).await else { return };
                    let said = String::from_utf8_lossy(&buffer[..len]);
                    seen.push_str(&said);
                    heard.lock().unwrap()[index].push_str(&said);
                }
                seen.clear();
            }
        }
    }
    // Until the other side closes the connection.
    while matches!(stream.read(&mut buffer).await, Ok(1..)) {}
}
