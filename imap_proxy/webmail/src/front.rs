//! The processing of a request, in order: what it is, what its session's stage allows, and which part answers it.

use super::classify::{Class, Classified, Step, classify, decide};
use super::context::RequestContext;
use super::destination;
use super::headers;
use super::host::{self, Host};
use super::pages;
use super::parts::Parts;
use super::request_body::{discard, read_form};
use super::routes::{self, PortalRoute};
use super::session::cookies;
use super::session::stage::Stage;
use super::submission::is_submission;
use super::verdict::Denial;
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use postern_front::daemon::Daemon;
use postern_http::body::Body;
use postern_http::listener::Peer;
use postern_http::upstream::Upstream;
use postern_portal::{Language, Page, fields, paths};
use postern_products::form::Format;
use postern_products::product::{Head, Kind, Product};
use postern_proxy_config::{self as config, HostName, PublicUrl};
use std::sync::Arc;

/// The webmail front.
pub struct WebmailFront {
    product: &'static dyn Product,
    parts: Parts,
    public_url: PublicUrl,
    /// Other host names under which the endpoints are available.
    endpoint_hosts: Vec<HostName>,
}

impl WebmailFront {
    /// Creates the front that the configuration describes; `product` is the one that it names. From here on it follows
    /// changes at the daemon, so it must be created in a runtime.
    ///
    /// # Errors
    /// When the system provides no random bytes.
    pub fn new(
        settings: &config::Webmail,
        product: &'static dyn Product,
        upstream: Upstream,
        daemon: Daemon,
    ) -> Result<Arc<Self>, getrandom::Error> {
        Ok(Arc::new(Self {
            product,
            parts: Parts::new(settings, product, upstream, daemon)?,
            public_url: settings.public_url.clone(),
            endpoint_hosts: settings.endpoint_hosts.clone(),
        }))
    }

    /// The number of sessions that are released and not known to have ended.
    pub fn sessions_open(&self) -> usize {
        self.parts.sessions.count_released()
    }

    /// Answers one request.
    pub async fn serve(self: Arc<Self>, mut request: Request<Incoming>, peer: Peer) -> Response<Body> {
        let Parts { sessions, follower, pages, relay, endpoints, submissions, .. } = &self.parts;
        let cx = RequestContext::new(self.product, sessions, &request, &peer);
        let seen = self.classify(&request);
        if let Some(refused) = self.refuse_host(&cx, &request, &seen) {
            discard(request).await;
            return refused;
        }
        if follower.is_disconnected() {
            return pages.denied(&cx, &Denial::Unavailable);
        }
        let foreign = headers::is_foreign(request.headers(), self.public_url.origin());
        let step = decide(cx.stage, seen.class, foreign);
        // Neither query nor headers are logged, since they contain tokens.
        tracing::debug!(method = %request.method(), class = ?seen.class, stage = ?cx.stage, ?step, "request");
        if let (Some(target), true) = (&cx.wanted, is_at_the_webmail(step, seen.class, &request)) {
            return sent_on(target);
        }
        if let (Step::Pass, Some(session), Some(path)) = (step, &cx.session, &seen.path) {
            let kind = if let Class::Webmail(kind) = seen.class { kind } else { Kind::Background };
            return relay.pass(&cx, session, kind, path, request, peer).await;
        }
        if let Step::Endpoint(endpoint) = step {
            return Box::pin(endpoints.answer(&cx, endpoint, request)).await;
        }
        let is_outside = matches!(cx.stage, Stage::Anonymous | Stage::Stale);
        let wanted = if is_outside { self.wanted(step, &seen, &request) } else { None };
        // This case is rarer, and its future is larger: it is boxed so that the futures of forwarded requests stay
        // small.
        let posted = if let Class::Post(route) = seen.class { Some(route) } else { None };
        let mut answer = match &seen.path {
            Some(path) if is_submission(step, posted) => {
                Box::pin(submissions.submit(cx, step, path.as_str(), &mut request)).await
            }
            _ => Box::pin(self.answer(&cx, step, &seen, &mut request)).await,
        };
        if let Some(wanted) = wanted {
            cookies::remember_wanted(&mut answer, &wanted);
        }
        discard(request).await;
        answer
    }

    fn classify<B>(&self, request: &Request<B>) -> Classified {
        let (path, query) = (request.uri().path().as_bytes(), request.uri().query().unwrap_or_default());
        classify(self.product, request.method(), path, query, request.headers())
    }

