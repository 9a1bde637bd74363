//! The endpoints beside Outlook on the web: closed, open to app passwords, or open to networks.
//!
//! Every request is authenticated by itself. NTLM and Negotiate are never forwarded: they authenticate a connection,
//! and the connections to the webmail are shared.

use super::allowed;
use super::basic;
use super::verdict::EndpointDenial;
use crate::context::RequestContext;
use crate::cut::cut_when_cancelled;
use crate::headers;
use crate::metrics::{EndpointName, METRICS, OneEndpoint};
use crate::pages;
use crate::request_body::discard;
use crate::session::registry::WebmailFollower;
use http::header::{AUTHORIZATION, COOKIE, HeaderValue, SET_COOKIE, UPGRADE, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use postern_front::clock;
use postern_front::connection_limits::{ConnectionLimits, Share};
use postern_front::credentials::Credentials;
use postern_front::daemon::Daemon;
use postern_front::password_field::{Codes, Pass, judge, until_refusal};
use postern_front::rate_limited::rate_limited;
use postern_front::session_registry::{CancellationToken, SessionRegistry};
use postern_http::body::{self, Body};
use postern_http::upstream::{Content, Upstream, UpstreamError, of_mailbox};
use postern_products::jar::set_cookies;
use postern_proxy_config::{self as config, Endpoint, Opening};
use postern_wire::auth::{self, PasswordRefused};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Maximum number of requests that are checked at once, in total and for one address.
const MAX_JUDGED: (usize, usize) = (128, 32);
/// How long a request waits to be checked.
const TURN: Duration = Duration::from_secs(3);
/// Requests are refused at multiples of this time after their arrival, so that the response time does not reveal the
/// reason.
const REFUSAL: Duration = Duration::from_secs(1);

const CLOSED: &str = "This way in is closed. Use the webmail, or ask your administrator to open it.\n";
const SIGN_IN: &str = "Sign in with an app password.\n";
const CUT: &str = "The account has changed. Sign in again.\n";
const UNAVAILABLE: &str = "Temporarily unavailable. Try again later.\n";

/// The endpoints of one front.
pub(crate) struct Endpoints {
    openings: config::Endpoints,
    /// The same server, on separate connections.
    upstream: Upstream,
    daemon: Daemon,
    follower: Arc<WebmailFollower>,
    running: SessionRegistry,
    judging: ConnectionLimits,
    /// The challenge that a client receives.
    challenge: HeaderValue,
}

impl Endpoints {
    /// Creates the endpoints. `follower` ends the requests in `running`.
    pub(crate) fn new(
        settings: &config::Webmail,
        upstream: &Upstream,
        daemon: Daemon,
        follower: Arc<WebmailFollower>,
        running: SessionRegistry,
    ) -> Self {
        let challenge = format!("Basic realm=\"{}\", charset=\"UTF-8\"", settings.public_url.host());
        Self {
            openings: settings.endpoints.clone(),
            upstream: upstream.for_endpoints(),
            daemon,
            follower,
            running,
            judging: ConnectionLimits::new(MAX_JUDGED.0),
            challenge: HeaderValue::try_from(challenge).expect("a host is visible ASCII without quotes"),
        }
    }

    /// Answers a request to an endpoint.
    pub(crate) async fn answer(
        &self,
        cx: &RequestContext,
        endpoint: Endpoint,
        request: Request<Incoming>,
    ) -> Response<Body> {
        let opening = self.openings.opening(endpoint);
        match opening {
            Opening::AppPassword => self.by_app_password(cx, endpoint, request).await,
            Opening::Networks(_) if opening.is_open_to(cx.address) => {
                let credentials = basic::header(request.headers()).cloned();
                METRICS.endpoints.count((EndpointName(endpoint), OneEndpoint::Forwarded));
                let shares = self.upstream.of_address(cx.address);
                self.through(cx, endpoint, credentials, (None, &shares), request).await
            }
            Opening::Closed | Opening::Networks(_) => {
                METRICS.endpoints.count((EndpointName(endpoint), OneEndpoint::Closed));
                tracing::debug!(door = endpoint.name(), address = %cx.address, "an endpoint is closed");
                discard(request).await;
                says(StatusCode::FORBIDDEN, CLOSED)
            }
        }
    }

    async fn by_app_password(
        &self,
        cx: &RequestContext,
        endpoint: Endpoint,
        request: Request<Incoming>,
    ) -> Response<Body> {
        let Some(typed) = basic::header(request.headers()).cloned() else {
            // Clients first send a request without credentials, to learn the scheme.
            METRICS.endpoints.count((EndpointName(endpoint), OneEndpoint::Challenge));
            discard(request).await;
            return self.deny(EndpointDenial::Refused);
        };
        let outcome = match self.admit_at_endpoint(cx, endpoint, &typed).await {
            Ok((pass, token)) => self.pass_endpoint(cx, endpoint, &pass, token, request).await,
            Err(denial) => {
                discard(request).await;
                Err(denial)
            }
        };
        METRICS.endpoints.count((EndpointName(endpoint), OneEndpoint::of(&outcome)));
        match outcome {
            Ok(answer) => answer,
            Err(denial) => {
                if denial == EndpointDenial::Refused {
                    tracing::debug!(door = endpoint.name(), address = %cx.address, "refused at an endpoint");
                    sleep(until_refusal(clock::monotonic().saturating_duration_since(cx.now.tick), REFUSAL)).await;
                }
                self.deny(denial)
            }
        }
    }

    /// Checks the credentials of a request. Without a pass, no request is forwarded to the mail server.
    async fn admit_at_endpoint(
        &self,
        cx: &RequestContext,
        endpoint: Endpoint,
        typed: &HeaderValue,
    ) -> Result<(Pass, CancellationToken), EndpointDenial> {
        let typed = basic::read(typed).ok_or(EndpointDenial::Refused)?;
        let shares = Share::of_address(cx.address, MAX_JUDGED.1);
        let turn = timeout(TURN, self.judging.wait_for(&shares)).await;
        let _turn = turn.map_err(|_| EndpointDenial::Unavailable)?;
        self.judge_at_endpoint(cx, endpoint, &typed).await
    }

    async fn judge_at_endpoint(
        &self,
        cx: &RequestContext,
        endpoint: Endpoint,
        typed: &Credentials,
    ) -> Result<(Pass, CancellationToken), EndpointDenial> {
        let before = self.follower.before();
        let origin = auth::Origin { service: Some(endpoint.name().to_owned()), ..cx.origin_without_browser() };
        // As at the IMAP front, no code can be asked for here.
        let asked = (auth::Channel::Imap, origin, Codes::Never);
        let failed =
            |error: &_| tracing::error!(%error, "a request is refused at an endpoint: the daemon gave no verdict");
        let pass = judge(&self.daemon, typed, asked, failed).await?;
        let token = self.running.register(pass.session().clone());
        self.follower.catch_up(before, pass.mailbox()).await;
        Ok((pass, token))
    }

    async fn pass_endpoint(
        &self,
        cx: &RequestContext,
        endpoint: Endpoint,
        pass: &Pass,
        token: CancellationToken,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, EndpointDenial> {
        let credentials = basic::write(pass.mailbox(), pass.password()).ok_or(EndpointDenial::Refused)?;
        let answer =
            self.through(cx, endpoint, Some(credentials), (Some(token), &of_mailbox(pass.mailbox())), request).await;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let (mailbox, endpoint) = (pass.mailbox(), endpoint.name());
        if !answer.headers().contains_key(WWW_AUTHENTICATE) {
            // The mail server did not check the password, so it is still considered valid.
            rate_limited!(
                warn,
                door = endpoint,
                "the mail server does not offer Basic authentication at an endpoint that is open to app passwords: nobody \
                 passes until you turn it on there; see \"Virtual directories\" in exchange.md"
            );
            return Err(EndpointDenial::Unavailable);
        }
        let Some(session) = pass.outdated() else {
            // The message that the filter of fail2ban matches.
            tracing::info!(mailbox, door = endpoint, address = %cx.address, "a door refuses a password");
            return Err(EndpointDenial::Refused);
        };
        // A directory locks an account after a few wrong passwords, and programs retry for days.
        tracing::info!(mailbox, door = endpoint, "the password that an app password stands for has changed");
        let refused = PasswordRefused { session: session.clone() };
        if let Err(error) = self.daemon.password_refused(&refused).await {
            tracing::error!(%error, mailbox, "an outdated app password may be tried once more");
        }
        Err(EndpointDenial::Refused)
    }

    /// Forwards a request with only these credentials for authentication, counted for the holders of `shares`.
    async fn through(
        &self,
        cx: &RequestContext,
        endpoint: Endpoint,
        credentials: Option<HeaderValue>,
        (token, shares): (Option<CancellationToken>, &[Share]),
        request: Request<Incoming>,
    ) -> Response<Body> {
        let (asked, content) = request.into_parts();
        let mut request = Request::new(body::of_client(content));
        *request.method_mut() = asked.method;
        *request.uri_mut() = headers::relative(&asked.uri);
        *request.headers_mut() = headers::passed_on(&asked.headers, allowed::request_headers(endpoint));
        request.headers_mut().remove(UPGRADE);
        let of_client = [(AUTHORIZATION, credentials), (COOKIE, allowed::cookies(endpoint, &asked.headers))];
        for (name, value) in of_client.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            request.headers_mut().insert(name, value);
        }
        let cut = async {
            match token.clone() {
                Some(token) => token.cut().await,
                None => std::future::pending().await,
            }
        };
        let answer = tokio::select! {
            biased;
            () = cut => return says(StatusCode::FORBIDDEN, CUT),
            answer = self.upstream.send_for(request, cx.address, shares) => answer,
        };
        let answer = match answer {
            Ok(answer) if answer.status() != StatusCode::SWITCHING_PROTOCOLS => answer,
            Err(UpstreamError::Client(error)) => {
                tracing::info!(%error, "a request at an endpoint broke off");
                return says(StatusCode::BAD_REQUEST, UNAVAILABLE);
            }
            other => {
                let error = other.err().map(|error| error.to_string());
                rate_limited!(warn, ?error, "no answer to a request at an endpoint");
                return self.deny(EndpointDenial::Unavailable);
            }
        };
        shown(cx, endpoint, answer, token)
    }

    fn deny(&self, denial: EndpointDenial) -> Response<Body> {
        match denial {
            EndpointDenial::Unavailable => says(StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE),
            EndpointDenial::Refused => {
                let mut response = says(StatusCode::UNAUTHORIZED, SIGN_IN);
                response.headers_mut().insert(WWW_AUTHENTICATE, self.challenge.clone());
                response
            }
        }
    }
}

/// The response as forwarded to the client: of its cookies and challenges, only those that the client could send back
/// or use.
fn shown(
    cx: &RequestContext,
    endpoint: Endpoint,
    mut answer: Response<Content>,
    token: Option<CancellationToken>,
) -> Response<Body> {
    let known = allowed::known_cookies(endpoint);
    let set = set_cookies(answer.headers(), cx.now.wall);
    let set: Vec<HeaderValue> = set
        .iter()
        .filter(|cookie| known.contains(&cookie.name.as_str()))
        .filter_map(|cookie| HeaderValue::try_from(format!("{}={}; Secure; HttpOnly", cookie.name, cookie.value)).ok())
        .collect();
    let challenges = answer.headers().get_all(WWW_AUTHENTICATE).iter();
    let basic: Vec<HeaderValue> = challenges.filter(|value| basic::is_offered(value)).cloned().collect();
    headers::strip_response(answer.headers_mut());
    for (name, values) in [(SET_COOKIE, set), (WWW_AUTHENTICATE, basic)] {
        for value in values {
            answer.headers_mut().append(&name, value);
        }
    }
    match token {
        Some(token) => cut_when_cancelled(answer, token),
        None => answer.map(body::stream),
    }
}

fn says(status: StatusCode, text: &str) -> Response<Body> {
    pages::answer(status, "text/plain; charset=utf-8", text.to_owned())
}
