//! Asking for a code, at a sign-in or for a change: the pages for each method, the choice of a method, and the answer.

use super::prepare::{Preparation, is_needed};
use super::transitions::Transitions;
use super::typed::read_answer;
use super::view::{self, answered_with};
use crate::ask::ask;
use crate::context::RequestContext;
use crate::next::{Next, Proven};
use crate::pages::{self, Pages};
use crate::routes::PortalRoute;
use crate::session::challenge::Challenge;
use crate::session::cookies;
use crate::session::handle::SessionHandle;
use crate::session::pending_action::PendingAction;
use crate::session::registry::WebmailFollower;
use crate::session::released::Released;
use crate::session::stage::{BlockedReason, Stage};
use crate::session::state::State;
use crate::verdict::{AfterCode, AfterWaiting, Denial, after_code, after_waiting};
use http::Response;
use postern_front::daemon::Daemon;
use postern_front::follow::Before;
use postern_http::body::Body;
use postern_portal::{MethodKind, Problem, fields, paths};
use postern_products::form::Form;
use postern_wire::Secret;
use postern_wire::auth::{self, Answer, Channel, Offer, Origin};
use std::sync::Arc;

/// The number of backup codes left at or below which a user who has used one is warned.
const FEW_CODES: u32 = 3;

/// The pages that ask for a code.
pub(crate) struct CodePages {
    pub(crate) daemon: Daemon,
    pub(crate) follower: Arc<WebmailFollower>,
    pub(crate) pages: Pages,
    pub(crate) transitions: Transitions,
    pub(crate) preparation: Preparation,
}

/// A code, and the method that it answers.
struct Answered {
    offer: Offer,
    code: Option<Secret>,
    /// Whether the user chooses to trust the browser.
    trust: bool,
    challenge: Option<Secret>,
}

impl CodePages {
    /// Shows one of these pages with the daemon's current data: a method that was removed in another browser, or a
    /// security key of which a copy was detected, is no longer offered.
    pub(crate) async fn show(
        &self,
        cx: &RequestContext,
        session: &SessionHandle,
        route: PortalRoute,
        problem: Option<Problem>,
    ) -> Response<Body> {
        let is_asked = session.with_challenge(|_| ()).is_some();
        let Some(mailbox) = session.mailbox().filter(|_| is_asked) else {
            return view::show(&self.pages, cx, session, route, problem);
        };
        // A signed-in user has to provide the factor again, even in a trusted browser.
        let origin = if cx.is_released() { cx.origin_without_browser() } else { cx.origin() };
        let verdict = ask(&self.daemon, origin, &mailbox, &[]).await.map(|asked| asked.verdict);
        match after_waiting(verdict, &mailbox) {
            // A code that is sent because a sign-in looks unusual is not a second factor.
            AfterWaiting::Challenge { methods, .. } if cx.is_released() && view::is_unusual(&methods) => {
                self.transitions.deny(cx, session, &Denial::Ended)
            }
            AfterWaiting::Challenge { methods, trust_days } => {
                session.with_challenge(|challenge| challenge.renew(methods, trust_days));
                view::show(&self.pages, cx, session, route, problem)
            }
            // The response to a code reports the lock; a short wait is shown on the page itself.
            AfterWaiting::Blocked(BlockedReason::Locked { .. }) => view::show(&self.pages, cx, session, route, problem),
            AfterWaiting::Blocked(why) if !cx.is_released() => self.transitions.block(cx, session, why),
            AfterWaiting::Blocked(why) => self.transitions.deny(cx, session, &why.into()),
            AfterWaiting::Denied(denial) => self.transitions.deny(cx, session, &denial),
        }
    }

