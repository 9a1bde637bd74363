use crate::authority::Authority;
use crate::setting::{Front, webmail};
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use postern_front::tls::Certificate;
use postern_http::body::{self, Body, BoxError};
use postern_http::upstream::{self, Content, Upstream, UpstreamError};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, split};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

/// A webmail of the test's own; how many connections it has seen.
async fn start<S, F>(service: S) -> (SocketAddr, Arc<AtomicUsize>)
where
    S: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(serve(stream, service.clone()));
        }
    });
    (address, connections)
}

async fn serve<I, S, F>(io: I, service: S)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<Body>>,
{
    let service = service_fn(|request| {
        let answer = service(request);
        async { Ok::<_, Infallible>(answer.await) }
    });
    let _ = http1::Builder::new().serve_connection(TokioIo::new(io), service).with_upgrades().await;
}

/// Answers with what the request said, each header in a line.
async fn repeat(request: Request<Incoming>) -> Response<Body> {
    let mut told = format!("{} {} {:?}\n", request.method(), request.uri(), request.version());
    let mut lines: Vec<String> =
        request.headers().iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap())).collect();
    lines.sort();
    told.extend(lines);
    Response::builder().header("keep-alive", "timeout=5").header("x-kept", "1").body(body::full(told)).unwrap()
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(body::empty()).unwrap()
}

async fn text(answer: Response<Content>) -> String {
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn the_webmail_is_told_who_asks_and_nothing_else() {
    let (address, _) = start(repeat).await;
    let upstream = Upstream::new(&webmail(&format!("http://{address}/mail/"), None)).unwrap();
    let mut request = get("/?_task=mail&_mbox=INBOX");
    for (name, value) in [
        ("host", "evil.example"),
        ("x-forwarded-for", "10.0.0.1"),
        ("x-forwarded-host", "evil.example"),
        ("connection", "x-forwarded-for, x-secret"),
        ("x-secret", "1"),
        ("transfer-encoding", "chunked"),
        ("te", "trailers"),
        ("upgrade", "h2c"),
        ("accept", "*/*"),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let answer = upstream.send(request, "192.0.2.7".parse().unwrap()).await.unwrap();
    assert_eq!(answer.headers().get("x-kept").unwrap(), "1");
    assert!(!answer.headers().contains_key("keep-alive"));
    assert_eq!(
        text(answer).await,
        "GET /mail/?_task=mail&_mbox=INBOX HTTP/1.1\naccept: */*\nhost: webmail.example.com\n\
         x-forwarded-for: 192.0.2.7\nx-forwarded-host: webmail.example.com\nx-forwarded-proto: https\n"
    );
}

/// Sends a request for a browser at each of these addresses; what became of them.
async fn sent_from(
    upstream: Upstream,
    clients: impl Iterator<Item = u8>,
) -> Vec<Result<Response<Content>, UpstreamError>> {
    let mut outcomes = Vec::new();
    for client in clients {
        outcomes.push(upstream.send(get("/"), [192, 0, 2, client].into()).await);
    }
    outcomes
}

#[tokio::test]
async fn visitors_leave_room_for_sessions_and_for_each_other() {
    let (address, _) = start(|_| async { Response::new(Unended.boxed_unsync()) }).await;
    let (max, max_of_one) = upstream::MAX_RUNNING_FOR_VISITORS;
    let sessions = Upstream::new(&webmail(&format!("http://{address}/"), None)).unwrap();
    let visitors = sessions.for_visitors();
    let full = |outcomes: &[Result<_, _>]| outcomes.iter().filter(|o| matches!(o, Err(UpstreamError::Full))).count();
    let mut held = sent_from(visitors.clone(), (0..=max_of_one).map(|_| 1)).await;
    assert_eq!((full(&held), held.len()), (1, max_of_one + 1));
    held.extend(sent_from(visitors.clone(), (max_of_one..max).map(|client| client as u8)).await);
    assert_eq!(full(&held), 1);
    assert_eq!(full(&sent_from(visitors.clone(), 200..201).await), 1);
    assert_eq!(full(&sent_from(sessions, 1..2).await), 0);
    // An answer that is dropped gives its place back.
    drop(held);
    assert_eq!(full(&sent_from(visitors, 200..201).await), 0);
}

/// Logins take as long as the mail server does.
#[tokio::test]
async fn slow_logins_from_a_few_addresses_stop_neither_pages_nor_others_logins() {
    let (address, _) = start(|_| async { Response::new(Unended.boxed_unsync()) }).await;
    let upstream = Upstream::new(&webmail(&format!("http://{address}/"), None)).unwrap();
    let (logins, pages) = (upstream.for_logins(), upstream.for_visitors());
    let (_, max_of_one) = upstream::MAX_RUNNING_FOR_LOGINS;
    let mut held = Vec::new();
    for client in 1..=4 {
        held.extend(sent_from(logins.clone(), (0..max_of_one).map(|_| client)).await);
    }
    assert!(held.iter().all(Result::is_ok));
    let stranger = || sent_from(logins.clone(), 5..6);
    assert!(stranger().await[0].is_ok() && sent_from(pages, 5..6).await[0].is_ok());
    // However many there are who take all they can, the next one finds a place.
    for client in 10..20 {
        let more = async {
            while let Ok(answer) = logins.send(get("/"), [192, 0, 2, client].into()).await {
                held.push(Ok(answer));
            }
        };
        // Whoever has their share waits for more.
        drop(tokio::time::timeout(std::time::Duration::from_millis(200), more).await);
    }
    assert!(stranger().await[0].is_ok(), "{} are held", held.len());
}

/// Never goes on.
struct Unended;

impl hyper::body::Body for Unended {
    type Data = bytes::Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<bytes::Bytes>, BoxError>>> {
        Poll::Pending
    }
}

#[tokio::test]
async fn an_answer_that_has_come_holds_nothing_although_nobody_takes_it() {
    let (address, connections) = start(repeat).await;
    let upstream = Upstream::new(&webmail(&format!("http://{address}/"), None)).unwrap().for_visitors();
    let mut held = Vec::new();
    for _ in 0..=upstream::MAX_RUNNING_FOR_VISITORS.1 {
        let mut answer = upstream.send(get("/"), address.ip()).await.unwrap();
        assert!(answer.frame().await.is_some());
        held.push(answer);
    }
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn trailers_of_an_answer_end_with_its_content() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        for _ in 0..2 {
            let _ = stream.read(&mut [0; 1024]).await;
            let answer =
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nSet-Cookie: a=b\r\n\r\n";
            let _ = stream.write_all(answer).await;
        }
    });
    let upstream = Upstream::new(&webmail(&format!("http://{address}/"), None)).unwrap();
    for _ in 0..2 {
        let answer = upstream.send(get("/"), address.ip()).await.unwrap().into_body().collect().await.unwrap();
        assert!(answer.trailers().is_none());
        assert_eq!(answer.to_bytes(), "ok");
    }
}

