//! An HTTP gateway that records requests, and sends predefined responses.

use crate::tls::Certificate;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A recorded request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// The gateway; it runs as long as the test's runtime.
pub(crate) struct HttpGateway {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    answer: Arc<Mutex<(StatusCode, String)>>,
}

impl HttpGateway {
    pub(crate) async fn start(tls: Option<&Certificate>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let gateway = Self { port, asked: Arc::default(), answer: Arc::default() };
        gateway.answers(200, "OK");
        let (asked, answer) = (gateway.asked.clone(), gateway.answer.clone());
        tokio::spawn(accept(listener, tls.map(|it| it.acceptor.clone()), asked, answer));
        gateway
    }

    /// Sets the response for all requests from now on.
    pub(crate) fn answers(&self, status: u16, body: &str) {
        *self.answer.lock().unwrap() = (StatusCode::from_u16(status).unwrap(), body.to_owned());
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    asked: Arc<Mutex<Vec<Asked>>>,
    answer: Arc<Mutex<(StatusCode, String)>>,
) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (tls, asked, answer) = (tls.clone(), asked.clone(), answer.clone());
        tokio::spawn(async move {
            let serve = service_fn(|request| record(request, &asked, &answer));
            match tls {
                None => drop(http1::Builder::new().serve_connection(TokioIo::new(stream), serve).await),
                Some(tls) => {
                    let Ok(stream) = tls.accept(stream).await else { return };
                    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), serve).await);
                }
            }
        });
    }
}

async fn record(
    request: Request<Incoming>,
    asked: &Mutex<Vec<Asked>>,
    answer: &Mutex<(StatusCode, String)>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let target = head.uri.to_string();
    asked.lock().unwrap().push(Asked { method: head.method, target, headers: head.headers, body });
    let (status, text) = answer.lock().unwrap().clone();
    Ok(Response::builder().status(status).header("Location", "http://127.0.0.1:1/").body(text.into()).unwrap())
}
