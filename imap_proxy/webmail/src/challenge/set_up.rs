//! A method is set up: the first one, an authenticator app unless the person wants something else; or a further one, or
//! a contact address, from the Security page.

use super::code::{read_digits, read_response};
use crate::classify::PortalRoute;
use crate::context::RequestContext;
use crate::form::Form;
use crate::front::WebmailFront;
use crate::pages;
use crate::session::cookies;
use crate::session::pending_action::{PendingAction, Then};
use crate::session::state::{Enrolment, SettingUp, Stage, State, usual};
use crate::session::store::Key;
use crate::verdict::{AfterCode, AfterEnrol, Stop, after_confirm, after_enrol};
use http::Response;
use postern_http::body::Body;
use postern_portal::{DESCRIPTION_LENGTH, DESTINATION_LENGTH, Done, MethodKind, Problem, fields, paths};
use postern_wire::Secret;
use postern_wire::auth::{Channel, Confirm, Enrol, MAX_CODE, Origin};

/// What to begin with.
struct Wanted {
    kind: MethodKind,
    /// Of what has begun already: to see it again, or to have another code sent.
    ticket: Option<Secret>,
    /// The number or the address.
    to: Option<String>,
    /// That a factor was brought for this, where the account is protected already.
    proof: Option<Secret>,
}

impl Wanted {
    fn of(kind: MethodKind) -> Self {
        Self { kind, ticket: None, to: None, proof: None }
    }
}

impl WebmailFront {
    /// Shows how far the first method is set up. An app's secret is asked for again each time, so an enrolment that has
    /// become stale is noticed here.
    pub(crate) async fn show_set_up(&self, cx: &RequestContext, key: &Key, problem: Option<Problem>) -> Response<Body> {
        let ticket = |state: &mut Enrolment| match &state.begun {
            SettingUp::App { ticket } => Some(ticket.clone()),
            _ => None,
        };
        let Some(ticket) = self.enrolment(cx, key, ticket) else { return self.not_there(cx) };
        if ticket.is_none() {
            return self.show_view(cx, key, PortalRoute::SetUp, problem);
        }
        let wanted = Wanted { ticket, ..Wanted::of(MethodKind::Authenticator) };
        match self.enrol(cx, key, wanted).await {
            AfterEnrol::Begun { shown: Some(shown), .. } => {
                let page = self.enrolment(cx, key, |state| pages::app(state, shown, problem));
                match (page, self.mailbox(cx, key)) {
                    (Some(page), Some(mailbox)) => self.reader(cx).page(pages::status(problem), &page, Some(&mailbox)),
                    _ => self.ended(cx),
                }
            }
            AfterEnrol::Stop(stop) => self.stop(cx, key, &stop),
            // None of these is about a ticket.
            AfterEnrol::Begun { .. } | AfterEnrol::EnrolmentCode | AfterEnrol::NotFresh | AfterEnrol::Problem(_) => {
                self.stop(cx, key, &Stop::Unavailable)
            }
        }
    }

    /// Takes what the page asked for.
    pub(crate) async fn take_set_up(&self, cx: &RequestContext, key: &Key, form: &Form) -> Response<Body> {
        match self.enrolment(cx, key, |state| state.begun.clone()) {
            None => self.not_there(cx),
            Some(SettingUp::Guarded) => self.take_enrolment_code(cx, key, form).await,
            Some(SettingUp::To { kind, .. }) => self.take_destination(cx, key, kind, form).await,
            Some(begun) => self.confirm(cx, key, begun, form).await,
        }
    }

    async fn take_enrolment_code(&self, cx: &RequestContext, key: &Key, form: &Form) -> Response<Body> {
        let typed = form.field(fields::CODE).unwrap_or_default().trim();
        if typed.is_empty() || typed.chars().count() > MAX_CODE {
            return self.show_view(cx, key, PortalRoute::SetUp, Some(Problem::NotACode));
        }
        let code = Secret::from(typed);
        let kept = |state: &mut Enrolment| {
            state.enrolment_code = Some(code);
            usual(&state.kinds)
        };
        match self.enrolment(cx, key, kept) {
            Some(kind) => self.begin_kind(cx, key, kind).await,
            None => self.ended(cx),
        }
    }

    async fn take_destination(&self, cx: &RequestContext, key: &Key, kind: MethodKind, form: &Form) -> Response<Body> {
        let typed = form.field(fields::DESTINATION).unwrap_or_default().trim();
        let typed: String = typed.chars().filter(|c| !c.is_control()).take(DESTINATION_LENGTH).collect();
        let kept = SettingUp::To { kind, typed: typed.clone() };
        self.enrolment(cx, key, |state| state.begun = kept);
        if typed.is_empty() {
            return self.show_view(cx, key, PortalRoute::SetUp, Some(Problem::NotACode));
        }
        self.begin_with(cx, key, Wanted { to: Some(typed), ..Wanted::of(kind) }).await
    }

