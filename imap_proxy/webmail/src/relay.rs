//! Forwarding between browser and webmail: without a session, the login page and its files; in a released session,
//! everything. The session stays bound to its mailbox according to the webmail's responses.

use super::context::RequestContext;
use super::cut::cut_when_cancelled;
use super::headers;
use super::pages::{self, Pages};
use super::request_body::drain_body;
use super::session::cookies;
use super::session::handle::SessionHandle;
use super::session::logout::Logout;
use super::session::state::State;
use super::verdict::Denial;
use http::header::{CONTENT_SECURITY_POLICY, COOKIE, HeaderMap, HeaderValue, REFRESH, UPGRADE, X_FRAME_OPTIONS};
use http::{Method, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use postern_front::connection_limits::Share;
use postern_front::rate_limited::rate_limited;
use postern_front::session_registry::CancellationToken;
use postern_http::body::{self, Body};
use postern_http::listener::Peer;
use postern_http::upstream::{self, Content, Upstream, UpstreamError, tunnel};
use postern_portal::Ended;
use postern_products::jar::{Jar, set_cookies, sole};
use postern_products::path::Path;
use postern_products::product::{Head, Kind, Life, Product};

/// Maximum number of characters of a client cookie's value that is forwarded.
const MAX_CLIENT_COOKIE: usize = 64;

/// Forwards requests to the webmail.
pub(crate) struct Relay {
    pub(crate) product: &'static dyn Product,
    pub(crate) upstream: Upstream,
    /// The same webmail, with a separate limit for requests without a session.
    pub(crate) upstream_for_visitors: Upstream,
    pub(crate) pages: Pages,
    pub(crate) logout: Logout,
}

/// What is sent with a request of a released session.
struct Outgoing {
    cookies: Option<HeaderValue>,
    /// See [`UpstreamSession::unopened`](super::session::context::UpstreamSession::unopened).
    unopened: bool,
    /// Cancelled when the session ends.
    token: CancellationToken,
    /// The owner for whom it is counted.
    shares: Vec<Share>,
}

impl Relay {
    /// Fetches the webmail's login page, by a request that takes only the language from the client's request.
    pub(crate) async fn login_page(
        &self,
        cx: &RequestContext,
        target: &'static str,
        asked: &Request<Incoming>,
    ) -> Response<Body> {
        let mut hints = headers::for_login(asked.headers());
        headers::add(&mut hints, self.product.own_headers());
        let response = self.ask_without_session(cx, asked.method(), Uri::from_static(target), hints).await;
        match response {
            Some(mut response) if response.status() == StatusCode::OK => {
                headers::for_own_forms(response.headers_mut());
                cookies::give_login(&mut response);
                response
            }
            other => {
                let status = other.map(|response| response.status());
                rate_limited!(warn, ?status, "the webmail shows no login page");
                self.pages.denied(cx, &Denial::Unavailable)
            }
        }
    }

    /// Fetches a file of the login page.
    pub(crate) async fn file(&self, cx: &RequestContext, asked: &Request<Incoming>) -> Response<Body> {
        let hints = headers::for_file(asked.headers());
        let response = self.ask_without_session(cx, asked.method(), asked.uri().clone(), hints).await;
        let nothing = |status| pages::answer(status, "text/plain; charset=utf-8", String::new());
        match response {
            Some(response) if !response.status().is_redirection() => response,
            Some(response) if response.status() == StatusCode::NOT_MODIFIED => response,
            Some(_) => nothing(StatusCode::NOT_FOUND),
            None => nothing(StatusCode::SERVICE_UNAVAILABLE),
        }
    }

    async fn ask_without_session(
        &self,
        cx: &RequestContext,
        method: &Method,
        target: Uri,
        headers: HeaderMap,
    ) -> Option<Response<Body>> {
        let mut request = Request::new(body::empty());
        *request.method_mut() = method.clone();
        *request.uri_mut() = target;
        *request.headers_mut() = headers;
        let answer = self.upstream_for_visitors.send(request, cx.address).await;
        let answer = answer.inspect_err(|error| rate_limited!(warn, %error, "no answer to a visitor")).ok()?;
        let mut answer = answer.map(body::stream);
        headers::strip_response(answer.headers_mut());
        answer.headers_mut().remove(REFRESH);
        Some(answer)
    }

    /// Forwards a request of a released session.
    pub(crate) async fn pass(
        &self,
        cx: &RequestContext,
        session: &SessionHandle,
        kind: Kind,
        path: &Path,
        mut request: Request<Incoming>,
        peer: Peer,
    ) -> Response<Body> {
        let client = is_websocket(&request).then(|| hyper::upgrade::on(&mut request));
        let (asked, mut content) = request.into_parts();
        let query = asked.uri.query().unwrap_or_default();
        let head = Head { method: &asked.method, path, query, headers: &asked.headers };
        let Some(Outgoing { cookies, unopened, token, shares }) = self.outgoing(cx, session, &head) else {
            drain_body(&asked.headers, &mut content).await;
            return self.over(kind, &head);
        };
        if unopened && !matches!(kind, Kind::Static | Kind::Logout) && !self.product.opens(&head) {
            drain_body(&asked.headers, &mut content).await;
            return self.beyond_opening(cx, session, kind, &head);
        }
        let mut request = Request::new(body::of_client(content));
        *request.method_mut() = asked.method.clone();
        *request.uri_mut() = headers::relative(&asked.uri);
        *request.headers_mut() = headers::passed_on(&asked.headers, self.product.request_headers());
        if let Some(cookies) = cookies {
            request.headers_mut().insert(COOKIE, cookies);
        }
        let answer = tokio::select! {
            biased;
            () = token.clone().cut() => return self.over(kind, &head),
            answer = self.upstream.send_for(request, cx.address, &shares) => answer,
        };
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(UpstreamError::Client(error)) => {
                tracing::info!(%error, "a request of a released session broke off");
                return self.pages.bad_request(cx);
            }
            Err(error) => {
                tracing::warn!(%error, "no answer to a released session");
                return self.no_answer(cx, &error);
            }
        };
        let (life, mirrored) = self.judge(cx, session, kind, &head, &answer);
        headers::strip_response(answer.headers_mut());
        match life {
            Life::On if answer.status() == StatusCode::SWITCHING_PROTOCOLS => {
                self.switch(cx, client, answer, &peer, token)
            }
            Life::On => {
                let mut answer = cut_when_cancelled(answer, token);
                for (name, value) in mirrored {
                    cookies::mirror(&mut answer, name, &value);
                }
                answer
            }
            Life::SignedOut => {
                session.remove(Ended::SignedOut);
                let mut answer = answer.map(body::stream);
                // The response may be the login page.
                headers::for_own_forms(answer.headers_mut());
                cookies::give_login(&mut answer);
                cookies::take_session(&mut answer);
                answer
            }
            Life::Over => {
                if let Some(state) = session.remove(Ended::Webmail) {
                    tracing::info!(mailbox = state.context().mailbox, "the webmail has ended or changed its session");
                }
                self.over(kind, &head)
            }
        }
    }

    /// What is sent with the request; none: the session has ended.
    fn outgoing(&self, cx: &RequestContext, session: &SessionHandle, head: &Head<'_>) -> Option<Outgoing> {
        let own = self.client_cookies(head.headers);
        let released = |state: &mut State| match state {
            State::Released(state) => {
                let upstream = &state.context.upstream;
                Some(Outgoing {
                    cookies: upstream.jar.header(head.path.as_str(), cx.now.wall, &own),
                    unopened: upstream.unopened,
                    token: state.token(),
                    shares: upstream::of_session(session.key().bytes(), &state.context.mailbox),
                })
            }
            _ => None,
        };
        session.with(released).flatten()
    }

    /// Determines what the response means for the session, and the cookies to set for the webmail's scripts.
    fn judge(
        &self,
        cx: &RequestContext,
        session: &SessionHandle,
        kind: Kind,
        head: &Head<'_>,
        answer: &Response<Content>,
    ) -> (Life, Vec<(&'static str, String)>) {
        let set = set_cookies(answer.headers(), cx.now.wall);
        let judged = |state: &mut State| match state {
            State::Released(state) => {
                let jar = &mut state.context.upstream.jar;
                let life = match self.product.life(kind, jar, &set, cx.now.wall) {
                    Life::On if self.product.has_ended(answer.status(), answer.headers()) => Life::Over,
                    life => life,
                };
                if life == Life::On {
                    jar.absorb(&set, cx.now.wall);
                }
                (life, self.news_for_scripts(jar, head.headers))
            }
            _ => (Life::Over, Vec::new()),
        };
        // If the session ended in the meantime, the response is not forwarded.
        session.with(judged).unwrap_or((Life::Over, Vec::new()))
    }

    /// The response if the webmail does not answer; the session continues.
    fn no_answer(&self, cx: &RequestContext, error: &UpstreamError) -> Response<Body> {
        self.pages.reader(cx).no_answer(match error {
            UpstreamError::Silent => StatusCode::GATEWAY_TIMEOUT,
            UpstreamError::Full | UpstreamError::Unreachable(_) => StatusCode::SERVICE_UNAVAILABLE,
            UpstreamError::Request(_)
            | UpstreamError::Broken(_)
            | UpstreamError::Client(_)
            | UpstreamError::AsksAsProxy => StatusCode::BAD_GATEWAY,
        })
    }

    /// Refuses a request that a session for opening a mailbox for the first time must not make. Once the mailbox is
    /// open, the next sign-in determines whose it is.
    fn beyond_opening(
        &self,
        cx: &RequestContext,
        session: &SessionHandle,
        kind: Kind,
        head: &Head<'_>,
    ) -> Response<Body> {
        if matches!(kind, Kind::Background | Kind::Call) {
            return self.gone(head);
        }
        if let Some(state) = session.remove(Ended::Webmail) {
            let mailbox = &state.context().mailbox;
            tracing::info!(
                mailbox,
                "a mailbox is opened for the first time: the webmail names its owner at the next sign-in"
            );
            self.logout.end(state.context().upstream.clone(), cx.address, cx.now.wall);
        }
        self.over(kind, head)
    }

    /// The webmail's cookies that its scripts read and that the browser does not have, or not with their current
    /// values.
    fn news_for_scripts(&self, jar: &Jar, asked: &HeaderMap) -> Vec<(&'static str, String)> {
        let known = self.product.mirrored_cookies().iter().filter_map(|name| Some((*name, jar.value(name)?)));
        let news = known.filter(|(name, value)| sole(asked, name) != Some(value));
        news.map(|(name, value)| (name, value.to_owned())).collect()
    }

    /// Informs a script that the session has ended, in the product's own format.
    pub(crate) fn gone(&self, head: &Head<'_>) -> Response<Body> {
        let gone = self.product.gone(head);
        let mut response = pages::answer(gone.status, gone.content_type, gone.body);
        // It may contain the product's own script, which our pages' policy would block.
        response.headers_mut().remove(CONTENT_SECURITY_POLICY);
        response.headers_mut().remove(X_FRAME_OPTIONS);
        response
    }

    /// The response in place of the webmail's when the session has ended.
    fn over(&self, kind: Kind, head: &Head<'_>) -> Response<Body> {
        let mut response = match kind {
            Kind::Background | Kind::Call | Kind::Static => self.gone(head),
            _ => pages::see_other(self.product.ended_page()),
        };
        cookies::take_session(&mut response);
        response
    }

    fn switch(
        &self,
        cx: &RequestContext,
        client: Option<OnUpgrade>,
        mut answer: Response<Content>,
        peer: &Peer,
        token: CancellationToken,
    ) -> Response<Body> {
        let Some(client) = client else { return self.pages.reader(cx).no_answer(StatusCode::BAD_GATEWAY) };
        let upstream = hyper::upgrade::on(&mut answer);
        peer.tunnel.open();
        // Kept as long as the tunnel is open: it counts as a running request, and its connection as open.
        let counted = (peer.clone(), answer.body_mut().take_place());
        tokio::spawn(async move {
            tunnel(client, upstream, token.cut()).await;
            drop(counted);
        });
        answer.map(|_| body::empty())
    }

    /// The browser's own cookies that are forwarded to the webmail.
    fn client_cookies<'a>(&self, asked: &'a HeaderMap) -> Vec<(&'static str, &'a str)> {
        let known = self.product.client_cookies().iter().filter_map(|name| Some((*name, sole(asked, name)?)));
        known.filter(|(_, value)| is_plain(value)).collect()
    }
}

fn is_plain(value: &str) -> bool {
    value.len() <= MAX_CLIENT_COOKIE
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn is_websocket(request: &Request<Incoming>) -> bool {
    let wanted = request.headers().get(UPGRADE);
    *request.method() == Method::GET && wanted.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}
