use crate::authority::{Authority, localhost};
use crate::setting::Front;
use http::{Request, Response, Version};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use postern_front::activated;
use postern_front::tls::Certificate;
use postern_http::body::{self, Body};
use postern_http::listener::{Listener, MAX_PER_ADDRESS, Peer};
use postern_process::activated::ActivatedSockets;
use postern_proxy_config::Listen;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Notify;

/// Answers with the request's method, path, version, address and body.
async fn repeat(request: Request<Incoming>, peer: Peer) -> Response<Body> {
    let (head, body) = request.into_parts();
    let told = format!("{} {} {:?} {} ", head.method, head.uri.path(), head.version, peer.address);
    match body::collect(body, 1024).await {
        Ok(body) => Response::new(body::full([told.as_bytes(), &body].concat())),
        Err(_) => Response::builder().status(418).body(body::empty()).unwrap(),
    }
}

#[tokio::test]
async fn messages_of_two_meanings_are_answered_400_and_reach_nobody() {
    let served = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&served);
    let front = Front::start(move |request, peer| {
        count.fetch_add(1, Ordering::Relaxed);
        repeat(request, peer)
    });
    for bytes in [
        &b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1"[..],
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        b"GET / HTTP/1.1\nHost: a\n\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET https://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x81\x85\0\0\0\0\nhello\n",
        &[b"GET /".as_slice(), &[b'a'; 70_000]].concat(),
    ] {
        let answer = front.exchange(bytes).await;
        let name = bytes[..bytes.len().min(80)].escape_ascii();
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{name}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{name}: {answer}");
    }
    assert_eq!(served.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn good_messages_before_a_bad_one_are_served() {
    let front = Front::start(repeat);
    let answer = front
        .exchange(
            b"POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nbody GET /two HTTP/1.1\r\nHost: a\r\n\r\n",
        )
        .await;
    assert!(answer.contains("POST /one HTTP/1.1 127.0.0.1 bod"), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 1, "{answer}");
    assert!(answer.contains("HTTP/1.1 400 Bad Request"), "{answer}");
}

#[tokio::test]
async fn a_bad_chunk_ends_the_body_with_an_error() {
    let front = Front::start(repeat);
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let answer = front.exchange(format!("{head}3\r\nabc\r\n+5\r\nhello\r\n0\r\n\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 418"), "{answer}");
    let answer = front
        .exchange(
            format!("{head}3\r\nabc\r\n0\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").as_bytes(),
        )
        .await;
    assert!(answer.contains("127.0.0.1 abc") && answer.ends_with("GET /next HTTP/1.1 127.0.0.1 "), "{answer}");
}

#[tokio::test]
async fn http_2_is_spoken_by_alpn_alone() {
    let front = Front::start(repeat);
    let connector = front.authority.client(&[b"h2", b"http/1.1"], rustls::ALL_VERSIONS);
    let stream = TcpStream::connect(front.address).await.unwrap();
    let stream = connector.connect(localhost(), stream).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut send, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::post("https://webmail.example.com/path").body(body::full("body")).unwrap();
    let answer = send.send_request(request).await.unwrap();
    assert_eq!(answer.version(), Version::HTTP_2);
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "POST /path HTTP/2.0 127.0.0.1 body");

    // Without ALPN it is HTTP/1.1.
    let connector = front.authority.client(&[], rustls::ALL_VERSIONS);
    let stream = TcpStream::connect(front.address).await.unwrap();
    let mut stream = connector.connect(localhost(), stream).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("GET / HTTP/1.1 127.0.0.1 "), "{answer}");
}

