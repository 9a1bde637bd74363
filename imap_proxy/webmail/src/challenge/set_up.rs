//! Setting up a method: the first one, an authenticator app unless the user chooses otherwise; or, from the Security
//! page, a further one or a contact address.

use super::transitions::Transitions;
use super::typed::{read_digits, read_response};
use super::view;
use crate::context::RequestContext;
use crate::next::Next;
use crate::pages::{self, Pages};
use crate::routes::PortalRoute;
use crate::session::cookies;
use crate::session::enrolment::{Enrolment, SettingUp, default_kind};
use crate::session::handle::SessionHandle;
use crate::session::pending_action::{AfterProof, PendingAction};
use crate::session::registry::WebmailFollower;
use crate::session::stage::Stage;
use crate::session::state::State;
use crate::verdict::{AfterCode, AfterEnrol, Denial, after_confirm, after_enrol};
use http::Response;
use postern_front::daemon::Daemon;
use postern_http::body::Body;
use postern_portal::{DESCRIPTION_LENGTH, DESTINATION_LENGTH, Done, MethodKind, Problem, fields, paths};
use postern_products::form::Form;
use postern_wire::Secret;
use postern_wire::auth::{Channel, Confirm, Enrol, MAX_CODE, Origin};
use std::sync::Arc;

/// The enrolment to begin.
struct Wanted {
    kind: MethodKind,
    /// The ticket of an enrolment that has begun already: to show it again, or to have another code sent.
    ticket: Option<Secret>,
    /// The phone number or e-mail address.
    to: Option<String>,
    /// The proof that a factor was accepted for this, if the account is protected already.
    proof: Option<Secret>,
}

impl Wanted {
    fn of(kind: MethodKind) -> Self {
        Self { kind, ticket: None, to: None, proof: None }
    }
}

/// The pages on which a method is set up.
pub(crate) struct SetUpPages {
    pub(crate) daemon: Daemon,
    pub(crate) follower: Arc<WebmailFollower>,
    pub(crate) pages: Pages,
    pub(crate) transitions: Transitions,
    /// The origin of the pages, to which security keys are bound.
    pub(crate) site: String,
}

impl SetUpPages {
    /// Shows the current step of the set-up. The secret of an app is requested from the daemon each time, so an
    /// enrolment that has expired is detected here.
    pub(crate) async fn show(
        &self,
        cx: &RequestContext,
        session: &SessionHandle,
        problem: Option<Problem>,
    ) -> Response<Body> {
        let ticket = |state: &mut Enrolment| match &state.begun {
            SettingUp::App { ticket } => Some(ticket.clone()),
            _ => None,
        };
        let Some(ticket) = session.with_enrolment(ticket) else { return self.pages.not_there(cx) };
        if ticket.is_none() {
            return view::show(&self.pages, cx, session, PortalRoute::SetUp, problem);
        }
        let wanted = Wanted { ticket, ..Wanted::of(MethodKind::Authenticator) };
        match self.enrol(cx, session, wanted).await {
            AfterEnrol::Begun { shown: Some(shown), .. } => {
                let page = session.with_enrolment(|state| view::app(state, shown, problem));
                match (page, session.mailbox()) {
                    (Some(page), Some(mailbox)) => {
                        self.pages.reader(cx).page(view::status(problem), &page, Some(&mailbox))
                    }
                    _ => self.pages.ended(cx),
                }
            }
            AfterEnrol::Denied(denial) => self.transitions.deny(cx, session, &denial),
            // None of these is a response for a ticket.
            AfterEnrol::Begun { .. } | AfterEnrol::EnrolmentCode | AfterEnrol::NotFresh | AfterEnrol::Problem(_) => {
                self.transitions.deny(cx, session, &Denial::Unavailable)
            }
        }
    }

    /// Processes the input of the page.
    pub(crate) async fn take(&self, cx: &RequestContext, session: &SessionHandle, form: &Form) -> Next {
        match session.with_enrolment(|state| state.begun.clone()) {
            None => self.pages.not_there(cx).into(),
            Some(SettingUp::EnrolmentCode) => self.take_enrolment_code(cx, session, form).await,
            Some(SettingUp::To { kind, .. }) => self.take_destination(cx, session, kind, form).await,
            Some(begun) => self.confirm(cx, session, begun, form).await.into(),
        }
    }

    async fn take_enrolment_code(&self, cx: &RequestContext, session: &SessionHandle, form: &Form) -> Next {
        let typed = form.field(fields::CODE).unwrap_or_default().trim();
        if typed.is_empty() || typed.chars().count() > MAX_CODE {
            return view::show(&self.pages, cx, session, PortalRoute::SetUp, Some(Problem::NotACode)).into();
        }
        let code = Secret::from(typed);
        let kept = |state: &mut Enrolment| {
            state.enrolment_code = Some(code);
            default_kind(&state.kinds)
        };
        match session.with_enrolment(kept) {
            Some(kind) => self.begin_kind(cx, session, kind).await,
            None => self.pages.ended(cx).into(),
        }
    }

