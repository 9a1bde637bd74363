//! Data that is shown once: backup codes and app passwords. It stays until the user confirms it, and until then every
//! other page of the account redirects there.

use super::transitions::Transitions;
use super::view;
use crate::context::RequestContext;
use crate::pages::{self, Pages};
use crate::routes::PortalRoute;
use crate::session::handle::SessionHandle;
use crate::session::pending_action::PendingAction;
use crate::session::registry::WebmailFollower;
use crate::session::released::Released;
use crate::session::stage::Stage;
use crate::session::state::State;
use http::Response;
use postern_http::body::Body;
use postern_portal::{fields, paths};
use postern_products::form::Form;
use std::sync::Arc;

/// The pages for data that is shown once.
pub(crate) struct ShownOnce {
    pub(crate) follower: Arc<WebmailFollower>,
    pub(crate) pages: Pages,
    pub(crate) transitions: Transitions,
}

impl ShownOnce {
    /// The redirect from `route` to the page that the user has to confirm first, if there is one.
    pub(crate) fn not_confirmed(session: &SessionHandle, route: PortalRoute) -> Option<Response<Body>> {
        let shown = session.with_released(|state| state.not_confirmed()).flatten()?;
        let is_there = match route {
            PortalRoute::BackupCodes | PortalRoute::Saved | PortalRoute::CodesFile => shown == paths::BACKUP_CODES,
            PortalRoute::AppPassword => shown == paths::APP_PASSWORD,
            _ => false,
        };
        (!is_there).then(|| pages::see_other(shown))
    }

    /// The user confirms that the backup codes are saved.
    pub(crate) async fn saved(&self, cx: &RequestContext, session: &SessionHandle, form: &Form) -> Response<Body> {
        let few = |state: &mut Released| matches!(state.pending_action(), Some(PendingAction::FewCodes(_)));
        let is_ticked = form.field(fields::SAVED) == Some(fields::YES) || session.with_released(few) == Some(true);
        if !is_ticked {
            return view::show(&self.pages, cx, session, PortalRoute::Saved, None);
        }
        if cx.is_released() {
            return self.seen(cx, session);
        }
        let mailbox = session.mailbox();
        let before = self.follower.before();
        let token = session.advance(Stage::SavingCodes, |state| match state {
            State::SavingCodes(state) => Some(State::Released(state.release(cx.now))),
            _ => None,
        });
        let place = (form.field(fields::NEXT) == Some(fields::SECURITY)).then_some(paths::SECURITY);
        self.transitions.step_up(cx, token, before, &mailbox.unwrap_or_default(), place).await
    }

    /// Sends the backup codes as a file.
    pub(crate) fn codes_file(&self, cx: &RequestContext, session: &SessionHandle) -> Response<Body> {
        let codes = |state: &mut State| match state {
            State::SavingCodes(saving) => Some((saving.codes.clone(), state.context().mailbox.clone())),
            State::Released(released) => match released.pending_action() {
                Some(PendingAction::Codes(codes)) => Some((codes.clone(), released.context.mailbox.clone())),
                _ => None,
            },
            _ => None,
        };
        match session.with(codes).flatten() {
            Some((codes, mailbox)) => self.pages.reader(cx).codes_file(&codes, &mailbox),
            None => self.pages.not_there(cx),
        }
    }

    /// The user confirms having seen the data, and continues.
    pub(crate) fn seen(&self, cx: &RequestContext, session: &SessionHandle) -> Response<Body> {
        let end = |state: &mut Released| (state.end_shown(), state.context.upstream.landing.clone());
        match session.with_released(end) {
            Some((Some(PendingAction::FewCodes(_)), landing)) => pages::see_other(&landing),
            Some((Some(_), _)) => pages::see_other(paths::SECURITY),
            _ => self.pages.not_there(cx),
        }
    }
}
