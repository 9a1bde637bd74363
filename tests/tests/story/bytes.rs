//! Bytes that no browser sends: what two servers could read in two ways is refused before the webmail sees it.

use super::closed::Watch;
use super::visitor::{Answer, COOKIE, Visitor};
use super::world;
use postern_tests::{World, tls};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

/// A TLS connection to the front, for any bytes.
pub(crate) struct Line {
    stream: TlsStream<TcpStream>,
    /// The front's name and port, as browsers write them.
    host: String,
}

impl Line {
    /// A connection for HTTP/1.1.
    pub(crate) async fn open(world: &World) -> Line {
        Line::speaking(world, b"http/1.1").await
    }

    /// Sends a request on a connection of its own: the answer, after which the front closes the connection.
    async fn ask(world: &World, request: &str) -> Answer {
        let mut line = Line::open(world).await;
        line.send(request.as_bytes()).await;
        line.answer().await
    }

    async fn speaking(world: &World, protocol: &[u8]) -> Line {
        let mut config = tls::client(&world.certificates.ca).unwrap();
        config.alpn_protocols = vec![protocol.to_vec()];
        let tcp = TcpStream::connect(("127.0.0.1", world.files.webmail)).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap();
        Line { stream, host: format!("Host: localhost:{}\r\n", world.files.webmail) }
    }

