//! The story: what a request is, what its session's stage allows, and who does it.

use super::classify::{Class, Classified, PortalRoute, Step, classify, decide};
use super::context::RequestContext;
use super::destination;
use super::form::{Form, Format, MAX_FORM};
use super::headers;
use super::host::{self, Host};
use super::pages::{self, Reader};
use super::path::Path;
use super::submission::is_submission;
use super::verdict::Stop;
use crate::endpoints::request::Endpoints;
use crate::products::product::{self, Head, Kind, Product};
use crate::session::cookies;
use crate::session::registry::WebmailSessions;
use crate::session::repeats::Repeats;
use crate::session::state::{Stage, UpstreamSession};
use crate::session::store::Store;
use http::header::{CONTENT_TYPE, EXPECT, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use hyper::body::{Body as _, Incoming};
use postern_front::daemon::Daemon;
use postern_front::follow::Follower;
use postern_http::body::{self, Body};
use postern_http::listener::Peer;
use postern_http::upstream::Upstream;
use postern_portal::{Ended, Page, paths};
use postern_proxy_config::{self as config, HostName, PublicUrl};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use zeroize::Zeroize;

/// How long a browser may take to send a form.
pub const FORM_WAIT: Duration = Duration::from_secs(15);
/// How long an answer waits for the rest of a body that is not wanted.
const REST_WAIT: Duration = Duration::from_secs(1);

/// The webmail front.
pub struct WebmailFront {
    pub(super) product: &'static dyn Product,
    pub(super) upstream: Upstream,
    /// The same, for whoever has no session.
    pub(super) upstream_for_visitors: Upstream,
    /// The same, for the requests that a sign-in is made of.
    pub(super) upstream_for_logins: Upstream,
    pub(super) daemon: Daemon,
    pub(super) sessions: Arc<Store>,
    /// Forms that may come again.
    pub(super) repeats: Arc<Repeats>,
    /// Beside the webmail.
    pub(super) endpoints: Endpoints,
    /// Made by this process; see [`crate::session::state::PasswordFingerprint`].
    pub(super) print_key: [u8; 32],
    /// Ends what is over, in `sessions` and at the endpoints.
    pub(super) follower: Arc<Follower<WebmailSessions>>,
    /// Of the pages (RFC 6454): to it forms and security keys are bound.
    pub(super) origin: String,
    public_url: PublicUrl,
    /// Other names under which the endpoints are asked for.
    endpoint_hosts: Vec<HostName>,
    brand: String,
}

impl WebmailFront {
    /// The front that the configuration describes. From here on it follows what changes at the daemon, so it is made
    /// in a runtime.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn new(settings: &config::Webmail, upstream: Upstream, daemon: Daemon) -> Result<Arc<Self>, getrandom::Error> {
        let (mut print_key, mut form_key) = ([0; 32], [0; 32]);
        getrandom::fill(&mut print_key)?;
        getrandom::fill(&mut form_key)?;
        let (sessions, endpoints) = (Arc::<Store>::default(), Endpoints::new(settings, &upstream));
        let repeats = Arc::new(Repeats::new(form_key));
        let (kept, running) = ((Arc::clone(&sessions), Arc::clone(&repeats)), Arc::clone(&endpoints.running));
        let let_in = WebmailSessions { sessions: kept.0, repeats: kept.1, running };
        Ok(Arc::new(Self {
            product: product::of(settings.product),
            upstream_for_visitors: upstream.for_visitors(),
            upstream_for_logins: upstream.for_logins(),
            endpoints,
            upstream,
            follower: Follower::new(daemon.clone(), let_in),
            daemon,
            sessions,
            repeats,
            print_key,
            origin: settings.public_url.origin().to_owned(),
            public_url: settings.public_url.clone(),
            endpoint_hosts: settings.endpoint_hosts.clone(),
            brand: settings.brand.clone(),
        }))
    }

    /// How many sessions are released, and not known to be over.
    pub fn sessions_open(&self) -> usize {
        self.sessions.count_released()
    }

    /// Answers one request.
    pub async fn serve(self: Arc<Self>, mut request: Request<Incoming>, peer: Peer) -> Response<Body> {
        let cx = RequestContext::new(self.product, &self.sessions, &request, &peer);
        if let Some(refused) = self.refuse_host(&cx, &request) {
            discard(request).await;
            return refused;
        }
        if self.follower.is_disconnected() {
            return self.reader(&cx).stop(&Stop::Unavailable);
        }
        let (path, query) = (request.uri().path().as_bytes(), request.uri().query().unwrap_or_default());
        let seen = classify(self.product, request.method(), path, query, request.headers());
        let foreign = headers::is_foreign(request.headers(), &self.origin);
        let step = decide(cx.stage, seen.class, foreign);
        // No query and no header: they hold tokens.
        tracing::debug!(method = %request.method(), class = ?seen.class, stage = ?cx.stage, ?step, "request");
        if let (Some(target), true) = (&cx.wanted, is_at_the_webmail(step, seen.class, &request)) {
            return sent_on(target);
        }
        if let (Step::Pass, Some(key), Some(path)) = (step, &cx.key, &seen.path) {
            let kind = if let Class::Webmail(kind) = seen.class { kind } else { Kind::Background };
            return self.pass(&cx, key, kind, path, request, peer).await;
        }
        if let Step::Endpoint(endpoint) = step {
            return Box::pin(self.endpoint(&cx, endpoint, request)).await;
        }
        let is_outside = matches!(cx.stage, Stage::Anonymous | Stage::Stale);
        let wanted = if is_outside { self.wants(step, &seen, &request) } else { None };
        // Rarer, and larger as a future: boxed, so that those of requests that pass are not.
        let own = if let Class::Post(own) = seen.class { Some(own) } else { None };
        let mut answer = match &seen.path {
            Some(path) if is_submission(step, own) => {
                Box::pin(self.submit(cx, step, path.as_str(), &mut request)).await
            }
            path => Box::pin(self.answer(&cx, step, path.as_ref(), &mut request)).await,
        };
        if let Some(wanted) = wanted {
            cookies::remember_wanted(&mut answer, &wanted);
        }
        discard(request).await;
        answer
    }

    /// The answer to a request that is not for this host. Pages and sessions belong to `public_url` alone: under another
    /// name, browsers would hold other cookies and other passwords. The endpoints are for `endpoint_hosts`, too. The files of our
    /// pages are the same for everybody, and load balancers ask for them by an address.
    fn refuse_host(&self, cx: &RequestContext, request: &Request<Incoming>) -> Option<Response<Body>> {
        let host = host::judge(request, &self.public_url, &self.endpoint_hosts);
        if host == Host::Webmail {
            return None;
        }
        let (path, query) = (request.uri().path().as_bytes(), request.uri().query().unwrap_or_default());
        let seen = classify(self.product, request.method(), path, query, request.headers());
        match (host, decide(Stage::Anonymous, seen.class, true)) {
            (Host::Malformed, _) => Some(self.bad_request(cx)),
            (Host::Endpoints, Step::Endpoint(_)) | (_, Step::Asset(_)) => None,
            _ => Some(self.notice(cx, StatusCode::MISDIRECTED_REQUEST, &Page::OtherHost)),
        }
    }

    /// Answers what does not simply pass.
    pub(super) async fn answer(
        &self,
        cx: &RequestContext,
        step: Step,
        path: Option<&Path>,
        request: &mut Request<Incoming>,
    ) -> Response<Body> {
        match (step, &cx.key, path) {
            (Step::Asset(own), ..) => pages::asset(own),
            (Step::SendTo(path), ..) => pages::see_other(path),
            (Step::Ended, ..) => self.ended(cx),
            (Step::Language, ..) => self.change_language(cx, request).await,
            (Step::LoginPage(target), ..) => self.login_page(cx, target, request).await,
            (Step::Static, ..) => self.file(cx, request).await,
            (Step::Show(own), Some(key), _) => self.show(cx, key, own, request.uri().query().unwrap_or_default()).await,
            (Step::Gone, _, Some(path)) => self.gone(path, request),
            (Step::NotFound, ..) => self.notice(cx, StatusCode::NOT_FOUND, &Page::NotFound),
            (Step::Forbidden, ..) => self.notice(cx, StatusCode::FORBIDDEN, &Page::BadRequest),
            // What has no session or no path has no step that needs one.
            _ => self.bad_request(cx),
        }
    }

    /// Where a person without a session wants to go, who is asked to sign in first.
    fn wants(&self, step: Step, seen: &Classified, request: &Request<Incoming>) -> Option<String> {
        let path = match (step, seen.class) {
            (Step::SendTo(_) | Step::LoginPage(_) | Step::Ended, Class::Webmail(_)) => seen.path.as_ref()?,
            (Step::SendTo(_) | Step::Ended, Class::Read(PortalRoute::Security)) => {
                return Some(paths::SECURITY.to_owned());
            }
            _ => return None,
        };
        let (uri, method, headers) = (request.uri(), request.method(), request.headers());
        let head = Head { method, path, query: uri.query().unwrap_or_default(), headers };
        destination::wanted(self.product, &self.origin, &head, uri.path_and_query()?.as_str())
    }

    pub(super) fn reader(&self, cx: &RequestContext) -> Reader<'_> {
        let signed_in = cx.stage == Stage::Released;
        Reader { language: cx.language, brand: &self.brand, now: cx.now.wall, signed_in, purpose: None }
    }

    fn notice(&self, cx: &RequestContext, status: StatusCode, page: &Page) -> Response<Body> {
        self.reader(cx).page(status, page, None)
    }

    pub(super) fn bad_request(&self, cx: &RequestContext) -> Response<Body> {
        self.notice(cx, StatusCode::BAD_REQUEST, &Page::BadRequest)
    }

    /// The session is over, for a person.
    pub(super) fn ended(&self, cx: &RequestContext) -> Response<Body> {
        let why = self.sessions.why_ended(cx.key.as_ref());
        let mut response = self.reader(cx).ended(why);
        // The browser may have the next one by now, which this answer must not take away.
        if !matches!(why, Ended::GoneOn | Ended::Replaced) {
            cookies::take_session(&mut response);
        }
        response
    }

    /// The session is over, for a script.
    fn gone(&self, path: &Path, request: &Request<Incoming>) -> Response<Body> {
        let query = request.uri().query().unwrap_or_default();
        self.told_gone(&Head { method: request.method(), path, query, headers: request.headers() })
    }

    pub(super) fn told_gone(&self, head: &Head<'_>) -> Response<Body> {
        let gone = self.product.gone(head);
        let mut response = pages::answer(gone.status, gone.content_type, gone.body);
        // It may carry the product's own script, which our pages' policy would stop.
        response.headers_mut().remove(http::header::CONTENT_SECURITY_POLICY);
        response.headers_mut().remove(http::header::X_FRAME_OPTIONS);
        response
    }

    /// Ends a session that gets no further, upstream too as far as that is possible. Nobody waits for it.
    pub(super) fn say_goodbye(&self, cx: &RequestContext, mut behind: UpstreamSession) {
        let Some(target) = behind.goodbye.take() else { return };
        let (upstream, address, now) = (self.upstream.clone(), cx.address, cx.now.wall);
        tokio::spawn(async move {
            let mut request = Request::new(body::empty());
            let Ok(uri) = target.parse::<http::Uri>() else { return };
            let Some(cookies) = behind.jar.header(uri.path(), now, &[]) else { return };
            *request.uri_mut() = uri;
            request.headers_mut().insert(http::header::COOKIE, cookies);
            if let Err(error) = upstream.send(request, address).await {
                tracing::debug!(%error, "a session could not be ended at the webmail");
            }
        });
    }

    /// Reads the form that a request brings; none when it is not one, is too long, or takes too long.
    pub(super) async fn form(&self, request: &mut Request<Incoming>) -> Option<Form> {
        self.form_in(Format::Form, request).await
    }

    /// The same, written so.
    pub(super) async fn form_in(&self, format: Format, request: &mut Request<Incoming>) -> Option<Form> {
        if !is_of_type(request.headers(), &format.content_type()) {
            return None;
        }
        // Refused before anybody is told to send it.
        if request.body().size_hint().lower() > MAX_FORM as u64 {
            return None;
        }
        let bytes = timeout(FORM_WAIT, body::collect(request.body_mut(), MAX_FORM)).await.ok()?.ok()?;
        let form = format.read(&bytes).ok();
        if let Ok(mut bytes) = bytes.try_into_mut() {
            bytes.zeroize();
        }
        form
    }
}

