//! A form of ours, or a login form, is taken: once, however often it comes (see [`crate::session::repeats`]).

use super::classify::{PortalRoute, Step, home};
use super::context::RequestContext;
use super::form::{Form, Format};
use super::front::WebmailFront;
use super::headers;
use super::pages;
use super::verdict::Stop;
use crate::session::cookies;
use crate::session::repeats::{Before, Begun, Coming, Owner};
use crate::session::state::Stage;
use crate::session::store::Key;
use http::{HeaderMap, Request, Response};
use hyper::body::Incoming;
use postern_http::body::Body;
use postern_portal::{fields, paths};
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;

type Answering<'a> = Pin<Box<dyn Future<Output = Response<Body>> + Send + 'a>>;

/// Whether a form that leads to this step is judged, or may have been, in a session that has gone on since.
pub(crate) fn is_submission(step: Step, own: Option<PortalRoute>) -> bool {
    match step {
        Step::Take(_) | Step::SignIn => true,
        Step::Ended | Step::SendTo(_) => own.is_some(),
        _ => false,
    }
}

impl WebmailFront {
    /// Takes a form at `path`.
    pub(crate) async fn submit(
        self: &Arc<Self>,
        cx: RequestContext,
        step: Step,
        path: &str,
        request: &mut Request<Incoming>,
    ) -> Response<Body> {
        let format = if step == Step::SignIn { self.product.format() } else { Format::Form };
        let Some(form) = self.form_in(format, request).await else {
            return match step {
                Step::SignIn => self.told(self.bad_request(&cx)),
                Step::Take(_) => self.bad_request(&cx),
                _ => self.answer(&cx, step, None, request).await,
            };
        };
        let (now, session) = (cx.now.tick, cx.key);
        let key = match step {
            Step::SignIn => cookies::login(request.headers()),
            _ => form.field(fields::IDEMPOTENCY_KEY).filter(|key| cookies::is_random(key)),
        };
        let id = key.map(|key| self.repeats.id(path, key, &form));
        if !matches!(step, Step::SignIn | Step::Take(_)) {
            return match id.and_then(|id| self.repeats.find(&id, session.as_ref(), now)) {
                Some(before) => self.as_before(&cx, step, path, before).await,
                None => self.answer(&cx, step, None, request).await,
            };
        }
        let owner = match (step, session) {
            (Step::Take(_), Some(key)) => Owner::Session(key),
            _ => Owner::Client(cx.address),
        };
        let is_there = |key: &Key| self.sessions.stage(Some(key), now) != Stage::Stale;
        match self.repeats.begin(id, owner, session.as_ref(), now, is_there) {
            Ok(Begun::Before(before)) => self.as_before(&cx, step, path, before).await,
            Ok(Begun::Now(judging, coming)) => {
                let (front, cx) = (Arc::clone(self), Arc::new(cx));
                let (hints, judged) = (headers::for_login(request.headers()), Arc::clone(&cx));
                tokio::spawn(async move {
                    judging.answer(front.judge(&judged, step, &hints, &form).await).await;
                });
                self.coming(&cx, step, coming).await
            }
            Ok(Begun::Full) | Err(_) => self.unavailable(&cx, step),
        }
    }

    /// Boxed, since the futures are large, and differ.
    fn judge<'a>(&'a self, cx: &'a RequestContext, step: Step, hints: &'a HeaderMap, form: &'a Form) -> Answering<'a> {
        match (step, &cx.key) {
            (Step::Take(own), Some(key)) => Box::pin(self.take(cx, key, own, form)),
            (Step::SignIn, _) => Box::pin(self.sign_in(cx, hints, form)),
            // No other step takes a form.
            _ => Box::pin(ready(self.bad_request(cx))),
        }
    }

    /// The answer to a form that came before.
    async fn as_before(&self, cx: &RequestContext, step: Step, path: &str, before: Before) -> Response<Body> {
        match before {
            Before::Answer(coming) => self.coming(cx, step, coming).await,
            Before::Judged if cx.stage == Stage::Stale => self.ended(cx),
            Before::Judged if path.starts_with(paths::SECURITY) => pages::see_other(paths::SECURITY),
            Before::Judged => pages::see_other(home(cx.stage)),
        }
    }

    async fn coming(&self, cx: &RequestContext, step: Step, coming: Coming) -> Response<Body> {
        coming.answer().await.unwrap_or_else(|| self.unavailable(cx, step))
    }

    fn unavailable(&self, cx: &RequestContext, step: Step) -> Response<Body> {
        let answer = self.reader(cx).stop(&Stop::Unavailable);
        if step == Step::SignIn { self.told(answer) } else { answer }
    }
}
