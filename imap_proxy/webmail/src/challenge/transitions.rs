//! Transitions of a session from one stage to the next, and its end.

use crate::context::RequestContext;
use crate::pages::{self, Pages};
use crate::session::context::UpstreamSession;
use crate::session::cookies;
use crate::session::handle::SessionHandle;
use crate::session::logout::Logout;
use crate::session::registry::WebmailFollower;
use crate::session::released::Released;
use crate::session::stage::{BlockedReason, Stage};
use crate::session::state::State;
use crate::session::token::Token;
use crate::verdict::Denial;
use http::Response;
use postern_front::follow::Before;
use postern_http::body::Body;
use postern_portal::{Ended, paths};
use std::sync::Arc;

/// Advances sessions, or ends them.
#[derive(Clone)]
pub(crate) struct Transitions {
    pub(crate) pages: Pages,
    pub(crate) logout: Logout,
    pub(crate) follower: Arc<WebmailFollower>,
}

impl Transitions {
    /// Sets the cookie of the session that this one has [advanced](SessionHandle::advance) to, and redirects the
    /// browser to the page of its stage, or to the page that is `wanted`. `before` was obtained before the daemon was
    /// asked.
    pub(crate) async fn step_up(
        &self,
        cx: &RequestContext,
        token: Result<Option<Token>, getrandom::Error>,
        before: Before,
        mailbox: &str,
        wanted: Option<&str>,
    ) -> Response<Body> {
        let token = match token {
            Ok(Some(token)) => token,
            Ok(None) => return self.pages.ended(cx),
            Err(_) => return self.pages.denied(cx, &Denial::Unavailable),
        };
        let place = |state: &mut State| match state {
            State::Released(state) if state.pending_action().is_none() => {
                wanted.map_or_else(|| state.context.upstream.landing.clone(), str::to_owned)
            }
            _ => paths::BACKUP_CODES.to_owned(),
        };
        let session = cx.session.as_ref().map(|session| session.successor(token.key()));
        let Some(place) = session.and_then(|session| session.with(place)) else { return self.pages.ended(cx) };
        self.follower.catch_up(before, mailbox).await;
        tracing::info!(mailbox, "signed in with a second factor");
        let mut response = pages::see_other(&place);
        cookies::give_session(&mut response, &token);
        response
    }

    /// Ends the sign-in, unless it only has to wait until the daemon can answer, or the user can ask the administrator
    /// for help. A signed-in user stays signed in if the pending action has ended, or if codes are not accepted for
    /// now.
    pub(crate) fn deny(&self, cx: &RequestContext, session: &SessionHandle, denial: &Denial) -> Response<Body> {
        match (cx.stage, denial) {
            (_, Denial::Unavailable | Denial::BadRequest) | (Stage::Released, Denial::Locked { .. }) => {
                self.pages.denied(cx, denial)
            }
            // The page also shows whether the session has ended.
            (Stage::Released, Denial::Ended) => {
                self.give_up(session);
                pages::see_other(paths::SECURITY)
            }
            (Stage::Challenged, Denial::Locked { until }) => {
                self.block(cx, session, BlockedReason::Locked { until: *until })
            }
            _ => self.end(cx, session, denial),
        }
    }

    /// Stops accepting codes in this sign-in.
    pub(crate) fn block(&self, cx: &RequestContext, session: &SessionHandle, why: BlockedReason) -> Response<Body> {
        let mut upstream = UpstreamSession::default();
        let token = session.advance(Stage::Challenged, |state| match state {
            State::Challenged(state) => {
                let (state, left) = state.blocked(why);
                upstream = left;
                Some(State::Blocked(state))
            }
            _ => None,
        });
        self.logout.end(upstream, cx.address, cx.now.wall);
        let Ok(Some(token)) = token else { return self.end(cx, session, &why.into()) };
        let mut response = pages::see_other(paths::CODE);
        cookies::give_session(&mut response, &token);
        response
    }

    /// Ends the session.
    pub(crate) fn end(&self, cx: &RequestContext, session: &SessionHandle, denial: &Denial) -> Response<Body> {
        let was_there = self.drop_session(cx, session, Ended::AccountChanged);
        if *denial == Denial::Ended && !was_there {
            return self.pages.ended(cx);
        }
        let mut response = self.pages.denied(cx, denial);
        cookies::take_session(&mut response);
        response
    }

    /// Cancels, on the user's request.
    pub(crate) fn cancel(&self, cx: &RequestContext, session: &SessionHandle) -> Response<Body> {
        if cx.is_released() {
            return self.give_up(session);
        }
        self.drop_session(cx, session, Ended::SignedOut);
        let mut response = pages::see_other(paths::HOME);
        cookies::take_session(&mut response);
        response
    }

    /// Cancels what is pending on the Security page.
    fn give_up(&self, session: &SessionHandle) -> Response<Body> {
        let given_up = session.with_released(Released::end_action).flatten();
        pages::see_other(if given_up.is_some() { paths::SECURITY } else { paths::HOME })
    }

    /// Removes the session. False: it had ended already.
    fn drop_session(&self, cx: &RequestContext, session: &SessionHandle, why: Ended) -> bool {
        let dropped = session.remove(why);
        dropped.map(|state| self.logout.end(state.context().upstream.clone(), cx.address, cx.now.wall)).is_some()
    }
}