    /// The person wants a method of another kind, or another number or address.
    pub(crate) async fn set_up_with(&self, cx: &RequestContext, key: &Key, form: &Form) -> Response<Body> {
        let wanted = MethodKind::from_tag(form.field(fields::METHOD).unwrap_or_default());
        if cx.stage == Stage::Released {
            return match wanted {
                Some(kind) => self.add(cx, key, kind, None, None).await,
                None => self.bad_request(cx),
            };
        }
        let known = |state: &mut Enrolment| wanted.filter(|kind| state.kinds.contains(kind));
        match self.enrolment(cx, key, known) {
            None => self.ended(cx),
            Some(Some(kind)) => self.begin_kind(cx, key, kind).await,
            Some(None) => pages::see_other(paths::SET_UP),
        }
    }

    /// A further method is set up, or a contact address; `to` where it was typed already, `proof` where a factor was brought
    /// for it. Whether this account may have such a one the daemon says.
    pub(crate) async fn add(
        &self,
        cx: &RequestContext,
        key: &Key,
        kind: MethodKind,
        to: Option<String>,
        proof: Option<Secret>,
    ) -> Response<Body> {
        if self.sessions.with_released(key, cx.now.tick, |state| state.proof.is_none()) != Some(false) {
            return self.security_off(cx, key);
        }
        let before = SettingUp::before(kind).map(|before| match (before, &to) {
            (SettingUp::To { kind, .. }, Some(to)) => SettingUp::To { kind, typed: to.clone() },
            (before, _) => before,
        });
        let asks = before.is_some() && to.is_none();
        if let Some(before) = before {
            let enrolment = Enrolment { proof: proof.clone(), ..Enrolment::new(before, Vec::new()) };
            self.pending_action(cx, key, PendingAction::Adding(enrolment));
        }
        if asks {
            return pages::see_other(paths::SET_UP);
        }
        self.begin_with(cx, key, Wanted { to, proof, ..Wanted::of(kind) }).await
    }

    async fn begin_kind(&self, cx: &RequestContext, key: &Key, kind: MethodKind) -> Response<Body> {
        match SettingUp::before(kind) {
            Some(before) => {
                self.enrolment(cx, key, |state| state.begun = before);
                pages::see_other(paths::SET_UP)
            }
            None => self.begin_with(cx, key, Wanted::of(kind)).await,
        }
    }

    /// The person wants another code to be sent to the number or address that is set up.
    pub(crate) async fn send_another_to_set_up(&self, cx: &RequestContext, key: &Key) -> Response<Body> {
        match self.enrolment(cx, key, |state| state.begun.clone()) {
            Some(SettingUp::Sent { kind, ticket, .. }) => {
                self.begin_with(cx, key, Wanted { ticket: Some(ticket), ..Wanted::of(kind) }).await
            }
            Some(_) => pages::see_other(paths::SET_UP),
            None => self.ended(cx),
        }
    }

    async fn begin_with(&self, cx: &RequestContext, key: &Key, wanted: Wanted) -> Response<Body> {
        let (kind, to) = (wanted.kind, wanted.to.clone());
        match self.enrol(cx, key, wanted).await {
            AfterEnrol::Begun { begun, .. } if cx.stage == Stage::Released => {
                let description = self.enrolment(cx, key, |state| state.description.clone());
                let description = description.unwrap_or_default();
                let enrolment = Enrolment { description, ..Enrolment::new(begun, Vec::new()) };
                self.pending_action(cx, key, PendingAction::Adding(enrolment));
                pages::see_other(paths::SET_UP)
            }
            AfterEnrol::Begun { begun, kinds, .. } => {
                let begin = |state: &mut Enrolment| {
                    (state.begun, state.kinds, state.misses) = (begun, kinds, 0);
                };
                self.enrolment(cx, key, begin);
                pages::see_other(paths::SET_UP)
            }
            AfterEnrol::NotFresh => self.prove(cx, key, Then::Add { kind, to }).await,
            AfterEnrol::EnrolmentCode => {
                let guard = |state: &mut Enrolment| {
                    state.begun = SettingUp::Guarded;
                    state.enrolment_code.take().map(|_| Problem::Wrong { misses: 1 })
                };
                let problem = self.enrolment(cx, key, guard).flatten();
                self.show_view(cx, key, PortalRoute::SetUp, problem)
            }
            AfterEnrol::Problem(Problem::TooMany { .. })
                if cx.stage == Stage::Released && self.enrolment(cx, key, |_| ()).is_none() =>
            {
                self.done(cx, key, Done::Enough);
                pages::see_other(paths::SECURITY)
            }
            AfterEnrol::Problem(problem) => self.show_set_up(cx, key, Some(problem)).await,
            AfterEnrol::Stop(stop) => self.stop(cx, key, &stop),
        }
    }

