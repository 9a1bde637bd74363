//! Requests byte by byte: names of hosts, whoever waits for `100 Continue`, and answers that are none.

use crate::browser::{Browser, SESSION, form, login};
use crate::daemon::PATIENCE;
use crate::front::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

pub(crate) async fn connect(world: &World) -> TlsStream<TcpStream> {
    let stream = TcpStream::connect(world.address).await.unwrap();
    world.connector.connect("localhost".try_into().unwrap(), stream).await.unwrap()
}

/// All that is answered until the connection is closed.
async fn rest(stream: &mut TlsStream<TcpStream>) -> String {
    let mut answer = Vec::new();
    // A close without a TLS goodbye is one too.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("an end in time");
    String::from_utf8(answer).unwrap()
}

async fn asked(world: &World, head: &str) -> String {
    let mut stream = connect(world).await;
    stream.write_all(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
    rest(&mut stream).await
}

fn cookie(browser: &Browser) -> String {
    format!("Cookie: {SESSION}={}", browser.session().unwrap())
}

#[tokio::test]
async fn another_host_is_misdirected_and_a_malformed_one_is_refused() {
    let world = World::start().await;
    let browser = world.released().await;
    world.webmail.forget();
    for (host, status) in [
        ("webmail.example.com", 200),
        ("WEBMAIL.example.com:443", 200),
        ("example.com", 421),
        ("webmail.example.com.", 421),
        ("webmail.example.com:8443", 421),
        ("127.0.0.1", 421),
        ("webmail.example.com@evil.example", 400),
        ("webmail.example.com,evil.example", 400),
        ("webmail.example.com:x", 400),
        ("", 400),
    ] {
        for path in ["/", "/?_task=mail", "/postern/security", "/skins/elastic/styles.css"] {
            let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{}", cookie(&browser));
            let answer = asked(&world, &head).await;
            assert!(!answer.contains("Set-Cookie"), "{answer}");
            let is_ours = answer.contains("content-security-policy: default-src 'none'");
            match status {
                200 => assert!(!answer.starts_with("HTTP/1.1 4"), "{host} {path}: {answer}"),
                _ => assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && is_ours, "{host} {path}: {answer}"),
            }
        }
    }
    assert!(world.webmail.seen().iter().all(|seen| seen.header("host") == Some("webmail.example.com")));
    // Load balancers ask by an address how the front is.
    let answer = asked(&world, "GET /postern/style.css HTTP/1.1\r\nHost: 10.0.0.1").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn nobody_is_told_to_send_what_is_refused() {
    let world = World::start().await;
    let browser = world.challenged().await;
    world.webmail.forget();
    let long = format!("Content-Length: {}", 40 * 1024);
    let form_type = "Content-Type: application/x-www-form-urlencoded";
    for (line, headers) in [
        ("POST /EWS/Exchange.asmx", "Content-Length: 100"),
        ("POST /?_task=mail&_action=send", "Content-Length: 100"),
        ("POST /postern/nothing", "Content-Length: 100"),
        ("POST /postern/code", "Content-Length: 100\r\nContent-Type: text/plain"),
        ("POST /postern/code", "Content-Length: 100\r\nOrigin: https://evil.example"),
        ("POST /postern/code", &format!("{long}\r\n{form_type}")),
        ("POST /?_task=login", &format!("{long}\r\n{form_type}")),
        ("POST /a%2fb", "Transfer-Encoding: chunked"),
        ("PUT /", "Content-Length: 100"),
    ] {
        for host in ["webmail.example.com", "evil.example"] {
            let head = format!("{line} HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\n{headers}");
            let answer = asked(&world, &format!("{head}\r\n{}", cookie(&browser))).await;
            assert!(!answer.contains("100 Continue") && answer.starts_with("HTTP/1.1 "), "{line}: {answer}");
        }
    }
    assert_eq!(world.webmail.lines(), [""; 0]);
}

#[tokio::test]
async fn a_client_that_may_send_its_body_is_told_to() {
    let world = World::start().await;
    world.daemon.on("Ask", FREE);
    let mut stream = connect(&world).await;
    let body = form(&login(ALICE, "right"));
    let head = format!(
        "POST /?_task=login HTTP/1.1\r\nHost: webmail.example.com\r\nExpect: 100-continue\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut told = [0; 25];
    timeout(PATIENCE, stream.read_exact(&mut told)).await.unwrap().unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body.as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
}

/// It is not that nobody can sign in: whoever asks is signed in, and stays so.
#[tokio::test]
async fn an_answer_that_is_none_has_a_page_of_its_own() {
    let world = World::start().await;
    let mut browser = world.released().await;
    for head in [
        "HTTP/1.1 OK\r\n\r\n",
        "garbage\r\n\r\n",
        "HTTP/1.1 200 OK\r\nBad Header\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n",
    ] {
        world.webmail.say(Some(head.as_bytes()));
        let page = browser.get("/?_task=mail").await;
        page.shows(502, "The webmail does not answer");
        page.shows(502, "You are still signed in");
        assert!(!page.text.contains("Sign-in is not possible"), "{}", page.text);
        assert!(!page.headers.contains_key("proxy-authenticate"));
        browser.get_with("/?_task=mail", &[("accept-language", "fr")]).await.shows(502, "La messagerie ne répond pas");
        world.webmail.say(None);
        browser.get("/?_task=mail").await.shows(200, "mailbox");
    }
    // What is wanted beside the webmail may fail too, and the person is as signed in as before.
    world.daemon.on("Ask", r#"{"verdict":"refused","reason":"unavailable"}"#);
    world.daemon.on("ShowSecurity", r#"{"verdict":"refused","reason":"unavailable"}"#);
    let page = browser.get("/postern/security").await;
    assert!(!page.text.contains("Sign-in is not possible"), "{}", page.text);
}

#[tokio::test]
async fn what_an_answer_says_to_proxies_and_in_trailers_ends_here() {
    let world = World::start().await;
    let mut browser = world.released().await;
    world.webmail.say(Some(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-late\r\nProxy-Authenticate: Basic\r\n\
          Proxy-Authentication-Info: x\r\nAuthentication-Info: x\r\nNEL: {}\r\nX-FEServer: EX01\r\nX-Kept: 1\r\n\r\n\
          2\r\nok\r\n0\r\nX-Late: 1\r\nSet-Cookie: a=b\r\n\r\n",
    ));
    let got = browser.get_with("/?_task=mail", &[("te", "trailers")]).await;
    got.shows(200, "ok");
    let mut names: Vec<&str> = got.headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["date", "strict-transport-security", "transfer-encoding", "x-kept"]);
}