    /// The response to a request that is not for this host. Pages and sessions are available only under `public_url`:
    /// under another host name, browsers would use other cookies and other saved passwords. The endpoints are also
    /// available under `endpoint_hosts`. The files of our pages are the same for all clients, and load balancers
    /// request them by IP address.
    fn refuse_host<B>(&self, cx: &RequestContext, request: &Request<B>, seen: &Classified) -> Option<Response<Body>> {
        let host = host::judge(request, &self.public_url, &self.endpoint_hosts);
        if host == Host::Webmail {
            return None;
        }
        match (host, decide(Stage::Anonymous, seen.class, true)) {
            (Host::Malformed, _) => Some(self.parts.pages.bad_request(cx)),
            (Host::Endpoints, Step::Endpoint(_)) | (_, Step::Asset(_)) => None,
            _ => Some(self.notice(cx, StatusCode::MISDIRECTED_REQUEST, &Page::OtherHost)),
        }
    }

    /// Answers a request that is neither forwarded nor submits a form that is processed.
    async fn answer(
        &self,
        cx: &RequestContext,
        step: Step,
        seen: &Classified,
        request: &mut Request<Incoming>,
    ) -> Response<Body> {
        let Parts { pages, relay, portal, .. } = &self.parts;
        match (step, &cx.session, &seen.path) {
            (Step::Asset(file), ..) => pages::asset(file),
            (Step::SendTo(path), ..) => pages::see_other(path),
            (Step::Ended, ..) => pages.ended(cx),
            (Step::Language, ..) => self.change_language(cx, request).await,
            (Step::LoginPage(target), ..) => relay.login_page(cx, target, request).await,
            (Step::Static, ..) => relay.file(cx, request).await,
            (Step::Show(page), Some(session), _) => {
                portal.show(cx, session, page, request.uri().query().unwrap_or_default()).await
            }
            (Step::Gone, _, Some(path)) => {
                let query = request.uri().query().unwrap_or_default();
                relay.gone(&Head { method: request.method(), path, query, headers: request.headers() })
            }
            (Step::NotFound, ..) => self.notice(cx, StatusCode::NOT_FOUND, &Page::NotFound),
            (Step::Forbidden, ..) => self.notice(cx, StatusCode::FORBIDDEN, &Page::BadRequest),
            // Steps that need a session or a path do not occur without one.
            _ => pages.bad_request(cx),
        }
    }

    /// Stores another language, and shows the same page in it.
    async fn change_language(&self, cx: &RequestContext, request: &mut Request<Incoming>) -> Response<Body> {
        let form = read_form(Format::Form, request).await;
        let language = form.as_ref().and_then(|form| Language::from_tag(form.field(fields::TO)?));
        let (Some(form), Some(language)) = (form, language) else { return self.parts.pages.bad_request(cx) };
        let mut response = pages::see_other(routes::back(form.field(fields::BACK).unwrap_or_default()));
        cookies::give_language(&mut response, language);
        response
    }

    /// The page that a user without a session wants to open, who has to sign in first.
    fn wanted<B>(&self, step: Step, seen: &Classified, request: &Request<B>) -> Option<String> {
        let path = match (step, seen.class) {
            (Step::SendTo(_) | Step::LoginPage(_) | Step::Ended, Class::Webmail(_)) => seen.path.as_ref()?,
            (Step::SendTo(_) | Step::Ended, Class::Read(PortalRoute::Security)) => {
                return Some(paths::SECURITY.to_owned());
            }
            _ => return None,
        };
        let (uri, method, headers) = (request.uri(), request.method(), request.headers());
        let head = Head { method, path, query: uri.query().unwrap_or_default(), headers };
        destination::wanted(self.product, self.public_url.origin(), &head, uri.path_and_query()?.as_str())
    }

    fn notice(&self, cx: &RequestContext, status: StatusCode, page: &Page) -> Response<Body> {
        self.parts.pages.reader(cx).page(status, page, None)
    }
}

/// Whether a user who has just signed in is about to see the webmail. Without a session, and before the code, no
/// request is forwarded.
fn is_at_the_webmail<B>(step: Step, class: Class, request: &Request<B>) -> bool {
    step == Step::Pass
        && *request.method() == Method::GET
        && matches!(class, Class::Webmail(Kind::LoginPage(_) | Kind::Navigation))
        && destination::is_of_document(request.headers())
}

/// Redirects to the page that the user wanted.
fn sent_on(target: &str) -> Response<Body> {
    let mut response = pages::see_other(target);
    cookies::forget_wanted(&mut response);
    response
}
