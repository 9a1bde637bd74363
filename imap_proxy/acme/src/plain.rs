//! HTTP without TLS: the responses to HTTP-01 (RFC 8555, section 8.3), and redirects to HTTPS for everything else.

use super::answers::Answers;
use http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use http::{Request, Response, StatusCode, Uri};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use postern_front::connection_limits::{ConnectionLimits, Share};
use postern_front::rate_limited::rate_limited;
use postern_http::body::{self, Body};
use postern_process::accept::accept_until;
use postern_proxy_config::PublicUrl;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Maximum number of connections in total.
const MAX_CONNECTIONS: usize = 512;
/// Maximum number of connections from one IPv4 address; see [`Share::of_address`] for IPv6.
const MAX_PER_ADDRESS: usize = 64;
/// How long a connection, which is for one request, may last.
const LIFE: Duration = Duration::from_secs(10);
/// Maximum number of fields of a request's head.
const MAX_FIELDS: usize = 64;
/// Maximum length in bytes of a request's head.
const MAX_HEAD: usize = 8 * 1024;
/// The path where the authority requests responses.
const PREFIX: &str = "/.well-known/acme-challenge/";
/// The content type of a response.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain");

/// Serves clients until `stop` is done. `webmail` is where browsers are redirected to; none: nowhere.
pub(super) async fn serve(
    socket: TcpListener,
    answers: Answers,
    webmail: Option<PublicUrl>,
    stop: impl Future<Output = ()>,
) {
    let connection_limits = ConnectionLimits::new(MAX_CONNECTIONS);
    let shared = Arc::new((answers, webmail));
    let serve = |(stream, from): (TcpStream, SocketAddr)| {
        let permit = connection_limits.take(&Share::of_address(from.ip(), MAX_PER_ADDRESS))?;
        let shared = Arc::clone(&shared);
        Some(async move {
            let _permit = permit;
            // Errors are not reported here: any client can cause them.
            drop(timeout(LIFE, connection(stream, &shared.0, shared.1.as_ref())).await);
        })
    };
    let failed = |error: &io::Error| rate_limited!(warn, %error, "no connection can be accepted now");
    // Connections that are open when it stops are closed.
    drop(accept_until(socket, stop, failed, serve).await);
}

async fn connection(stream: TcpStream, answers: &Answers, webmail: Option<&PublicUrl>) -> hyper::Result<()> {
    let service = service_fn(|request: Request<_>| {
        let answer = answer(request.uri(), answers, webmail);
        drop::<Request<hyper::body::Incoming>>(request);
        async { Ok::<_, Infallible>(answer) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(LIFE).max_headers(MAX_FIELDS).max_buf_size(MAX_HEAD);
    builder.keep_alive(false).serve_connection(TokioIo::new(stream), service).await
}

fn answer(uri: &Uri, answers: &Answers, webmail: Option<&PublicUrl>) -> Response<Body> {
    let found = |status: StatusCode| {
        let mut answer = Response::new(body::empty());
        *answer.status_mut() = status;
        answer
    };
    if let Some(token) = uri.path().strip_prefix(PREFIX) {
        let Some(text) = answers.text(token) else { return found(StatusCode::NOT_FOUND) };
        let mut answer = Response::new(body::full(text));
        answer.headers_mut().insert(CONTENT_TYPE, TEXT);
        return answer;
    }
    // To the configured name, whatever host the request names.
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let place = webmail.and_then(|webmail| HeaderValue::try_from(format!("{}{path}", webmail.origin())).ok());
    match place.filter(|_| path.starts_with('/')) {
        Some(place) => {
            let mut answer = found(StatusCode::MOVED_PERMANENTLY);
            answer.headers_mut().insert(LOCATION, place);
            answer
        }
        None => found(StatusCode::NOT_FOUND),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_and_the_rest_is_led_away() {
        let answers = Answers::default();
        let asked = answers.open();
        asked.by_http("token", "token.thumb");
        let webmail = PublicUrl::try_from("https://webmail.example.com/".to_owned()).unwrap();
        let at = |path: &str, webmail: Option<&PublicUrl>| {
            let answer = answer(&path.parse().unwrap(), &answers, webmail);
            let place = answer.headers().get(LOCATION).map(|place| place.to_str().unwrap().to_owned());
            (answer.status().as_u16(), place.unwrap_or_default())
        };
        let here = Some(&webmail);
        assert_eq!(at("/.well-known/acme-challenge/token", here), (200, String::new()));
        assert_eq!(at("/.well-known/acme-challenge/other", here), (404, String::new()));
        assert_eq!(at("/a?b=c", here), (301, "https://webmail.example.com/a?b=c".to_owned()));
        assert_eq!(at("http://evil.example/a", here), (301, "https://webmail.example.com/a".to_owned()));
        assert_eq!(at("//evil.example", here), (301, "https://webmail.example.com//evil.example".to_owned()));
        assert_eq!(at("*", here).0, 404);
        assert_eq!(at("/a", None), (404, String::new()));
    }
}