#[tokio::test]
async fn a_proxy_header_is_believed_from_listed_networks_only() {
    const HEADER: &[u8] = b"PROXY TCP4 192.0.2.7 10.0.0.1 56324 443\r\n";
    async fn ask(front: &Front, header: &[u8]) -> Option<String> {
        let mut stream = TcpStream::connect(front.address).await.unwrap();
        stream.write_all(header).await.unwrap();
        let connector = front.authority.client(&[], rustls::ALL_VERSIONS);
        let mut stream = connector.connect(localhost(), stream).await.ok()?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer.split("\r\n\r\n").nth(1).map(str::to_owned)
    }
    let behind = Front::start_behind(&["10.0.0.0/8", "127.0.0.1"], repeat);
    assert_eq!(ask(&behind, HEADER).await.as_deref(), Some("GET / HTTP/1.1 192.0.2.7 "));
    assert_eq!(ask(&behind, b"PROXY UNKNOWN\r\n").await.as_deref(), Some("GET / HTTP/1.1 127.0.0.1 "));
    assert_eq!(ask(&behind, b"").await, None);
    let open = Front::start_behind(&["10.0.0.0/8"], repeat);
    assert_eq!(ask(&open, HEADER).await, None);
    assert_eq!(ask(&open, b"").await.as_deref(), Some("GET / HTTP/1.1 127.0.0.1 "));
}

#[tokio::test]
async fn a_stop_lets_running_requests_end() {
    let (began, end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begins, ends) = (Arc::clone(&began), Arc::clone(&end));
    let mut front = Front::start(move |_, _| {
        let (began, end) = (Arc::clone(&begins), Arc::clone(&ends));
        async move {
            began.notify_one();
            end.notified().await;
            Response::new(body::full("at last"))
        }
    });
    let mut idle = front.connect().await;
    let mut stream = front.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    began.notified().await;
    front.stop();
    // An idle connection is closed at once, and no new one is accepted.
    assert_eq!(idle.read(&mut [0; 16]).await.unwrap_or(0), 0);
    assert!(TcpStream::connect(front.address).await.is_err());
    end.notify_one();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("connection: close\r\n") && answer.ends_with("at last"), "{answer}");
    front.stop().await.unwrap();
}

/// Silence keeps nobody out: as many connections as an address may have, and then somebody who asks.
#[tokio::test]
async fn a_connection_that_carries_no_request_makes_room() {
    let (began, end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begins, ends) = (Arc::clone(&began), Arc::clone(&end));
    let front = Front::start(move |request: Request<Incoming>, _| {
        let (began, end) = (Arc::clone(&begins), Arc::clone(&ends));
        async move {
            if request.uri().path() == "/long" {
                began.notify_one();
                end.notified().await;
            }
            Response::new(body::full("at last"))
        }
    });
    let mut busy = front.connect().await;
    busy.write_all(b"GET /long HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    began.notified().await;
    let mut idle = front.connect().await;
    let mut silent = Vec::new();
    for _ in 0..MAX_PER_ADDRESS - 2 {
        silent.push(TcpStream::connect(front.address).await.unwrap());
    }
    let answer = front.exchange(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(answer.ends_with("at last"), "{answer}");
    assert_eq!(idle.read(&mut [0; 16]).await.unwrap_or(0), 0, "the one that was idle for longest has made room");
    end.notify_one();
    let mut answer = String::new();
    busy.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("at last"), "{answer}");
}

/// Whoever may connect to a Unix socket is believed, and has to say something.
#[tokio::test]
async fn a_unix_socket_is_for_a_proxy_that_says_for_whom_it_connects() {
    let authority = Authority::new();
    let certificate = Certificate::load(authority.sign()).unwrap();
    let path = authority.dir.path().join("https.sock");
    let socket = activated::listen(&mut ActivatedSockets::default(), &Listen::Socket(path.clone())).unwrap();
    let listener = Listener::new(socket, certificate.server_config().unwrap(), Vec::new());
    assert!(listener.address().is_none());
    tokio::spawn(listener.serve(repeat, std::future::pending()));
    for (header, told) in [
        (&b"PROXY TCP4 192.0.2.7 10.0.0.1 56324 443\r\n"[..], Some("GET / HTTP/1.1 192.0.2.7 ")),
        (b"PROXY UNKNOWN\r\n", Some("GET / HTTP/1.1 0.0.0.0 ")),
        (b"", None),
    ] {
        let mut stream = UnixStream::connect(&path).await.unwrap();
        stream.write_all(header).await.unwrap();
        let connector = authority.client(&[], rustls::ALL_VERSIONS);
        let mut answer = String::new();
        if let Ok(mut stream) = connector.connect(localhost(), stream).await {
            stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
            stream.read_to_string(&mut answer).await.unwrap();
        }
        assert_eq!(answer.split("\r\n\r\n").nth(1), told, "{}", header.escape_ascii());
    }
}