    async fn take_destination(
        &self,
        cx: &RequestContext,
        session: &SessionHandle,
        kind: MethodKind,
        form: &Form,
    ) -> Next {
        let typed = form.field(fields::DESTINATION).unwrap_or_default().trim();
        let typed: String = typed.chars().filter(|c| !c.is_control()).take(DESTINATION_LENGTH).collect();
        let kept = SettingUp::To { kind, typed: typed.clone() };
        session.with_enrolment(|state| state.begun = kept);
        if typed.is_empty() {
            return view::show(&self.pages, cx, session, PortalRoute::SetUp, Some(Problem::NotACode)).into();
        }
        self.begin_with(cx, session, Wanted { to: Some(typed), ..Wanted::of(kind) }).await
    }

    /// The user chooses a method of another kind, or another number or address.
    pub(crate) async fn set_up_with(&self, cx: &RequestContext, session: &SessionHandle, form: &Form) -> Next {
        let wanted = MethodKind::from_tag(form.field(fields::METHOD).unwrap_or_default());
        if cx.is_released() {
            return match wanted {
                Some(kind) => Next::Add { kind, to: None, proof: None },
                None => self.pages.bad_request(cx).into(),
            };
        }
        let known = |state: &mut Enrolment| wanted.filter(|kind| state.kinds.contains(kind));
        match session.with_enrolment(known) {
            None => self.pages.ended(cx).into(),
            Some(Some(kind)) => self.begin_kind(cx, session, kind).await,
            Some(None) => pages::see_other(paths::SET_UP).into(),
        }
    }

    /// Begins to set up a further method, or a contact address; `to` is set if it was typed already, `proof` if a
    /// factor was accepted for it. The daemon decides whether this account may have such a method.
    pub(crate) async fn add(
        &self,
        cx: &RequestContext,
        session: &SessionHandle,
        kind: MethodKind,
        to: Option<String>,
        proof: Option<Secret>,
    ) -> Next {
        if session.with_released(|state| state.proof.is_none()) != Some(false) {
            return self.pages.security_off(cx, session).into();
        }
        let before = SettingUp::before(kind).map(|before| match (before, &to) {
            (SettingUp::To { kind, .. }, Some(to)) => SettingUp::To { kind, typed: to.clone() },
            (before, _) => before,
        });
        let asks = before.is_some() && to.is_none();
        if let Some(before) = before {
            let enrolment = Enrolment { proof: proof.clone(), ..Enrolment::new(before, Vec::new()) };
            session.begin_action(PendingAction::Adding(enrolment));
        }
        if asks {
            return pages::see_other(paths::SET_UP).into();
        }
        self.begin_with(cx, session, Wanted { to, proof, ..Wanted::of(kind) }).await
    }

    async fn begin_kind(&self, cx: &RequestContext, session: &SessionHandle, kind: MethodKind) -> Next {
        match SettingUp::before(kind) {
            Some(before) => {
                session.with_enrolment(|state| state.begun = before);
                pages::see_other(paths::SET_UP).into()
            }
            None => self.begin_with(cx, session, Wanted::of(kind)).await,
        }
    }

    /// Requests another code for the number or address that is being set up; none if nothing is being set up.
    pub(crate) async fn send_another(&self, cx: &RequestContext, session: &SessionHandle) -> Option<Next> {
        Some(match session.with_enrolment(|state| state.begun.clone())? {
            SettingUp::Sent { kind, ticket, .. } => {
                self.begin_with(cx, session, Wanted { ticket: Some(ticket), ..Wanted::of(kind) }).await
            }
            _ => pages::see_other(paths::SET_UP).into(),
        })
    }

    async fn begin_with(&self, cx: &RequestContext, session: &SessionHandle, wanted: Wanted) -> Next {
        let (kind, to) = (wanted.kind, wanted.to.clone());
        match self.enrol(cx, session, wanted).await {
            AfterEnrol::Begun { begun, .. } if cx.is_released() => {
                let description = session.with_enrolment(|state| state.description.clone()).unwrap_or_default();
                let enrolment = Enrolment { description, ..Enrolment::new(begun, Vec::new()) };
                session.begin_action(PendingAction::Adding(enrolment));
                pages::see_other(paths::SET_UP).into()
            }
            AfterEnrol::Begun { begun, kinds, .. } => {
                let begin = |state: &mut Enrolment| (state.begun, state.kinds, state.misses) = (begun, kinds, 0);
                session.with_enrolment(begin);
                pages::see_other(paths::SET_UP).into()
            }
            AfterEnrol::NotFresh => Next::Prove(AfterProof::Add { kind, to }),
            AfterEnrol::EnrolmentCode => {
                let guard = |state: &mut Enrolment| {
                    state.begun = SettingUp::EnrolmentCode;
                    state.enrolment_code.take().map(|_| Problem::Wrong { misses: 1 })
                };
                let problem = session.with_enrolment(guard).flatten();
                view::show(&self.pages, cx, session, PortalRoute::SetUp, problem).into()
            }
            AfterEnrol::Problem(Problem::TooMany { .. })
                if cx.is_released() && session.with_enrolment(|_| ()).is_none() =>
            {
                session.done(Done::Enough);
                pages::see_other(paths::SECURITY).into()
            }
            AfterEnrol::Problem(problem) => self.show(cx, session, Some(problem)).await.into(),
            AfterEnrol::Denied(denial) => self.transitions.deny(cx, session, &denial).into(),
        }
    }