#[tokio::test]
async fn connections_are_kept_alive() {
    let (address, connections) = start(repeat).await;
    let upstream = Upstream::new(&webmail(&format!("http://{address}/"), None)).unwrap();
    for _ in 0..20 {
        text(upstream.send(get("/"), address.ip()).await.unwrap()).await;
    }
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_not_used() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        // Says nothing of it, answers once, and hangs up.
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        }
    });
    let upstream = Upstream::new(&webmail(&format!("http://{address}/"), None)).unwrap();
    for _ in 0..50 {
        assert_eq!(text(upstream.send(get("/"), address.ip()).await.unwrap()).await, "ok");
    }
}

#[tokio::test]
async fn dropping_an_answer_closes_the_connection() {
    let (began, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    struct Ends(Arc<Notify>);
    impl Drop for Ends {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let (begins, ends) = (Arc::clone(&began), Arc::clone(&ended));
    let (address, _) = start(move |_| {
        let (began, ends) = (Arc::clone(&begins), Ends(Arc::clone(&ends)));
        async move {
            began.notify_one();
            std::future::pending::<()>().await;
            drop(ends);
            Response::new(body::empty())
        }
    })
    .await;
    let upstream = Upstream::new(&webmail(&format!("http://{address}/"), None)).unwrap();
    let poll = tokio::spawn(async move { drop(upstream.send(get("/"), address.ip()).await) });
    began.notified().await;
    poll.abort();
    ended.notified().await;
}

#[tokio::test]
async fn nobody_there_is_an_error_that_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let upstream = Upstream::new(&webmail(&format!("http://{address}/"), None)).unwrap();
    let error = upstream.send(get("/"), address.ip()).await.unwrap_err();
    assert!(error.to_string().contains("Connection refused"), "{error}");
}

#[tokio::test]
async fn https_is_spoken_with_the_authority_that_is_configured() {
    let authority = Authority::new();
    let certificate = Certificate::load(authority.sign()).unwrap();
    let acceptor = TlsAcceptor::from(certificate.server_config().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                tokio::spawn(serve(stream, repeat));
            }
        }
    });
    let client = "192.0.2.7".parse().unwrap();
    let trusted = Upstream::new(&webmail(&url, Some(&authority.dir.path().join("ca.pem")))).unwrap();
    assert!(text(trusted.send(get("/"), client).await.unwrap()).await.starts_with("GET / HTTP/1.1\n"));
    let stranger = Authority::new();
    let distrusted = Upstream::new(&webmail(&url, Some(&stranger.dir.path().join("ca.pem")))).unwrap();
    assert!(matches!(distrusted.send(get("/"), client).await, Err(UpstreamError::Unreachable(_))));
    assert!(Upstream::new(&webmail(&url, Some("/nonexistent/ca.pem".as_ref()))).is_err());
}

