//! Signing in to the webmail: whether it accepts the password, and whose session it then is.

use super::answer::signs_in_by_script;
use crate::context::RequestContext;
use crate::headers;
use crate::session::context::UpstreamSession;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HeaderValue};
use http::{HeaderMap, Method, Request, StatusCode};
use postern_http::body::{self, BoxError};
use postern_http::upstream::Upstream;
use postern_products::form::Format;
use postern_products::jar::{Cookie, Jar, set_cookies};
use postern_products::product::{IdentityAnswer, IdentityRequest, Kind, Life, Login, Product, SignIn};
use std::time::Duration;
use tokio::time::timeout;

/// Timeout of a request that this front makes itself. A login includes an IMAP login.
const OWN_REQUEST: Duration = Duration::from_secs(30);
/// Maximum size of the response to such a request, in bytes: a mail page lists every folder.
const MAX_PAGE: usize = 4 * 1024 * 1024;

/// Signs in to the webmail.
pub(crate) struct WebmailLogin {
    pub(crate) product: &'static dyn Product,
    /// Uses separate connections, so that no other request delays a sign-in.
    pub(crate) upstream: Upstream,
}

/// A response to a request that this front made itself.
pub(crate) struct OwnAnswer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    set: Vec<Cookie>,
    pub(crate) content: Bytes,
}

/// The webmail's result for a password.
pub(crate) enum Attempt {
    /// It accepts the password.
    Accepted(UpstreamSession),
    /// It refuses the password with this response.
    Refused(OwnAnswer),
    /// It refuses the password, and this login page shows the reason.
    RefusedAt(&'static str),
}

/// The user of a session.
pub(crate) struct Identity {
    /// The name that the webmail shows.
    pub(crate) shown: String,
    /// Another name of the same user.
    pub(crate) also: Option<String>,
}

impl WebmailLogin {
    /// Sends a login to the webmail, in a new webmail session. `hints` are headers that are added to every request.
    ///
    /// # Errors
    /// When the webmail's response is not one that this product is known to give.
    pub(crate) async fn attempt(
        &self,
        cx: &RequestContext,
        hints: &HeaderMap,
        login: &Login,
    ) -> Result<Attempt, BoxError> {
        let mut jar = Jar::default();
        let page = self.own_request(cx, &mut jar, hints, (Method::GET, self.product.login_page()), None).await?;
        let rebuilt = self.product.rebuild(&String::from_utf8_lossy(&page.content), login);
        let rebuilt = rebuilt.ok_or("its login page is not the one of this product")?;
        let form = Some((self.product.format().content_type(), Bytes::copy_from_slice(rebuilt.body.as_bytes())));
        let answer = self.own_request(cx, &mut jar, hints, (Method::POST, rebuilt.target), form).await?;
        match self.product.judge(answer.status, &answer.headers, &answer.set) {
            SignIn::Accepted { landing, logout } => {
                Ok(Attempt::Accepted(UpstreamSession { jar, landing, logout, unopened: false }))
            }
            SignIn::Refused if self.is_refusal(&answer) => Ok(Attempt::Refused(answer)),
            SignIn::Refused => {
                Err(format!("its answer to a login ({}) is none that this product is known for", answer.status).into())
            }
            SignIn::RefusedAt(page) => Ok(Attempt::RefusedAt(page)),
        }
    }

    /// Asks the webmail who is signed in.
    ///
    /// # Errors
    /// When it names no user, or must not be used: then the sign-in is refused.
    pub(crate) async fn identity(
        &self,
        cx: &RequestContext,
        hints: &HeaderMap,
        login: &Login,
        session: &mut UpstreamSession,
    ) -> Result<Identity, BoxError> {
        let mut answers = 0;
        let mut next = self.product.identity_request(answers, &session.jar);
        while let Some(request) = next {
            let before = session.jar.clone();
            let answer = self.ask(cx, &mut session.jar, hints, request).await?;
            if self.product.life(Kind::Navigation, &before, &answer.set, cx.now.wall) != Life::On {
                return Err("its session ended at once".into());
            }
            let page = String::from_utf8_lossy(&answer.content);
            match self.product.identify(answers, answer.status, &answer.headers, &page) {
                IdentityAnswer::Name(shown) => return Ok(Identity { shown, also: None }),
                IdentityAnswer::Names { shown, also } => return Ok(Identity { shown, also: Some(also) }),
                IdentityAnswer::Unopened(page) => {
                    (session.landing, session.unopened) = (page.to_owned(), true);
                    return Ok(Identity { shown: login.name.clone(), also: None });
                }
                IdentityAnswer::BypassRisk(why) => return Err(why.into()),
                IdentityAnswer::More => next = self.product.identity_request(answers + 1, &session.jar),
                IdentityAnswer::At(page) => next = Some(IdentityRequest::page(page)),
                IdentityAnswer::Nothing => break,
            }
            answers += 1;
        }
        Err("its page names nobody; is it the product, and with the skin, that this front is told of?".into())
    }

    async fn ask(
        &self,
        cx: &RequestContext,
        jar: &mut Jar,
        hints: &HeaderMap,
        request: IdentityRequest,
    ) -> Result<OwnAnswer, BoxError> {
        let mut hints = hints.clone();
        hints.extend(request.headers);
        let body = request.body.map(|body| {
            let kind = hints.remove(CONTENT_TYPE).unwrap_or(Format::Form.content_type());
            (kind, Bytes::from_static(body.as_bytes()))
        });
        self.own_request(cx, jar, &hints, (request.method, &request.target), body).await
    }

    /// Whether the product refuses a login in this way: with a page, or with a response to the script that sent it.
    fn is_refusal(&self, answer: &OwnAnswer) -> bool {
        let wanted: &[u8] = if signs_in_by_script(self.product) { b"application/json" } else { b"text/html" };
        let of_kind = answer.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(wanted));
        of_kind && matches!(answer.status, StatusCode::OK | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
    }

    /// A request that consists only of constants, a jar and a rebuilt form.
    async fn own_request(
        &self,
        cx: &RequestContext,
        jar: &mut Jar,
        hints: &HeaderMap,
        target: (Method, &str),
        content: Option<(HeaderValue, Bytes)>,
    ) -> Result<OwnAnswer, BoxError> {
        let exchange = self.exchange(cx, jar, hints, target, content);
        timeout(OWN_REQUEST, exchange).await.unwrap_or_else(|_| Err("it took too long".into()))
    }

    async fn exchange(
        &self,
        cx: &RequestContext,
        jar: &mut Jar,
        hints: &HeaderMap,
        (method, target): (Method, &str),
        content: Option<(HeaderValue, Bytes)>,
    ) -> Result<OwnAnswer, BoxError> {
        let mut request = Request::new(body::empty());
        *request.method_mut() = method;
        *request.uri_mut() = target.parse()?;
        *request.headers_mut() = hints.clone();
        headers::add(request.headers_mut(), self.product.own_headers());
        if let Some(cookies) = jar.header(request.uri().path(), cx.now.wall, self.product.own_cookies()) {
            request.headers_mut().insert(COOKIE, cookies);
        }
        if let Some((kind, content)) = content {
            request.headers_mut().insert(CONTENT_TYPE, kind);
            *request.body_mut() = body::full(content);
        }
        let (head, content) = self.upstream.send(request, cx.address).await?.into_parts();
        let set = set_cookies(&head.headers, cx.now.wall);
        jar.absorb(&set, cx.now.wall);
        let content = body::collect(content, MAX_PAGE).await?;
        Ok(OwnAnswer { status: head.status, headers: head.headers, set, content })
    }
}
