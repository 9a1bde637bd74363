//! Text messages by a request to an HTTP gateway, as configured.

use crate::config;
use crate::failure::{Failed, SetUpError};
use crate::line::Destination as Host;
use crate::ovh::Ovh;
use crate::recipient::SmsRecipient;
use crate::said::said;
use crate::secret_file;
use crate::template::{Escape, Placeholder, Template};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use postern_rules::Time;
use postern_wire::Secret;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

/// Timeout for the gateway's response.
pub(crate) const ANSWER: Duration = Duration::from_secs(10);
/// Maximum length of a response that is read, in bytes.
const ANSWER_MAX: usize = 64 * 1024;

/// A gateway, and the request to it.
pub(crate) struct Gateway {
    host: Host,
    url: Template,
    method: Method,
    headers: Vec<(HeaderName, Template)>,
    body: Option<(Template, Escape)>,
    answer_has: Option<String>,
    /// The value of `Authorization`.
    login: Option<HeaderValue>,
    secrets: BTreeMap<String, Secret>,
    ovh: Option<Ovh>,
}

impl Gateway {
    /// Reads the files that the configuration names; does not connect.
    pub(crate) fn new(gateway: &config::Gateway) -> Result<Self, SetUpError> {
        let config::Gateway { url, method, headers, body, answer_has, .. } = gateway.clone();
        // Host and scheme come before the first placeholder, so any value will do.
        let uri: Uri =
            url.fill(Escape::Percent, |_| "x").parse().map_err(|_| SetUpError("[sms] url is none".into()))?;
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let host = match uri.scheme_str() {
            Some("http") => Host::plain(host, uri.port_u16().unwrap_or(80)),
            _ => Host::with_tls(host, uri.port_u16().unwrap_or(443), gateway.ca.as_deref())?,
        };
        let mut secrets = BTreeMap::new();
        for (name, path) in &gateway.secret_files {
            secrets.insert(name.clone(), secret_file::read(path)?);
        }
        let login = gateway.login.as_ref().map(basic).transpose()?;
        let ovh = gateway.ovh.as_ref().map(Ovh::new).transpose()?;
        Ok(Self { host, url, method, headers, body, answer_has, login, secrets, ovh })
    }

