//! A browser with Outlook on the web in it.

use crate::upstream::ANSWER;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::header::{CONTENT_TYPE, COOKIE, HOST, SET_COOKIE, USER_AGENT};
use hyper::{HeaderMap, Method, Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use postern_tests::tls;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpSocket;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::pki_types::ServerName;

/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(60);
/// Bytes of what a script sends.
const QUESTION: usize = 2 * 1024;
/// Browsers that come from one address: an office, and fewer than the front lets in from one.
const BROWSERS_PER_ADDRESS: usize = 250;
/// Where they come from: the address with number 0.
const ADDRESSES: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 0);
const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 \
                     Safari/537.36 Edg/140.0.0.0";
const LANDING: &str = "/owa/";
const POLL: &str = "/owa/ev.owa2?ns=PendingRequest&ev=PendingNotificationRequest&UA=0&cid=5a4cd6d8&X-OWA-CANARY=canary";
const QUESTION_TO: &str = "/owa/service.svc?action=FindConversation&EP=1&ID=-15&AC=1";

/// What is spoken inside TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

impl Protocol {
    /// What chooses it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Http1 => "http1",
            Self::Http2 => "http2",
        }
    }

    /// What people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        }
    }
}

/// What is needed to trust the candidates. Each connection makes a whole handshake, as in the morning.
pub(crate) fn trust(ca: &Path, protocol: Protocol) -> TlsConnector {
    let mut config = tls::client(ca).expect("the authority");
    config.resumption = Resumption::disabled();
    config.alpn_protocols = match protocol {
        Protocol::Http1 => vec![b"http/1.1".to_vec()],
        Protocol::Http2 => vec![b"h2".to_vec()],
    };
    TlsConnector::from(Arc::new(config))
}

/// Where a browser goes, and from where.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) tls: TlsConnector,
    pub(crate) port: u16,
    pub(crate) protocol: Protocol,
}

/// One connection of a browser, and the cookies that it has by now.
#[derive(Clone)]
pub(crate) struct Browser {
    send: Send,
    /// Scheme, host and port.
    origin: String,
    cookies: String,
}

#[derive(Clone)]
enum Send {
    /// One request at a time.
    Http1(Arc<Mutex<http1::SendRequest<Full<Bytes>>>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Browser {
    /// The browser with this number connects.
    pub(crate) async fn open(way: &Way, number: usize, cookies: String) -> io::Result<Self> {
        let opening = async {
            let socket = TcpSocket::new_v4()?;
            let address = u32::from(ADDRESSES) + u32::try_from(number / BROWSERS_PER_ADDRESS).expect("few addresses");
            socket.bind((Ipv4Addr::from(address), 0).into())?;
            let tcp = socket.connect((Ipv4Addr::LOCALHOST, way.port).into()).await?;
            tcp.set_nodelay(true)?;
            let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
            let stream = TokioIo::new(way.tls.connect(name, tcp).await?);
            let send = match way.protocol {
                Protocol::Http1 => {
                    let (send, connection) = http1::handshake(stream).await.map_err(io::Error::other)?;
                    tokio::spawn(connection);
                    Send::Http1(Arc::new(Mutex::new(send)))
                }
                Protocol::Http2 => {
                    let made = http2::handshake(TokioExecutor::new(), stream).await.map_err(io::Error::other)?;
                    let (send, connection) = made;
                    tokio::spawn(connection);
                    Send::Http2(send)
                }
            };
            Ok(Self { send, origin: format!("https://localhost:{}", way.port), cookies })
        };
        timeout(DEADLINE, opening).await?
    }

    /// From the form to the first page; the cookies that came of it.
    pub(crate) async fn sign_in(mut self, name: &str) -> io::Result<String> {
        let name = name.replace('@', "%40");
        let form = format!(
            "destination=https%3A%2F%2Flocalhost%2Fowa%2F&flags=4&forcedownlevel=0&username={name}\
             &password=knocks-twice&passwordText=&isUtf8=1"
        );
        let answer = self.send(Method::POST, "/owa/auth.owa", "application/x-www-form-urlencoded", form.into()).await?;
        self.remember(answer.headers());
        let led_to = answer.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
        if led_to != LANDING {
            return Err(io::Error::other(format!("{name} is answered {} and led to {led_to:?}", answer.status())));
        }
        whole(answer).await?;
        let answer = self.send(Method::GET, LANDING, "", Bytes::new()).await?;
        self.remember(answer.headers());
        whole(answer).await?;
        Ok(self.cookies)
    }

    fn remember(&mut self, headers: &HeaderMap) {
        let set = headers.get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
        for cookie in set {
            let between = if self.cookies.is_empty() { "" } else { "; " };
            self.cookies += &format!("{between}{cookie}");
        }
    }

    /// Waits for news: the content, of which the first piece has come.
    pub(crate) async fn poll(&self) -> io::Result<Incoming> {
        let mut answer = self.send(Method::GET, POLL, "", Bytes::new()).await?;
        if !answer.status().is_success() {
            return Err(io::Error::other(format!("a poll is answered {}", answer.status())));
        }
        let first = timeout(DEADLINE, answer.frame()).await?;
        first.ok_or(io::ErrorKind::UnexpectedEof)?.map_err(io::Error::other)?;
        Ok(answer.into_body())
    }

    /// What scripts ask for all the time.
    pub(crate) async fn ask(&self) -> io::Result<()> {
        static CONTENT: [u8; QUESTION] = [b'x'; QUESTION];
        let content = Bytes::from_static(&CONTENT);
        let answer = self.send(Method::POST, QUESTION_TO, "application/json; charset=utf-8", content).await?;
        let status = answer.status();
        match whole(answer).await? {
            length if length == ANSWER && status.is_success() => Ok(()),
            length => Err(io::Error::other(format!("a script is answered {status} with {length} bytes"))),
        }
    }

    async fn send(
        &self,
        method: Method,
        target: &str,
        content_type: &str,
        content: Bytes,
    ) -> io::Result<Response<Incoming>> {
        let request = Request::builder().header(USER_AGENT, AGENT).header("accept", "*/*");
        let mut request = request.header("accept-language", "en-GB,en;q=0.9").header("sec-fetch-site", "same-origin");
        if !self.cookies.is_empty() {
            request = request.header(COOKIE, &self.cookies);
        }
        if method == Method::POST {
            request = request.header(CONTENT_TYPE, content_type).header("origin", &self.origin);
            request = request.header("x-requested-with", "XMLHttpRequest").header("action", "FindConversation");
            request = request.header("x-owa-canary", "canary").header("x-owa-actionname", "FindConversation_Mail");
        }
        let (host, content) = (self.origin.trim_start_matches("https://"), Full::new(content));
        let request = request.method(method);
        let answer = async {
            match &self.send {
                Send::Http1(send) => {
                    let request = request.uri(target).header(HOST, host).body(content).expect("a request");
                    let mut send = send.lock().await;
                    send.ready().await?;
                    send.send_request(request).await
                }
                Send::Http2(send) => {
                    let request = request.uri(format!("{}{target}", self.origin)).version(Version::HTTP_2);
                    let mut send = send.clone();
                    send.ready().await?;
                    send.send_request(request.body(content).expect("a request")).await
                }
            }
        };
        timeout(DEADLINE, answer).await?.map_err(io::Error::other)
    }
}

/// Reads to the end: how many bytes came.
async fn whole(answer: Response<Incoming>) -> io::Result<usize> {
    let content = timeout(DEADLINE, answer.into_body().collect()).await?;
    Ok(content.map_err(io::Error::other)?.to_bytes().len())
}