    /// Processes a code.
    pub(crate) async fn take_code(
        &self,
        cx: &RequestContext,
        session: &SessionHandle,
        route: PortalRoute,
        form: &Form,
    ) -> Next {
        let answered = session.with_challenge(|challenge| Answered::read(challenge, route, form)).flatten();
        let (Some(answered), Some(mailbox)) = (answered, session.mailbox()) else {
            return self.pages.not_there(cx).into();
        };
        let Answered { offer, code, trust, challenge } = answered;
        if is_needed(&offer) && challenge.is_none() {
            // Submitted twice, or without a code: the page shows how to continue.
            return pages::see_other(paths::CODE).into();
        }
        let Some(code) = code else {
            return view::show(&self.pages, cx, session, route, Some(Problem::NotACode)).into();
        };
        let before = self.follower.before();
        // A browser that is admitted by its token from now on gets a new one, which no other party can have seen or
        // planted.
        let needs_new = trust || offer.id == auth::CONTACT;
        let browser = cookies::known_or_new(session.browser().filter(|_| !needs_new));
        let Ok(browser) = browser else { return self.pages.denied(cx, &Denial::Unavailable).into() };
        let origin = Origin { browser: Some(browser.clone()), ..cx.origin() };
        let (name, method) = (mailbox.clone(), Some(offer.id.clone()));
        let proves = session.with_released(Released::proves).flatten();
        let answer = Answer { name, channel: Channel::Webmail, origin, method, code, challenge, trust, proves };
        let reply = self.daemon.answer(&answer).await;
        let reply = reply.inspect_err(|error| tracing::warn!(%error, "a code could not be judged"));
        match after_code(reply, &mailbox, cx.now.wall) {
            AfterCode::Release { standing, proof, .. } if cx.is_released() => {
                session.with_released(|state| state.context.browser = Some(browser.clone()));
                Next::Proven(Proven { standing, proof, browser })
            }
            AfterCode::Release { standing, proof, codes_left, .. } => {
                let released = Proven { standing, proof, browser };
                self.release(cx, session, released, codes_left, before, &mailbox).await.into()
            }
            // That key is no longer asked for: the user chooses from the remaining methods.
            AfterCode::Again(problem @ Problem::Copied) => {
                self.show(cx, session, PortalRoute::Methods, Some(problem)).await.into()
            }
            AfterCode::Again(problem) => match self.preparation.once(cx, session, &offer).await {
                Ok(()) => view::show(&self.pages, cx, session, route, Some(problem)).into(),
                Err(denial) => self.transitions.deny(cx, session, &denial).into(),
            },
            AfterCode::Denied(denial) => self.transitions.deny(cx, session, &denial).into(),
        }
    }

    /// Releases the session: the code has completed the sign-in.
    async fn release(
        &self,
        cx: &RequestContext,
        session: &SessionHandle,
        Proven { standing, proof, browser }: Proven,
        codes_left: Option<u32>,
        before: Before,
        mailbox: &str,
    ) -> Response<Body> {
        let token = session.advance(Stage::Challenged, |state| match state {
            State::Challenged(mut state) => {
                state.context.browser = Some(browser.clone());
                let mut released = state.release(standing, proof, cx.now);
                if let Some(left) = codes_left.filter(|left| *left <= FEW_CODES) {
                    released.begin_action(PendingAction::FewCodes(left));
                }
                Some(State::Released(released))
            }
            _ => None,
        });
        let mut response = self.transitions.step_up(cx, token, before, mailbox, None).await;
        cookies::remember(&mut response, &browser);
        response
    }

    /// Processes the choice of a method.
    pub(crate) async fn choose(&self, cx: &RequestContext, session: &SessionHandle, form: &Form) -> Response<Body> {
        let chosen = |state: &mut Challenge| match form.field(fields::METHOD) {
            Some(wanted) if state.choose(wanted) => state.chosen().cloned(),
            Some(_) => None,
            // Sent from a page that asks for one of the methods.
            None => {
                note_trust(state, form);
                None
            }
        };
        match session.with_challenge(chosen).flatten() {
            None => pages::see_other(paths::METHODS),
            Some(offer) if offer.id == auth::BACKUP => pages::see_other(paths::BACKUP_CODE),
            Some(offer) => match self.preparation.once(cx, session, &offer).await {
                Ok(()) => pages::see_other(paths::CODE),
                Err(denial) => self.transitions.deny(cx, session, &denial),
            },
        }
    }

    /// Requests another code, or another challenge for the security key.
    pub(crate) async fn send_another(
        &self,
        cx: &RequestContext,
        session: &SessionHandle,
        form: &Form,
    ) -> Response<Body> {
        let wanted = |asked: &mut Challenge| {
            // The page with a code field also has the offer to trust the browser.
            if form.field(fields::CODE).is_some() {
                note_trust(asked, form);
            }
            answered_with(asked, PortalRoute::Code).cloned()
        };
        let Some(offer) = session.with_challenge(wanted).flatten() else { return self.pages.not_there(cx) };
        if is_needed(&offer)
            && let Err(denial) = self.preparation.again(cx, session, &offer).await
        {
            return self.transitions.deny(cx, session, &denial);
        }
        pages::see_other(paths::CODE)
    }
}

impl Answered {
    fn read(state: &mut Challenge, route: PortalRoute, form: &Form) -> Option<Self> {
        let offer = answered_with(state, route)?.clone();
        let code = read_answer(form, &offer);
        let trust = note_trust(state, form);
        let prepared = match view::kind(&offer) {
            // A challenge for a security key can be answered only once.
            MethodKind::Key if code.is_some() => state.take_prepared(&offer.id),
            _ => state.prepared(&offer.id).cloned(),
        };
        Some(Self { offer, code, trust, challenge: prepared.and_then(|prepared| prepared.challenge) })
    }
}

/// Stores whether the user trusts the browser, if the form has the offer.
fn note_trust(state: &mut Challenge, form: &Form) -> bool {
    state.choose_trust(form.field(fields::TRUST) == Some(fields::YES))
}
