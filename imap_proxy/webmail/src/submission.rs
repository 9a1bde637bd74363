//! Processes a submitted form of ours, or a login form, once, however often it is submitted (see
//! [`super::session::repeats`]).

use super::classify::Step;
use super::context::RequestContext;
use super::headers;
use super::login::answer::LoginAnswer;
use super::login::sign_in::SignIns;
use super::pages::{self, Pages};
use super::portal_pages::PortalPages;
use super::request_body::read_form;
use super::routes::{PortalRoute, home};
use super::session::cookies;
use super::session::handle::SessionHandle;
use super::session::repeats::{Begun, Earlier, FormId, Owner, PendingAnswer, Repeats};
use super::session::stage::Stage;
use super::session::store::Store;
use super::session::token::Key;
use super::verdict::Denial;
use http::{Request, Response};
use hyper::body::Incoming;
use postern_http::body::Body;
use postern_portal::{fields, paths};
use postern_products::form::{Form, Format};
use postern_products::product::Product;
use std::sync::Arc;

/// Whether a form that leads to this step is processed, or may have been processed earlier, in a session that has
/// advanced since.
pub(crate) fn is_submission(step: Step, posted: Option<PortalRoute>) -> bool {
    match step {
        Step::Take(_) | Step::SignIn => true,
        Step::Ended | Step::SendTo(_) => posted.is_some(),
        _ => false,
    }
}

/// Processes forms.
pub(crate) struct Submissions {
    pub(crate) product: &'static dyn Product,
    pub(crate) sessions: Arc<Store>,
    pub(crate) repeats: Arc<Repeats>,
    pub(crate) pages: Pages,
    pub(crate) sign_ins: Arc<SignIns>,
    pub(crate) portal: Arc<PortalPages>,
}

/// The outcome of a form.
enum Taken {
    Answer(Response<Body>),
    /// It was processed before, and its response is no longer kept.
    Judged,
    /// It could not be processed.
    Unavailable,
}

impl Submissions {
    /// Processes a form at `path`.
    pub(crate) async fn submit(
        &self,
        cx: RequestContext,
        step: Step,
        path: &str,
        request: &mut Request<Incoming>,
    ) -> Response<Body> {
        match step {
            Step::SignIn => self.sign_in(cx, path, request).await,
            Step::Take(route) => self.take(cx, route, path, request).await,
            _ => self.outdated(&cx, step, path, request).await,
        }
    }

    /// Processes a login form.
    async fn sign_in(&self, cx: RequestContext, path: &str, request: &mut Request<Incoming>) -> Response<Body> {
        let Some(form) = read_form(self.product.format(), request).await else {
            return LoginAnswer::not_a_login(&self.pages, &cx).for_product(self.product);
        };
        let id = cookies::login(request.headers()).map(|key| self.repeats.id(path, key, &form));
        let hints = headers::for_login(request.headers());
        let (cx, sign_ins, product) = (Arc::new(cx), Arc::clone(&self.sign_ins), self.product);
        let judged = Arc::clone(&cx);
        let judge = async move { sign_ins.sign_in(&judged, &hints, &form).await.for_product(product) };
        match self.once(&cx, id, Owner::Client(cx.address), judge).await {
            Taken::Answer(answer) => answer,
            Taken::Judged => self.judged(&cx, path),
            Taken::Unavailable => LoginAnswer::denied(&self.pages, &cx, &Denial::Unavailable).for_product(self.product),
        }
    }

    /// Processes a form of a session.
    async fn take(
        &self,
        cx: RequestContext,
        route: PortalRoute,
        path: &str,
        request: &mut Request<Incoming>,
    ) -> Response<Body> {
        let (Some(form), Some(session)) = (read_form(Format::Form, request).await, cx.session.clone()) else {
            return self.pages.bad_request(&cx);
        };
        let id = idempotency_key(&form).map(|key| self.repeats.id(path, key, &form));
        let owner = Owner::Session(*session.key());
        let (cx, portal) = (Arc::new(cx), Arc::clone(&self.portal));
        let judged = Arc::clone(&cx);
        let judge = async move { portal.take(&judged, &session, route, form).await };
        match self.once(&cx, id, owner, judge).await {
            Taken::Answer(answer) => answer,
            Taken::Judged => self.judged(&cx, path),
            Taken::Unavailable => self.pages.denied(&cx, &Denial::Unavailable),
        }
    }

    /// A form that the session's stage does not accept: it may have been processed before the session advanced.
    async fn outdated(
        &self,
        cx: &RequestContext,
        step: Step,
        path: &str,
        request: &mut Request<Incoming>,
    ) -> Response<Body> {
        let form = read_form(Format::Form, request).await;
        let id = form.and_then(|form| idempotency_key(&form).map(|key| self.repeats.id(path, key, &form)));
        let session = cx.session.as_ref().map(SessionHandle::key);
        let earlier = id.and_then(|id| self.repeats.find(&id, session, cx.now.tick));
        match (earlier, step) {
            (Some(Earlier::Answer(pending)), _) => match pending.answer().await {
                Some(answer) => answer,
                None => self.pages.denied(cx, &Denial::Unavailable),
            },
            (Some(Earlier::Judged), _) => self.judged(cx, path),
            (None, Step::SendTo(place)) => pages::see_other(place),
            (None, _) => self.pages.ended(cx),
        }
    }

    /// Processes a form unless that was done before, in a task of its own, so that it completes even if the browser
    /// disconnects.
    async fn once(
        &self,
        cx: &RequestContext,
        id: Option<FormId>,
        owner: Owner,
        judge: impl Future<Output = Response<Body>> + Send + 'static,
    ) -> Taken {
        let session = cx.session.as_ref().map(SessionHandle::key);
        let is_there = |key: &Key| self.sessions.stage(Some(key), cx.now.tick) != Stage::Stale;
        match self.repeats.begin(id, owner, session, cx.now.tick, is_there) {
            Ok(Begun::Earlier(Earlier::Answer(pending))) => Taken::wait_for(pending).await,
            Ok(Begun::Earlier(Earlier::Judged)) => Taken::Judged,
            Ok(Begun::Now(judging, pending)) => {
                tokio::spawn(async move { judging.answer(judge.await).await });
                Taken::wait_for(pending).await
            }
            Ok(Begun::Full) | Err(_) => Taken::Unavailable,
        }
    }

    /// The response to a form that was processed before, if the first response is not kept: a redirect to the user's
    /// current page.
    fn judged(&self, cx: &RequestContext, path: &str) -> Response<Body> {
        match cx.stage {
            Stage::Stale => self.pages.ended(cx),
            _ if path.starts_with(paths::SECURITY) => pages::see_other(paths::SECURITY),
            stage => pages::see_other(home(stage)),
        }
    }
}

impl Taken {
    async fn wait_for(pending: PendingAnswer) -> Self {
        pending.answer().await.map_or(Self::Unavailable, Self::Answer)
    }
}

fn idempotency_key(form: &Form) -> Option<&str> {
    form.field(fields::IDEMPOTENCY_KEY).filter(|key| cookies::is_random(key))
}
