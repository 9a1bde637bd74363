//! An imitation of Outlook on the web that costs little, as a process of its own: it lets everybody in, knows them by
//! their cookie alone, and answers what scripts ask for with as many bytes as that usually has. What the answers look
//! like is from the imitation in `tests/src/exchange_web`, which keeps all it hears and is too slow for this.

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use postern_tests::ports;
use postern_tests::service::{Ready, Service};
use std::convert::Infallible;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// The word that has this program play it.
pub(crate) const ROLE: &str = "play-outlook";
/// Bytes of what a script is told.
pub(crate) const ANSWER: usize = 3 * 1024;
/// The cookies of a session, and how many characters they have: a key and a vector that RSA has enciphered, the rest
/// short.
const COOKIES: [(&str, usize); 5] =
    [("cadata", 300), ("cadataTTL", 24), ("cadataKey", 344), ("cadataIV", 344), ("cadataSig", 44)];
/// Between a name and what fills its cookie up.
const END_OF_NAME: char = '~';
const LOGIN_PAGE: &str = r#"<form><input type="hidden" name="destination" value="https://localhost/owa/"></form>"#;
/// What a poll begins with.
const STILL_THERE: &str = "<script></script>\r\n";

/// Starts it on a port of its own.
pub(crate) fn start(directory: &Path) -> (Service, u16) {
    let port = ports::free().expect("a port");
    let program = std::env::current_exe().expect("this program");
    let service = Service::new("outlook", program, Ready::Port(port), directory);
    let mut service = service.arg(ROLE).arg(port.to_string());
    service.start().expect("an upstream");
    (service, port)
}

/// Plays it on this port.
pub(crate) fn run(port: &str) {
    let port: u16 = port.parse().expect("a port");
    Runtime::new().expect("threads").block_on(async {
        let socket = TcpListener::bind(("127.0.0.1", port)).await.expect("a free port");
        loop {
            let Ok((stream, _)) = socket.accept().await else { continue };
            tokio::spawn(serve(stream));
        }
    });
}

async fn serve(stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    // It ends when the other side wants no more.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await;
}

async fn answer(request: Request<Incoming>) -> Result<Response<Answer>, hyper::Error> {
    let (asked, content) = request.into_parts();
    let content = content.collect().await?.to_bytes();
    let query = asked.uri.query().unwrap_or_default();
    let answer = Response::builder().header(CONTENT_TYPE, "text/html; charset=utf-8");
    let answer = match asked.uri.path() {
        "/owa/auth/logon.aspx" => answer.body(Answer::of(LOGIN_PAGE)),
        "/owa/auth.owa" => {
            let form = String::from_utf8_lossy(&content);
            let name = form.split('&').find_map(|field| field.strip_prefix("username=")).unwrap_or_default();
            let cookies = COOKIES.iter().map(|(cookie, length)| match *cookie {
                "cadata" => format!("{cookie}={:x<length$}; path=/; secure; HttpOnly", format!("{name}{END_OF_NAME}")),
                _ => format!("{cookie}={:x<length$}; path=/; secure; HttpOnly", ""),
            });
            let answer = answer.status(StatusCode::FOUND).header(LOCATION, "/owa/");
            cookies.fold(answer, |answer, cookie| answer.header(SET_COOKIE, cookie)).body(Answer::of(""))
        }
        "/owa/ev.owa2" => answer.body(Answer { piece: Some(STILL_THERE.into()), is_held: true }),
        "/owa/service.svc" if query.contains("GetOwaUserConfiguration") => {
            let cookies = asked.headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
            let name = cookies.flat_map(|line| line.split("; ")).find_map(|pair| pair.strip_prefix("cadata="));
            let name = name.and_then(|value| value.split(END_OF_NAME).next()).unwrap_or_default().replace("%40", "@");
            answer.body(Answer::of(format!(r#"{{"SessionSettings":{{"LogonEmailAddress":"{name}"}}}}"#)))
        }
        "/owa/service.svc" => answer.body(Answer::of("x".repeat(ANSWER))),
        _ => answer.header(SET_COOKIE, "X-OWA-CANARY=canary; path=/; secure").body(Answer::of("<title>Mail</title>")),
    };
    Ok(answer.expect("an answer"))
}

/// The content of an answer.
struct Answer {
    piece: Option<Bytes>,
    /// Whether more may come behind it, which here never does.
    is_held: bool,
}

impl Answer {
    fn of(text: impl Into<Bytes>) -> Self {
        let text = text.into();
        Self { piece: (!text.is_empty()).then_some(text), is_held: false }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.piece.take() {
            Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece)))),
            None if self.is_held => Poll::Pending,
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.piece.is_none() && !self.is_held
    }

    fn size_hint(&self) -> SizeHint {
        match self.is_held {
            true => SizeHint::default(),
            false => SizeHint::with_exact(self.piece.as_ref().map_or(0, |piece| piece.len() as u64)),
        }
    }
}
