//! A webmail that behaves as Roundcube was seen to, as far as a front can tell, and writes down all it receives.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use postern_http::body::{self, BoxError};
use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::daemon::PATIENCE;

type Answer = Response<UnsyncBoxBody<Bytes, BoxError>>;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// The webmail.
pub(crate) struct Webmail {
    pub(crate) address: SocketAddr,
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    seen: watch::Sender<Vec<Seen>>,
    /// Session to name.
    sessions: Mutex<HashMap<String, String>>,
    /// What the mail page shows in place of the name that was typed.
    shows: Mutex<Option<String>>,
    passwords: Mutex<Vec<String>>,
    /// What is answered in place of everything, as it is.
    raw: Arc<Mutex<Option<&'static [u8]>>>,
}

impl Webmail {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Inner::default());
        inner.passwords.lock().unwrap().push("right".to_owned());
        let served = Arc::clone(&inner);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let inner = Arc::clone(&served);
                let service = service_fn(move |request| {
                    let inner = Arc::clone(&inner);
                    async move { Ok::<_, Infallible>(inner.answer(request).await) }
                });
                let stream = Replaced { stream, raw: Arc::clone(&served.raw) };
                let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection.with_upgrades());
            }
        });
        Self { address, inner }
    }

    /// All it has received, as request lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.inner.seen.borrow().clone()
    }

    /// Forgets what it has received.
    pub(crate) fn forget(&self) {
        self.inner.seen.send_modify(Vec::clear);
    }

    /// Waits for a request whose line contains `part`.
    pub(crate) async fn received(&self, part: &str) -> Seen {
        let mut seen = self.inner.seen.subscribe();
        let found = |all: &Vec<Seen>| all.iter().any(|seen| seen.line.contains(part));
        let all = timeout(PATIENCE, seen.wait_for(found)).await.unwrap().unwrap().clone();
        all.into_iter().find(|seen| seen.line.contains(part)).unwrap()
    }

    /// What the mail page shows, whatever was typed.
    pub(crate) fn show_name(&self, name: &str) {
        *self.inner.shows.lock().unwrap() = Some(name.to_owned());
    }

    /// Answers these bytes to everything.
    pub(crate) fn say(&self, bytes: Option<&'static [u8]>) {
        *self.inner.raw.lock().unwrap() = bytes;
    }

    /// The password is another from now on.
    pub(crate) fn change_password(&self, password: &str) {
        *self.inner.passwords.lock().unwrap() = vec![password.to_owned()];
    }
}