/// A front that passes everything on to `upstream`; WebSockets until `cut`.
fn pass_on(upstream: Upstream, cut: Arc<Notify>) -> Front {
    Front::start(move |mut request, peer| {
        let (upstream, cut) = (upstream.clone(), Arc::clone(&cut));
        async move {
            let on_client = hyper::upgrade::on(&mut request);
            let mut answer = upstream.send(request.map(body::stream), peer.address).await.unwrap();
            if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
                peer.tunnel.open();
                let on_upstream = hyper::upgrade::on(&mut answer);
                tokio::spawn(async move { upstream::tunnel(on_client, on_upstream, cut.notified()).await });
            }
            answer.map(body::stream)
        }
    })
}

#[tokio::test]
async fn bodies_stream_both_ways() {
    // The webmail answers each piece as it comes: neither side waits for the other's end.
    let (address, _) = start(|request| async { Response::new(body::stream(request.into_body())) }).await;
    let upstream = Upstream::new(&webmail(&format!("http://{address}/"), None)).unwrap();
    let front = pass_on(upstream, Arc::default());
    let mut stream = front.connect().await;
    stream.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").await.unwrap();
    let mut seen = Vec::new();
    for piece in ["one", "two", "three"] {
        let chunk = format!("{:x}\r\n{piece}\r\n", piece.len());
        stream.write_all(chunk.as_bytes()).await.unwrap();
        while !seen.ends_with(chunk.as_bytes()) {
            seen.push(stream.read_u8().await.unwrap());
        }
    }
}

#[tokio::test]
async fn a_websocket_passes_until_it_is_cut() {
    let (address, _) = start(|mut request| async move {
        assert_eq!(request.headers().get(header::UPGRADE).unwrap(), "websocket");
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let (mut read, mut write) = split(TokioIo::new(upgrade.await.unwrap()));
            let _ = copy(&mut read, &mut write).await;
        });
        let mut headers = HeaderMap::new();
        headers.insert(header::UPGRADE, "websocket".parse().unwrap());
        headers.insert(header::CONNECTION, "upgrade".parse().unwrap());
        let mut answer = Response::builder().status(101).body(body::empty()).unwrap();
        *answer.headers_mut() = headers;
        answer
    })
    .await;
    let upstream = Upstream::new(&webmail(&format!("http://{address}/"), None)).unwrap();
    let cut = Arc::new(Notify::new());
    let front = pass_on(upstream, Arc::clone(&cut));
    let mut stream = front.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n").await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"), "{}", head.escape_ascii());
    // What the head guard would refuse if it still looked.
    for frame in [&b"\x81\x85\0\0\0\0hello"[..], b"GET / HTTP/1.1\nHost : a\n\n", &[b'\n'; 100_000]] {
        let mut echo = vec![0; frame.len()];
        let (mut read, mut write) = split(&mut stream);
        let (sent, received) = tokio::join!(write.write_all(frame), read.read_exact(&mut echo));
        sent.unwrap();
        received.unwrap();
        assert_eq!(echo, frame);
    }
    cut.notify_one();
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap_or(0), 0);
}
