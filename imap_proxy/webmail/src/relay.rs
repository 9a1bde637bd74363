//! What passes between browser and webmail: the login page and its files for a stranger, everything for a released
//! session, bound to its mailbox by what the webmail does.

use super::context::RequestContext;
use super::front::{WebmailFront, drain_body};
use super::headers;
use super::jar::{Jar, set_cookies, sole};
use super::pages;
use super::path::Path;
use super::verdict::Stop;
use crate::products::product::{Head, Kind, Life};
use crate::session::cookies;
use crate::session::state::{CancellationToken, State};
use crate::session::store::Key;
use bytes::Bytes;
use http::header::{COOKIE, HeaderMap, REFRESH, UPGRADE};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::upgrade::OnUpgrade;
use postern_front::rate_limited::rate_limited;
use postern_http::body::{self, Body, BoxError};
use postern_http::listener::Peer;
use postern_http::upstream::{self, Content, UpstreamError, tunnel};
use postern_portal::Ended;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Characters that the value of a client's cookie may have to be passed on.
const MAX_CLIENT_COOKIE: usize = 64;

/// Completes when the session is over.
type End = Pin<Box<dyn Future<Output = ()> + Send>>;

impl WebmailFront {
    /// The webmail's login page, by a request in which nothing is the visitor's but the language.
    pub(super) async fn login_page(
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
                self.reader(cx).stop(&Stop::Unavailable)
            }
        }
    }

    /// A file of the login page.
    pub(super) async fn file(&self, cx: &RequestContext, asked: &Request<Incoming>) -> Response<Body> {
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

    /// A request of a released session.
    pub(super) async fn pass(
        &self,
        cx: &RequestContext,
        key: &Key,
        kind: Kind,
        path: &Path,
        mut request: Request<Incoming>,
        peer: Peer,
    ) -> Response<Body> {
        let now = cx.now;
        let client = is_websocket(&request).then(|| hyper::upgrade::on(&mut request));
        let (asked, mut content) = request.into_parts();
        let query = asked.uri.query().unwrap_or_default();
        let head = Head { method: &asked.method, path, query, headers: &asked.headers };
        let own = self.client_cookies(&asked.headers);
        let session = |state: &mut State| match state {
            State::Released(state) => {
                let behind = &state.held.behind;
                let shares = upstream::of_session(key.bytes(), &state.held.mailbox);
                Some((behind.jar.header(path.as_str(), now.wall, &own), behind.unopened, state.token(), shares))
            }
            _ => None,
        };
        let Some((cookies, unopened, token, shares)) = self.sessions.with(key, now.tick, session).flatten() else {
            drain_body(&asked.headers, &mut content).await;
            return self.over(kind, &head);
        };
        if unopened && !matches!(kind, Kind::Static | Kind::Logout) && !self.product.opens(&head) {
            drain_body(&asked.headers, &mut content).await;
            return self.beyond_opening(cx, key, kind, &head);
        }
        let mut request = Request::new(body::of_client(content));
        *request.method_mut() = asked.method.clone();
        *request.uri_mut() = relative(&asked.uri);
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
                return self.bad_request(cx);
            }
            Err(error) => {
                tracing::warn!(%error, "no answer to a released session");
                return self.no_answer(cx, &error);
            }
        };
        let set = set_cookies(answer.headers(), now.wall);
        let judged = |state: &mut State| match state {
            State::Released(state) => {
                let jar = &mut state.held.behind.jar;
                let life = match self.product.life(kind, jar, &set, now.wall) {
                    Life::On if self.product.has_ended(answer.status(), answer.headers()) => Life::Over,
                    life => life,
                };
                if life == Life::On {
                    jar.absorb(&set, now.wall);
                }
                (life, self.news_for_scripts(jar, &asked.headers))
            }
            _ => (Life::Over, Vec::new()),
        };
        // A session that ended meanwhile vouches for nothing any more.
        let (life, mirrored) = self.sessions.with(key, now.tick, judged).unwrap_or((Life::Over, Vec::new()));
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
                self.sessions.remove(key, Ended::SignedOut);
                let mut answer = answer.map(body::stream);
                // It may be the login page.
                headers::for_own_forms(answer.headers_mut());
                cookies::give_login(&mut answer);
                cookies::take_session(&mut answer);
                answer
            }
            Life::Over => {
                if let Some(state) = self.sessions.remove(key, Ended::Webmail) {
                    tracing::info!(mailbox = state.held().mailbox, "the webmail has ended or changed its session");
                }
                self.over(kind, &head)
            }
        }
    }

    /// The webmail gives no answer to a session, which goes on.
    fn no_answer(&self, cx: &RequestContext, error: &UpstreamError) -> Response<Body> {
        self.reader(cx).no_answer(match error {
            UpstreamError::Silent => StatusCode::GATEWAY_TIMEOUT,
            UpstreamError::Full | UpstreamError::Unreachable(_) => StatusCode::SERVICE_UNAVAILABLE,
            UpstreamError::Request(_)
            | UpstreamError::Broken(_)
            | UpstreamError::Client(_)
            | UpstreamError::AsksAsProxy => StatusCode::BAD_GATEWAY,
        })
    }

    /// What a session may not that is there to open a mailbox for the first time: once it is open, the next sign-in learns
    /// whose it is.
    fn beyond_opening(&self, cx: &RequestContext, key: &Key, kind: Kind, head: &Head<'_>) -> Response<Body> {
        if matches!(kind, Kind::Background | Kind::Call) {
            return self.told_gone(head);
        }
        if let Some(state) = self.sessions.remove(key, Ended::Webmail) {
            let mailbox = &state.held().mailbox;
            tracing::info!(
                mailbox,
                "a mailbox is opened for the first time: the webmail names its owner at the next sign-in"
            );
            self.say_goodbye(cx, state.held().behind.clone());
        }
        self.over(kind, head)
    }

    /// The webmail's cookies that its scripts read and that the browser does not have as they are now.
    fn news_for_scripts(&self, jar: &Jar, asked: &HeaderMap) -> Vec<(&'static str, String)> {
        let known = self.product.mirrored_cookies().iter().filter_map(|name| Some((*name, jar.value(name)?)));
        let news = known.filter(|(name, value)| sole(asked, name) != Some(value));
        news.map(|(name, value)| (name, value.to_owned())).collect()
    }

    /// The answer in place of the webmail's when the session is over.
    fn over(&self, kind: Kind, head: &Head<'_>) -> Response<Body> {
        let mut response = match kind {
            Kind::Background | Kind::Call | Kind::Static => self.told_gone(head),
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
        let Some(client) = client else { return self.reader(cx).no_answer(StatusCode::BAD_GATEWAY) };
        let upstream = hyper::upgrade::on(&mut answer);
        peer.tunnel.open();
        // SessionContext as long as the tunnel is open: it counts as a request that runs, and the connection as one.
        let held = (peer.clone(), answer.body_mut().take_place());
        tokio::spawn(async move {
            tunnel(client, upstream, token.cut()).await;
            drop(held);
        });
        answer.map(|_| body::empty())
    }

    /// The cookies of the browser's own that the webmail may see.
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

/// Path and query alone: whatever host a request names, it goes to the one webmail.
pub(super) fn relative(uri: &Uri) -> Uri {
    uri.path_and_query().cloned().map_or_else(Uri::default, Uri::from)
}

/// An answer that is cut off with `token`.
pub(super) fn cut_when_cancelled(answer: Response<Content>, token: CancellationToken) -> Response<Body> {
    answer.map(|content| Cut { content, token, end: None }.boxed_unsync())
}

/// A webmail's answer, cut off when its session ends.
struct Cut {
    content: Content,
    token: CancellationToken,
    /// Once the webmail has made us wait.
    end: Option<End>,
}

impl hyper::body::Body for Cut {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let over = || Some(Err("the session is over".into()));
        // Looked at each time: a webmail and a client that are both fast never wait.
        if this.token.is_cancelled() {
            return Poll::Ready(over());
        }
        let frame = Pin::new(&mut this.content).poll_frame(cx);
        if frame.is_ready() {
            return frame;
        }
        let end = this.end.get_or_insert_with(|| Box::pin(this.token.clone().cut()));
        end.as_mut().poll(cx).map(|()| over())
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.content.size_hint()
    }
}
