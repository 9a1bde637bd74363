//! Our own pages and forms in a session: dispatches each to the part that the table of [routes](super::routes) names,
//! and carries out what that part leaves to others.

use super::account::change::Changes;
use super::account::proving::Proving;
use super::account::security::SecurityPage;
use super::challenge::code::CodePages;
use super::challenge::lost::LostPage;
use super::challenge::set_up::SetUpPages;
use super::challenge::shown_once::ShownOnce;
use super::challenge::transitions::Transitions;
use super::challenge::view;
use super::context::RequestContext;
use super::next::Next;
use super::pages::Pages;
use super::routes::{Part, PortalRoute};
use super::session::cookies;
use super::session::handle::SessionHandle;
use super::session::pending_action::AfterProof;
use http::Response;
use postern_http::body::Body;
use postern_products::form::Form;

/// The parts that have pages.
pub(crate) struct PortalPages {
    pub(crate) pages: Pages,
    pub(crate) transitions: Transitions,
    pub(crate) code: CodePages,
    pub(crate) set_up: SetUpPages,
    pub(crate) lost: LostPage,
    pub(crate) shown_once: ShownOnce,
    pub(crate) security: SecurityPage,
    pub(crate) changes: Changes,
    pub(crate) proving: Proving,
}

impl PortalPages {
    /// Shows a page; the session is in a stage that has this page.
    pub(crate) async fn show(
        &self,
        cx: &RequestContext,
        session: &SessionHandle,
        page: PortalRoute,
        query: &str,
    ) -> Response<Body> {
        if let Some(elsewhere) = ShownOnce::not_confirmed(session, page) {
            return elsewhere;
        }
        match (page.route().part, page) {
            (Part::SetUp, _) => self.set_up.show(cx, session, None).await,
            (Part::Code, _) => self.code.show(cx, session, page, None).await,
            (Part::Account, PortalRoute::Change) => self.changes.show(cx, session, query).await,
            (Part::Account, _) => self.security.show(cx, session).await,
            (Part::Lost | Part::ShownOnce, _) => view::show(&self.pages, cx, session, page, None),
            // These routes have no page in a session: see the table.
            (Part::Asset | Part::Language | Part::Cancel, _) => self.pages.bad_request(cx),
        }
    }

    /// Processes a form; the session is in a stage that accepts it.
    pub(crate) async fn take(
        &self,
        cx: &RequestContext,
        session: &SessionHandle,
        route: PortalRoute,
        form: Form,
    ) -> Response<Body> {
        if let Some(elsewhere) = ShownOnce::not_confirmed(session, route) {
            return elsewhere;
        }
        let mut next = self.first(cx, session, route, form).await;
        let mut browser = None;
        let mut response = loop {
            next = match next {
                Next::Answer(response) => break response,
                Next::Prove(then) => self.proving.prove(cx, session, then).await.into(),
                Next::Proven(proven) => {
                    browser = Some(proven.browser.clone());
                    self.proving.proven(cx, session, proven)
                }
                Next::Change(change) => self.changes.carry_out(cx, session, change).await,
                Next::Add { kind, to, proof } => self.set_up.add(cx, session, kind, to, proof).await,
            };
        };
        if let Some(browser) = browser {
            cookies::remember(&mut response, &browser);
        }
        response
    }

    async fn first(&self, cx: &RequestContext, session: &SessionHandle, route: PortalRoute, form: Form) -> Next {
        match (route.route().part, route) {
            (Part::SetUp, PortalRoute::SetUpWith) => self.set_up.set_up_with(cx, session, &form).await,
            (Part::SetUp, _) => self.set_up.take(cx, session, &form).await,
            (Part::Code, PortalRoute::Methods) => self.code.choose(cx, session, &form).await.into(),
            (Part::Code, PortalRoute::Send) => match self.set_up.send_another(cx, session).await {
                Some(next) => next,
                None => self.code.send_another(cx, session, &form).await.into(),
            },
            (Part::Code, _) => self.code.take_code(cx, session, route, &form).await,
            (Part::Lost, _) => self.lost.take(cx, session, &form).await.into(),
            (Part::ShownOnce, PortalRoute::Saved) => self.shown_once.saved(cx, session, &form).await.into(),
            (Part::ShownOnce, PortalRoute::CodesFile) => self.shown_once.codes_file(cx, session).into(),
            (Part::ShownOnce, _) => self.shown_once.seen(cx, session).into(),
            (Part::Account, PortalRoute::Change) => self.changes.take(cx, session, form).await,
            (Part::Account, _) => Next::Prove(AfterProof::Look),
            (Part::Cancel, _) => self.transitions.cancel(cx, session).into(),
            // These routes accept no form in a session: see the table.
            (Part::Asset | Part::Language, _) => self.pages.bad_request(cx).into(),
        }
    }
}