    /// Sends a text message. The request is written once, whatever the result.
    pub(crate) async fn send(&self, now: Time, number: &SmsRecipient, text: &Secret) -> Result<(), Failed> {
        let request = self.request(now, number, text)?;
        let stream = self.host.reach().await?;
        let line = self.host.secure(stream).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(line))
            .await
            .map_err(|error| Failed::Unsent(format!("{} speaks no HTTP: {error}", self.host)))?;
        // It transfers the bytes, and ends with this future.
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        let until = Instant::now() + ANSWER;
        let answer = timeout_at(until, sender.send_request(request)).await;
        let answer = answer.map_err(|_| Failed::Unclear(self.late()))?;
        let answer = answer.map_err(|error| Failed::Unclear(format!("{} broke off: {error}", self.host)))?;
        self.judge(answer, until).await
    }

    fn late(&self) -> String {
        format!("{} did not answer within {} s", self.host, ANSWER.as_secs())
    }

    fn request(&self, now: Time, number: &SmsRecipient, text: &Secret) -> Result<Request<Full<Bytes>>, Failed> {
        let value = |place: &Placeholder| match place {
            Placeholder::Number => number.number(),
            Placeholder::Digits => number.digits(),
            Placeholder::Text => text.reveal(),
            // A configuration that names any other secret is refused.
            Placeholder::Secret(name) => self.secrets.get(name).map_or("", Secret::reveal),
        };
        let malformed =
            |_| Failed::Unsent("the request cannot be put into words: see [sms] url and headers".to_owned());
        let url = self.url.fill(Escape::Percent, value);
        let uri: Uri = url.parse().map_err(|error: http::uri::InvalidUri| malformed(error.into()))?;
        let body = match &self.body {
            Some((body, escape)) => body.fill(*escape, value),
            None => Zeroizing::default(),
        };
        let mut headers = HeaderMap::new();
        for (name, template) in &self.headers {
            let filled = template.fill(Escape::Plain, value);
            let mut filled = HeaderValue::from_str(&filled).map_err(|error| malformed(error.into()))?;
            filled.set_sensitive(true);
            headers.append(name.clone(), filled);
        }
        let authority = uri.authority().map_or("", http::uri::Authority::as_str);
        headers.insert(header::HOST, HeaderValue::from_str(authority).map_err(|error| malformed(error.into()))?);
        headers.extend(self.login.clone().map(|login| (header::AUTHORIZATION, login)));
        if let Some(ovh) = &self.ovh {
            ovh.sign(now, &self.method, &url, &body, &mut headers);
        }
        let target = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let mut request = Request::builder().method(self.method.clone()).uri(target);
        if let Some(wanted) = request.headers_mut() {
            *wanted = headers;
        }
        request.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).map_err(malformed)
    }

    /// Interprets a response. If it is cut off, its status counts, and so does the wanted text if it was received,
    /// since nothing that follows could revoke it. That the text is missing can be concluded only from the whole
    /// response.
    async fn judge(&self, answer: Response<Incoming>, until: Instant) -> Result<(), Failed> {
        let status = answer.status();
        if status.is_success() && self.answer_has.is_none() {
            return Ok(());
        }
        let mut body = Vec::new();
        let cut = match timeout_at(until, self.read(answer.into_body(), &mut body)).await {
            Ok(Ok(())) => None,
            Ok(Err(why)) => Some(format!("the answer of {} cannot be read: {why}", self.host)),
            Err(_) => Some(self.late()),
        };
        let body = String::from_utf8_lossy(&body);
        let why = format!("{} answers {status} and says {}", self.host, self.shown(&body));
        match status {
            _ if status.is_success() && self.has_wanted(&body) => Ok(()),
            _ if status.is_success() => {
                Err(cut.map_or_else(|| Failed::Refused(format!("{why}, without `answer_has`")), Failed::Unclear))
            }
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Err(Failed::Refused(why)),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(Failed::Unsent(format!("{why}; see its keys and passwords in [sms], and this host's clock")))
            }
            StatusCode::REQUEST_TIMEOUT => Err(Failed::Unclear(why)),
            _ if status.is_redirection() => {
                Err(Failed::Unsent(format!("{why}; write into [sms] url where that leads to")))
            }
            _ if status.is_client_error() => Err(Failed::Unsent(format!("{why}; see [sms] url and method"))),
            _ => Err(Failed::Unclear(why)),
        }
    }

    /// Reads a response's body until it ends, or contains the wanted text.
    async fn read(&self, mut content: Incoming, body: &mut Vec<u8>) -> Result<(), String> {
        while let Some(frame) = content.frame().await {
            let Ok(piece) = frame.map_err(|error| error.to_string())?.into_data() else { continue };
            if body.len() + piece.len() > ANSWER_MAX {
                return Err("length limit exceeded".to_owned());
            }
            body.extend_from_slice(&piece);
            if self.answer_has.is_some() && self.has_wanted(&String::from_utf8_lossy(body)) {
                break;
            }
        }
        Ok(())
    }

    fn has_wanted(&self, body: &str) -> bool {
        self.answer_has.as_ref().is_none_or(|wanted| body.contains(wanted))
    }

    /// Returns the gateway's text for the log, unless it repeats a secret.
    fn shown(&self, answer: &str) -> String {
        match self.secrets.values().any(|secret| answer.contains(secret.reveal())) {
            true => "something with a secret in it".to_owned(),
            false => said(answer),
        }
    }
}

/// HTTP basic authentication (RFC 7617).
fn basic(login: &config::Login) -> Result<HeaderValue, SetUpError> {
    let password = secret_file::read(&login.password_file)?;
    let pair = Zeroizing::new(format!("{}:{}", login.user, password.reveal()));
    let mut value =
        HeaderValue::try_from(format!("Basic {}", BASE64.encode(pair.as_bytes()))).expect("base64 is visible ASCII");
    value.set_sensitive(true);
    Ok(value)
}
