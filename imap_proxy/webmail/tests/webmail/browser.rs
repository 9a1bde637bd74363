//! A browser: TLS, cookies, forms; it follows no redirect by itself.

use crate::daemon::PATIENCE;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// What the front's address is to a browser.
pub(crate) const ORIGIN: &str = "https://webmail.example.com";
/// Our session cookie.
pub(crate) const SESSION: &str = "__Host-postern";
/// What the browser is known by.
pub(crate) const BROWSER: &str = "__Host-postern-browser";
/// What comes with a login page.
pub(crate) const LOGIN: &str = "__Host-postern-login";
/// Where the person wanted to go.
pub(crate) const NEXT: &str = "__Host-postern-next";
/// All that the front gives.
const COOKIES: [&str; 5] = [SESSION, BROWSER, LOGIN, NEXT, "postern_language"];

/// The browser.
#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) address: SocketAddr,
    pub(crate) connector: TlsConnector,
    pub(crate) cookies: BTreeMap<String, String>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The idempotency key of the page's forms.
    #[track_caller]
    pub(crate) fn key(&self) -> String {
        let (_, rest) = self.text.split_once("name=\"idempotency_key\" value=\"").expect("a form with a key");
        rest.split('"').next().unwrap().to_owned()
    }

    /// It sends the browser to `path`.
    #[track_caller]
    pub(crate) fn leads_to(&self, path: &str) {
        assert_eq!((self.status, self.header("location")), (StatusCode::SEE_OTHER, path), "{}", self.text);
    }

    /// It shows a page with this status and this text in it.
    #[track_caller]
    pub(crate) fn shows(&self, status: u16, text: &str) {
        assert!(self.status == status && self.text.contains(text), "{} {}\nwanted: {text}", self.status, self.text);
    }
}

impl Browser {
    pub(crate) async fn get(&mut self, path: &str) -> Got {
        self.get_with(path, &[]).await
    }

    pub(crate) async fn get_with(&mut self, path: &str, headers: &[(&str, &str)]) -> Got {
        self.send(Method::GET, path, headers, String::new()).await
    }

    /// Sends a form from one of the front's own pages.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Got {
        let kind = [("content-type", "application/x-www-form-urlencoded"), ("origin", ORIGIN)];
        self.send(Method::POST, path, &kind, form(fields)).await
    }

    pub(crate) async fn sign_in(&mut self, name: &str, password: &str) -> Got {
        self.post("/?_task=login", &login(name, password)).await
    }

    pub(crate) fn session(&self) -> Option<&String> {
        self.cookies.get(SESSION)
    }

    pub(crate) async fn send(&mut self, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Got {
        let answer = self.begin(method, path, headers, body).await;
        let (head, content) = answer.into_parts();
        let content = timeout(PATIENCE, content.collect()).await.unwrap().unwrap().to_bytes();
        Got { status: head.status, headers: head.headers, text: String::from_utf8(content.to_vec()).unwrap() }
    }

    /// The answer's head; its body is still to come.
    pub(crate) async fn begin(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> http::Response<Incoming> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let stream = self.connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection.with_upgrades());
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "webmail.example.com");
        for (name, value) in headers {
            // Bytes beyond ASCII too.
            request = request.header(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let answer = timeout(PATIENCE, sender.send_request(request)).await.expect("an answer in time").unwrap();
        for line in answer.headers().get_all(header::SET_COOKIE) {
            let (pair, rules) = line.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            assert!(COOKIES.contains(&name), "a cookie of the webmail got out: {name}");
            match rules.contains("Max-Age=0") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }
}

/// The webmail's login form.
pub(crate) fn login<'a>(name: &'a str, password: &'a str) -> [(&'a str, &'a str); 7] {
    [
        ("_token", "stale"),
        ("_task", "login"),
        ("_action", "login"),
        ("_timezone", "Europe/Paris"),
        ("_url", ""),
        ("_user", name),
        ("_pass", password),
    ]
}

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
    pairs.join("&")
}

fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