/// Whether a person who has just signed in is about to see the webmail. Without a session, and before the code, nothing
/// passes.
fn is_at_the_webmail(step: Step, class: Class, request: &Request<Incoming>) -> bool {
    step == Step::Pass
        && *request.method() == Method::GET
        && matches!(class, Class::Webmail(Kind::LoginPage(_) | Kind::Navigation))
        && destination::is_of_document(request.headers())
}

/// To the page that they wanted.
fn sent_on(target: &str) -> Response<Body> {
    let mut response = pages::see_other(target);
    cookies::forget_wanted(&mut response);
    response
}

/// Reads what is left of a body that is not wanted, if that is little: whoever is still sending it when the answer is
/// complete may lose the answer (RFC 9113, section 8.1; RFC 9112, section 9.6). Who waits to be told to send it
/// (`Expect: 100-continue`) is not told: reading would do that.
pub(super) async fn drain_body(asked: &HeaderMap, rest: &mut Incoming) {
    if !rest.is_end_stream() && !asked.contains_key(EXPECT) {
        drop(timeout(REST_WAIT, body::collect(rest, MAX_FORM)).await);
    }
}

/// The same, of a request that is answered.
pub(super) async fn discard(request: Request<Incoming>) {
    let (asked, mut rest) = request.into_parts();
    drain_body(&asked.headers, &mut rest).await;
}

fn is_of_type(headers: &HeaderMap, wanted: &HeaderValue) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else { return false };
    let essence = only.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(wanted.as_bytes())
}