impl Inner {
    async fn answer(self: Arc<Self>, mut request: Request<Incoming>) -> Answer {
        let upgrade = request.headers().contains_key(header::UPGRADE).then(|| hyper::upgrade::on(&mut request));
        let (head, content) = request.into_parts();
        let content = String::from_utf8_lossy(&content.collect().await.unwrap().to_bytes()).into_owned();
        let line = format!("{} {}", head.method, head.uri);
        self.seen.send_modify(|seen| {
            seen.push(Seen { line, headers: head.headers.clone(), body: content.clone() });
        });
        let cookie = |name: &str| {
            let all = head.headers.get(header::COOKIE)?.to_str().ok()?;
            all.split("; ").filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name).map(|pair| pair.1)
        };
        let session = cookie("roundcube_sessid").filter(|_| cookie("roundcube_sessauth").is_some());
        let name = session.and_then(|session| self.sessions.lock().unwrap().get(session).cloned());
        let query = head.uri.query().unwrap_or_default();
        if head.uri.path().starts_with("/skins/") {
            return page(StatusCode::OK, &[("content-type", "text/css"), ("set-cookie", "tracker=1")], "body {}");
        }
        if head.method == Method::POST && content.contains("_action=login") {
            return self.login(&content, cookie("roundcube_sessid"));
        }
        let Some(name) = name else {
            let fresh = format!("roundcube_sessid=anonymous{}; path=/; HttpOnly", self.seen.borrow().len());
            return page(
                StatusCode::OK,
                &[("set-cookie", &fresh), ("content-type", "text/html; charset=UTF-8"), NO_REFERRER, CACHED],
                LOGIN_PAGE,
            );
        };
        if let Some(upgrade) = upgrade {
            tokio::spawn(async move {
                let (mut from, mut to) = split(TokioIo::new(upgrade.await.unwrap()));
                let _ = copy(&mut from, &mut to).await;
            });
            return page(StatusCode::SWITCHING_PROTOCOLS, &[("connection", "upgrade"), ("upgrade", "websocket")], "");
        }
        let html = ("content-type", "text/html; charset=UTF-8");
        match query {
            "_task=mail&_action=wait" => std::future::pending().await,
            "_task=mail&_action=endless" => Response::new(Endless(false).boxed_unsync()),
            "_task=mail&_action=renew" => {
                page(StatusCode::OK, &[html, ("set-cookie", "roundcube_sessauth=renewed; path=/; HttpOnly")], "renewed")
            }
            "_task=mail&_action=become" => {
                let set = [html, ("set-cookie", DELETE), ("set-cookie", "roundcube_sessid=other; path=/; HttpOnly")];
                page(StatusCode::OK, &set, "mail of somebody else")
            }
            "_task=mail&_action=expire" => page(StatusCode::OK, &[html, ("set-cookie", DELETE)], LOGIN_PAGE),
            _ if query.starts_with("_task=logout&_token=secret") => {
                page(StatusCode::OK, &[html, ("set-cookie", DELETE), NO_REFERRER, CACHED], LOGIN_PAGE)
            }
            _ => {
                let shown = self.shows.lock().unwrap().clone().unwrap_or(name);
                let text = format!("<span class=\"header-title username\">{shown}</span> mailbox");
                page(StatusCode::OK, &[html, ("server", "x"), ("set-cookie", "extra=1; path=/")], &text)
            }
        }
    }

    fn login(&self, content: &str, session: Option<&str>) -> Answer {
        let field = |name: &str| {
            let value = content.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
            Some(value.replace("%40", "@"))
        };
        let known = self.passwords.lock().unwrap().iter().any(|known| field("_pass").as_ref() == Some(known));
        let anonymous = session.is_some_and(|session| session.starts_with("anonymous"));
        if !known || !anonymous || field("_token").as_deref() != Some("token") {
            let headers = [("content-type", "text/html; charset=UTF-8"), ("set-cookie", DELETE), NO_REFERRER, CACHED];
            return page(StatusCode::UNAUTHORIZED, &headers, "<body class=\"task-login\">Login failed.");
        }
        let mut sessions = self.sessions.lock().unwrap();
        let id = format!("live{}", sessions.len());
        sessions.insert(id.clone(), field("_user").unwrap());
        let new = format!("roundcube_sessid={id}; path=/; HttpOnly");
        let headers = [
            ("set-cookie", DELETE),
            ("set-cookie", new.as_str()),
            ("set-cookie", "roundcube_sessauth=proof-1; path=/; HttpOnly"),
            ("location", "/?_task=mail&_token=secret"),
        ];
        page(StatusCode::FOUND, &headers, "")
    }
}

const NO_REFERRER: (&str, &str) = ("referrer-policy", "no-referrer");
const CACHED: (&str, &str) = ("cache-control", "private");
const DELETE: &str = "roundcube_sessauth=-del-; expires=Sun, 22 Nov 2020 00:04:46 GMT; Max-Age=0; path=/; HttpOnly";
const LOGIN_PAGE: &str =
    "<body class=\"task-login\"><form><input type=\"hidden\" name=\"_token\" value=\"token\"></form>";

fn page(status: StatusCode, headers: &[(&str, &str)], text: &str) -> Answer {
    let mut builder = Response::builder().status(status);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(body::full(text.to_owned())).unwrap()
}

/// One piece, and then nothing, for ever.
struct Endless(bool);

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Pending;
        }
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"piece")))))
    }
}

/// A connection on which other bytes may leave than were written.
struct Replaced {
    stream: TcpStream,
    raw: Arc<Mutex<Option<&'static [u8]>>>,
}

impl AsyncRead for Replaced {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Replaced {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let raw = *self.raw.lock().unwrap();
        let Some(raw) = raw else { return Pin::new(&mut self.stream).poll_write(cx, bytes) };
        // Few enough to be taken at once.
        Pin::new(&mut self.stream).poll_write(cx, raw).map_ok(|_| bytes.len())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