    /// Sends these bytes. `Host: localhost` stands for the front's own name, with its port.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        const HOST: &[u8] = b"Host: localhost\r\n";
        let at = bytes.windows(HOST.len()).position(|window| window == HOST);
        let (head, rest) = at.map_or((bytes, &b""[..]), |at| (&bytes[..at], &bytes[at + HOST.len()..]));
        let host = if at.is_some() { self.host.as_bytes() } else { b"" };
        self.stream.write_all(&[head, host, rest].concat()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Everything up to `end`.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        let mut bytes = Vec::new();
        while !bytes.ends_with(end.as_bytes()) {
            let byte = timeout(postern_tests::wait::DEADLINE, self.stream.read_u8()).await;
            bytes.push(byte.expect("the front is silent").expect("the front hangs up"));
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Everything until the front closes the connection.
    async fn rest(mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // A front that hangs up on garbage need not say goodbye first.
        let end = timeout(postern_tests::wait::DEADLINE, self.stream.read_to_end(&mut bytes)).await;
        assert!(end.is_ok(), "the front keeps the connection: {}", String::from_utf8_lossy(&bytes));
        bytes
    }

    /// The answer, after which the front closes the connection.
    pub(crate) async fn answer(self) -> Answer {
        Answer::read(&String::from_utf8_lossy(&self.rest().await))
    }
}

/// A request that would open the mail page of `session`, if the rest of it were right.
fn mail(session: &str, extra: &str, body: &str) -> String {
    format!("POST /?_task=mail HTTP/1.1\r\nHost: localhost\r\nCookie: {COOKIE}={session}\r\n{extra}\r\n{body}")
}

#[tokio::test]
async fn what_can_be_read_in_two_ways_is_refused() {
    let world = world();
    let bob = world.mailbox("bob");
    let visitor = Visitor::inside(&world, &bob);
    let session = visitor.session();
    let hidden = "GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let both = "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n";
    let requests = [
        mail(&session, both, &format!("0\r\n\r\n{hidden}")),
        mail(&session, "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", &format!("0\r\n\r\n{hidden}")),
        mail(&session, "Content-Length: 4\r\nContent-Length: 60\r\n", hidden),
        mail(&session, "Content-Length: 4, 60\r\n", hidden),
        mail(&session, "Content-Length: +4\r\n", hidden),
        mail(&session, "Content-Length: 0x4\r\n", hidden),
        mail(&session, "Content-Length: -1\r\n", hidden),
        mail(&session, "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
        mail(&session, "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
        mail(&session, "Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
        mail(&session, "X-A: b\n", ""),
        mail(&session, "X-A: b\r\n folded\r\n", ""),
        mail(&session, "X-A: b\0\r\n", ""),
        mail(&session, "X-A : b\r\n", ""),
        mail(&session, "", "").replace("\r\n", "\n"),
        mail(&session, "", "").replace("Host: localhost", "Host: localhost\r\nHost: elsewhere"),
        mail(&session, "", "").replace("Host: localhost\r\n", ""),
        mail(&session, "", "").replace("HTTP/1.1", "HTTP/0.9"),
        mail(&session, "", "").replace(" HTTP/1.1", ""),
        mail(&session, "", "").replace("/?_task=mail", "*"),
        mail(&session, &format!("X-A: {}\r\n", "a".repeat(200_000)), ""),
    ];
    let watch = Watch::begin(&world);
    for request in requests {
        let answer = Line::ask(&world, &request).await;
        let shown: String = request.chars().take(300).collect();
        assert!(
            matches!(answer.status, 400 | 413 | 431 | 501 | 505) || answer.head.is_empty(),
            "{shown:?}\n{answer:?}"
        );
    }
    assert_eq!(watch.reached(&world), [""; 0]);
    assert!(visitor.is_in());
}

/// The head is through when these are noticed; the webmail then gets no more than the beginning of a request.
#[tokio::test]
async fn a_broken_body_ends_the_connection() {
    let world = world();
    let bob = world.mailbox("bob");
    let visitor = Visitor::inside(&world, &bob);
    let watch = Watch::begin(&world);
    for chunks in
        ["0x4\r\nabcd\r\n0\r\n\r\n", "4\nabcd\r\n0\r\n\r\n", "4\r\nabcdefgh\r\n0\r\n\r\n", "-1\r\n\r\n", "g\r\n"]
    {
        let hidden = "GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let request = mail(&visitor.session(), "Transfer-Encoding: chunked\r\n", &format!("{chunks}{hidden}"));
        let answer = Line::ask(&world, &request).await;
        assert!(answer.status >= 400 || answer.head.is_empty(), "{chunks:?}\n{answer:?}");
    }
    let reached = watch.reached(&world);
    assert!(!reached.iter().any(|request| request.contains("/hidden")), "{reached:?}");
    assert!(visitor.is_in());
}

#[tokio::test]
async fn a_request_names_no_other_server() {
    let world = world();
    let bob = world.mailbox("bob");
    let visitor = Visitor::inside(&world, &bob);
    for target in ["http://127.0.0.1:1/?_task=mail", "https://elsewhere.example/?_task=mail"] {
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: elsewhere.example\r\nCookie: {COOKIE}={}\r\nConnection: close\r\n\r\n",
            visitor.session()
        );
        let answer = Line::ask(&world, &request).await;
        // Refused, or answered by the one webmail there is; nothing tells that it was asked for another.
        assert!(answer.status == 400 || answer.body.contains(&bob.name), "{answer:?}");
        assert!(!answer.head.contains("elsewhere"), "{answer:?}");
    }
    for upgrade in ["websocket", "h2c"] {
        let watch = Watch::begin(&world);
        let request = format!(
            "GET /?_task=mail HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: {upgrade}\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        );
        let answer = Line::ask(&world, &request).await;
        assert_ne!(answer.status, 101, "{answer:?}");
        assert_eq!(watch.reached(&world), [""; 0]);
    }
}

/// HTTP/2 has no place for these (RFC 9113, section 8.2.2); a front that passed them on in HTTP/1.1 would let a stream
/// hold a second request.
#[tokio::test]
async fn http_2_brings_no_header_of_http_1() {
    let world = world();
    let bob = world.mailbox("bob");
    let visitor = Visitor::inside(&world, &bob);
    let cookie = format!("{COOKIE}={}", visitor.session());
    assert_eq!(h2_answer(&world, &cookie, ("accept", "*/*")).await, Some(H2_INDEXED_200), "a request without fault");
    let watch = Watch::begin(&world);
    for header in [
        ("transfer-encoding", "chunked"),
        ("connection", "keep-alive"),
        ("upgrade", "websocket"),
        ("x-a", "b\r\nx-b: c"),
        ("X-Upper", "case"),
        (":path", "/hidden"),
        ("content-length", "5"),
    ] {
        assert_ne!(h2_answer(&world, &cookie, header).await, Some(H2_INDEXED_200), "{header:?}");
    }
    assert_eq!(watch.reached(&world), [""; 0]);
}

/// Asks for the mail page with one header more: what the answer's header block begins with, if there is one.
async fn h2_answer(world: &World, cookie: &str, header: (&str, &str)) -> Option<u8> {
    let mut line = Line::speaking(world, b"h2").await;
    let authority = format!("localhost:{}", world.files.webmail);
    let headers = [
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", &authority),
        (":path", "/?_task=mail"),
        ("cookie", cookie),
        header,
    ];
    line.send(&h2_request(&headers)).await;
    line.first_headers().await.first().copied()
}

/// `:status: 200` in HPACK's static table (RFC 7541, appendix A).
const H2_INDEXED_200: u8 = 0x88;
const H2_HEADERS: u8 = 1;
const H2_RST_STREAM: u8 = 3;
const H2_SETTINGS: u8 = 4;
const H2_GOAWAY: u8 = 7;
/// END_STREAM and END_HEADERS.
const H2_WHOLE: u8 = 0x5;

fn h2_frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A connection's first bytes with one request, every header a literal (RFC 9113, section 3.4; RFC 7541, section 6.2.2).
fn h2_request(headers: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(0);
        for text in [name, value] {
            // A string below 127 bytes has its length in one byte.
            block.push(u8::try_from(text.len()).ok().filter(|length| *length < 127).unwrap());
            block.extend_from_slice(text.as_bytes());
        }
    }
    let settings = h2_frame(H2_SETTINGS, 0, 0, &[]);
    [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &settings, &h2_frame(H2_HEADERS, H2_WHOLE, 1, &block)].concat()
}

impl Line {
    /// What the answer's header block begins with; nothing when the stream or the connection is refused.
    async fn first_headers(&mut self) -> Vec<u8> {
        let read = async {
            loop {
                let mut head = [0; 9];
                if self.stream.read_exact(&mut head).await.is_err() {
                    return Vec::new();
                }
                let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
                let mut payload = vec![0; usize::try_from(length).unwrap()];
                self.stream.read_exact(&mut payload).await.unwrap();
                match head[3] {
                    H2_HEADERS => return payload,
                    H2_RST_STREAM | H2_GOAWAY => return Vec::new(),
                    _ => {}
                }
            }
        };
        timeout(postern_tests::wait::DEADLINE, read).await.expect("an answer or a refusal")
    }
}
