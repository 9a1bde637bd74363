//! HTTPS requests to the authority: with this workspace's own TLS, one connection per request, with limits.

use bytes::{Bytes, BytesMut};
use http::header::{HOST, HeaderMap, HeaderValue, RETRY_AFTER};
use http::uri::{Authority, Scheme};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::BodyExt;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient, Problem};
use postern_front::tls::{self, TlsError};
use postern_http::body;
use rustls::pki_types::ServerName;
use std::fmt;
use std::path::Path;
use std::pin::{Pin, pin};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long a request may take, from the name lookup to the last byte of the response.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// Maximum length of a response in bytes; a chain of certificates has some ten thousand.
const MAX_ANSWER: usize = 256 * 1024;

/// An HTTPS client for an authority.
#[derive(Clone)]
pub(super) struct Http(TlsConnector);

/// Why there is no readable response.
#[derive(Debug)]
pub(super) enum RequestFailed {
    /// The URL is not https.
    NotHttps(Uri),
    /// The server cannot be reached, or its certificate is not trusted.
    Unreachable(String),
    /// The response has more than [`MAX_ANSWER`] bytes.
    TooLong,
    /// The connection broke.
    Broken(body::BoxError),
    /// No response within [`PATIENCE`].
    Silent,
    /// A status that is neither a success nor the refusal of a signed request.
    Status {
        /// The status.
        status: StatusCode,
        /// The status and the problem as text.
        said: String,
    },
    /// The authority asks for a later retry (RFC 8555, section 6.6).
    Later {
        /// The delay, if it gives one.
        wait: Option<Duration>,
        /// The status and the problem as text.
        said: String,
    },
}

impl fmt::Display for RequestFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotHttps(uri) => write!(f, "it leads to {uri}, which is not https"),
            Self::Unreachable(why) => write!(f, "it cannot be reached: {why}"),
            Self::TooLong => write!(f, "its answer is longer than {MAX_ANSWER} bytes"),
            Self::Broken(error) => write!(f, "the connection broke off: {error}"),
            Self::Silent => write!(f, "it did not answer within {} s", PATIENCE.as_secs()),
            Self::Status { said, .. } => write!(f, "it answers {said}"),
            Self::Later { said, .. } => write!(f, "it wants to be asked later: {said}"),
        }
    }
}

impl std::error::Error for RequestFailed {}

impl Http {
    /// A client for a server whose certificate is signed by an authority in the file `ca`; none: by one that this
    /// system trusts.
    ///
    /// # Errors
    /// As [`tls::client_config`].
    pub(super) fn new(ca: Option<&Path>) -> Result<Self, TlsError> {
        Ok(Self(tls::client_config(ca)?.into()))
    }

    async fn send(self, mut request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, RequestFailed> {
        let uri = request.uri().clone();
        let (Some(authority), true) = (uri.authority(), uri.scheme() == Some(&Scheme::HTTPS)) else {
            return Err(RequestFailed::NotHttps(uri));
        };
        let unreachable = |error: &dyn fmt::Display| RequestFailed::Unreachable(format!("{authority}: {error}"));
        let stream = TcpStream::connect((host(authority), authority.port_u16().unwrap_or(443))).await;
        let stream = stream.map_err(|error| unreachable(&error))?;
        let name = ServerName::try_from(host(authority).to_owned()).map_err(|error| unreachable(&error))?;
        let stream = self.0.connect(name, stream).await.map_err(|error| unreachable(&error))?;
        let broken = |error: hyper::Error| RequestFailed::Broken(error.into());
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(broken)?;
        // It ends with the sender; its errors are reported there.
        tokio::spawn(connection);
        let host = HeaderValue::from_str(authority.as_str()).map_err(|error| unreachable(&error))?;
        request.headers_mut().insert(HOST, host);
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).parse();
        *request.uri_mut() = path.map_err(|_| RequestFailed::NotHttps(uri.clone()))?;
        let is_signed = request.method() == Method::POST;
        let (parts, content) = sender.send_request(request).await.map_err(broken)?.into_parts();
        let content = read(content).await?;
        let (status, problem) = (parts.status, serde_json::from_slice::<Problem>(&content).ok());
        match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                Err(RequestFailed::Later { wait: wait(&parts.headers), said: said(status, problem) })
            }
            // The caller handles the refusal of a signed request.
            _ if status.is_success() || is_signed && problem.is_some() => {
                Ok(BytesResponse { parts, body: Box::new(content) })
            }
            _ => Err(RequestFailed::Status { status, said: said(status, problem) }),
        }
    }
}

impl HttpClient for Http {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let sending = self.clone().send(request);
        Box::pin(async {
            let answer = timeout(PATIENCE, sending).await.unwrap_or(Err(RequestFailed::Silent));
            answer.map_err(|failed| Error::Other(Box::new(failed)))
        })
    }
}

/// The content of a response. If the connection breaks, as it does where TLS ends without close_notify, the content
/// counts if it is a complete JSON object. A chain of certificates does not: the last one may be missing.
async fn read<B>(content: B) -> Result<Bytes, RequestFailed>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<body::BoxError>>,
{
    let mut content = pin!(content);
    let mut all = BytesMut::new();
    while let Some(frame) = content.frame().await {
        match frame {
            Ok(frame) => all.extend_from_slice(&frame.into_data().unwrap_or_default()),
            Err(_) if serde_json::from_slice::<serde_json::Map<_, _>>(&all).is_ok() => break,
            Err(error) => return Err(RequestFailed::Broken(error.into())),
        }
        if all.len() > MAX_ANSWER {
            return Err(RequestFailed::TooLong);
        }
    }
    Ok(all.freeze())
}

/// An IPv6 address is in brackets in a URL, and nowhere else.
fn host(authority: &Authority) -> &str {
    authority.host().trim_matches(['[', ']'])
}

/// `Retry-After` in seconds, which is how authorities write it.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// A status, and the text of its problem document (RFC 8555, section 6.7).
fn said(status: StatusCode, problem: Option<Problem>) -> String {
    match problem.and_then(|problem| problem.detail.or(problem.r#type)) {
        Some(why) => format!("{status}, {why}"),
        None => status.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::Full;
    use hyper::body::Frame;
    use std::collections::VecDeque;
    use std::io::{self, ErrorKind};
    use std::task::{Context, Poll};

    /// Content that arrives in pieces and then breaks off.
    struct Cut(VecDeque<&'static str>);

    impl hyper::body::Body for Cut {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            let cut = || Err(ErrorKind::UnexpectedEof.into());
            Poll::Ready(Some(self.0.pop_front().map_or_else(cut, |piece| Ok(Frame::data(piece.into())))))
        }
    }

    #[tokio::test]
    async fn what_breaks_off_counts_where_it_is_whole_by_itself() {
        let order = "{\"status\":\"valid\",\"finalize\":\"https://ca/\"}\n";
        assert_eq!(read(Cut([&order[..9], &order[9..]].into())).await.unwrap(), order);
        for cut in
            ["", "{\"status\":\"valid\"", "12", "[]", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"]
        {
            assert!(read(Cut([cut].into())).await.is_err(), "{cut}");
        }
        assert!(read(Full::new(Bytes::from(vec![b' '; MAX_ANSWER]))).await.is_ok());
        assert!(read(Full::new(Bytes::from(vec![b' '; MAX_ANSWER + 1]))).await.is_err());
    }
}