    async fn enrol(&self, cx: &RequestContext, session: &SessionHandle, wanted: Wanted) -> AfterEnrol {
        let known = |state: &mut State| {
            let enrolment = state.enrolment();
            let (enrolment_code, proof) =
                enrolment.map_or((None, None), |it| (it.enrolment_code.clone(), it.proof.clone()));
            (state.context().mailbox.clone(), proof.or_else(|| state.proof().cloned()), enrolment_code)
        };
        let Some((mailbox, known_proof, enrolment_code)) = session.with(known) else {
            return AfterEnrol::Denied(Denial::Ended);
        };
        let Wanted { kind, ticket, to, proof } = wanted;
        let enrol = Enrol {
            name: mailbox.clone(),
            channel: Channel::Webmail,
            origin: cx.origin(),
            kind: ticket.is_none().then(|| kind.tag().to_owned()),
            ticket,
            to,
            language: Some(cx.language.tag().to_owned()),
            site: Some(self.site.clone()),
            enrolment_code,
            proof: proof.or(known_proof),
        };
        let reply = self.daemon.enrol(&enrol).await;
        let reply = reply.inspect_err(|error| tracing::warn!(%error, "an enrolment cannot go on"));
        after_enrol(reply, &mailbox, kind, cx.now.wall)
    }

    async fn confirm(
        &self,
        cx: &RequestContext,
        session: &SessionHandle,
        begun: SettingUp,
        form: &Form,
    ) -> Response<Body> {
        let description = form.field(fields::DESCRIPTION).unwrap_or_default().trim();
        let description: String = description.chars().filter(|c| !c.is_control()).take(DESCRIPTION_LENGTH).collect();
        session.with_enrolment(|state| state.description.clone_from(&description));
        let (Some(mailbox), Some(ticket)) = (session.mailbox(), begun.ticket().cloned()) else {
            return self.pages.ended(cx);
        };
        let code = match &begun {
            SettingUp::Key { .. } => read_response(form),
            _ => read_digits(form.field(fields::CODE).unwrap_or_default(), None),
        };
        let Some(code) = code else { return self.show(cx, session, Some(Problem::NotACode)).await };
        let before = self.follower.before();
        let Ok(browser) = cookies::known_or_new(session.browser()) else {
            return self.pages.denied(cx, &Denial::Unavailable);
        };
        let origin = Origin { browser: Some(browser.clone()), ..cx.origin() };
        let name = mailbox.clone();
        let confirm = Confirm { name, channel: Channel::Webmail, origin, ticket, code, description };
        let reply = self.daemon.confirm(&confirm).await;
        let reply = reply.inspect_err(|error| tracing::warn!(%error, "an enrolment could not be confirmed"));
        match after_confirm(reply, &mailbox, cx.now.wall) {
            AfterCode::Release { standing, proof, .. } if cx.is_released() => {
                session.with_released(|state| state.prove(standing, proof));
                let is_contact = begun.kind() == MethodKind::Contact;
                session.done(if is_contact { Done::ContactSet } else { Done::MethodAdded });
                self.follower.catch_up(before, &mailbox).await;
                pages::see_other(paths::SECURITY)
            }
            AfterCode::Release { standing, proof, codes, .. } => {
                let token = session.advance(Stage::Enrolling, |state| match state {
                    State::Enrolling(mut state) => {
                        state.context.browser = Some(browser.clone());
                        Some(state.confirm(standing, proof, codes, cx.now))
                    }
                    _ => None,
                });
                let mut response = self.transitions.step_up(cx, token, before, &mailbox, None).await;
                cookies::remember(&mut response, &browser);
                response
            }
            AfterCode::Again(Problem::Wrong { .. }) => {
                let missed = |state: &mut Enrolment| {
                    state.misses = state.misses.saturating_add(1);
                    state.misses
                };
                let misses = session.with_enrolment(missed).unwrap_or(1);
                self.show(cx, session, Some(Problem::Wrong { misses })).await
            }
            AfterCode::Again(problem) => self.show(cx, session, Some(problem)).await,
            AfterCode::Denied(denial) => self.transitions.deny(cx, session, &denial),
        }
    }
}