    async fn enrol(&self, cx: &RequestContext, key: &Key, wanted: Wanted) -> AfterEnrol {
        let known = |state: &mut State| {
            let enrolment = state.enrolment();
            let (enrolment_code, proof) =
                enrolment.map_or((None, None), |it| (it.enrolment_code.clone(), it.proof.clone()));
            (state.held().mailbox.clone(), proof.or_else(|| state.proof().cloned()), enrolment_code)
        };
        let Some((mailbox, known_proof, enrolment_code)) = self.sessions.with(key, cx.now.tick, known) else {
            return AfterEnrol::Stop(Stop::Ended);
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
            site: Some(self.origin.clone()),
            enrolment_code,
            proof: proof.or(known_proof),
        };
        let reply = self.daemon.enrol(&enrol).await;
        let reply = reply.inspect_err(|error| tracing::warn!(%error, "an enrolment cannot go on"));
        after_enrol(reply, &mailbox, kind, cx.now.wall)
    }

    async fn confirm(&self, cx: &RequestContext, key: &Key, begun: SettingUp, form: &Form) -> Response<Body> {
        let description = form.field(fields::DESCRIPTION).unwrap_or_default().trim();
        let description: String = description.chars().filter(|c| !c.is_control()).take(DESCRIPTION_LENGTH).collect();
        self.enrolment(cx, key, |state| state.description.clone_from(&description));
        let (Some(mailbox), Some(ticket)) = (self.mailbox(cx, key), begun.ticket().cloned()) else {
            return self.ended(cx);
        };
        let code = match &begun {
            SettingUp::Key { .. } => read_response(form),
            _ => read_digits(form.field(fields::CODE).unwrap_or_default(), None),
        };
        let Some(code) = code else { return self.show_set_up(cx, key, Some(Problem::NotACode)).await };
        let before = self.follower.before();
        let Ok(browser) = cookies::known_or_new(self.known_browser(cx, key)) else {
            return self.reader(cx).stop(&Stop::Unavailable);
        };
        let origin = Origin { browser: Some(browser.clone()), ..cx.origin() };
        let name = mailbox.clone();
        let confirm = Confirm { name, channel: Channel::Webmail, origin, ticket, code, description };
        let reply = self.daemon.confirm(&confirm).await;
        let reply = reply.inspect_err(|error| tracing::warn!(%error, "an enrolment could not be confirmed"));
        match after_confirm(reply, &mailbox, cx.now.wall) {
            AfterCode::Release { standing, proof, .. } if cx.stage == Stage::Released => {
                self.sessions.with_released(key, cx.now.tick, |state| state.prove(standing, proof));
                let is_contact = begun.kind() == MethodKind::Contact;
                self.done(cx, key, if is_contact { Done::ContactSet } else { Done::MethodAdded });
                self.follower.catch_up(before, &mailbox).await;
                pages::see_other(paths::SECURITY)
            }
            AfterCode::Release { standing, proof, codes, .. } => {
                let token = self.sessions.advance(key, cx.now.tick, Stage::Enrolling, |state| match state {
                    State::Enrolling(mut state) => {
                        state.held.browser = Some(browser.clone());
                        Some(state.confirm(standing, proof, codes, cx.now))
                    }
                    _ => None,
                });
                let mut response = self.stepped_up(cx, token, before, &mailbox, None).await;
                cookies::remember(&mut response, &browser);
                response
            }
            AfterCode::Again(Problem::Wrong { .. }) => {
                let missed = |state: &mut Enrolment| {
                    state.misses = state.misses.saturating_add(1);
                    state.misses
                };
                let misses = self.enrolment(cx, key, missed).unwrap_or(1);
                self.show_set_up(cx, key, Some(Problem::Wrong { misses })).await
            }
            AfterCode::Again(problem) => self.show_set_up(cx, key, Some(problem)).await,
            AfterCode::Stop(stop) => self.stop(cx, key, &stop),
        }
    }

    /// Looks at what is set up, or changes something in it; none where nothing is.
    pub(crate) fn enrolment<T>(
        &self,
        cx: &RequestContext,
        key: &Key,
        look: impl FnOnce(&mut Enrolment) -> T,
    ) -> Option<T> {
        self.sessions.with(key, cx.now.tick, |state| state.enrolment().map(look)).flatten()
    }
}
