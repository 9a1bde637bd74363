//! A method is set up: the first one, an authenticator app unless the person wants something else; or a further one, or
//! a contact address, from the Security page.

use super::browser;
use super::classify::PortalRoute;
use super::form::Form;
use super::front::{Visit, WebmailFront};
use super::pages;
use super::pending_action::{PendingAction, Then};
use super::second_factor::{read_digits, read_response};
use super::session::{Enrolment, SettingUp, Stage, State, usual};
use super::store::Key;
use super::verdict::{AfterCode, AfterEnrol, Stop, after_confirm, after_enrol};
use crate::body::Body;
use crate::portal::{DESCRIPTION_LENGTH, DESTINATION_LENGTH, Done, MethodKind, Problem, fields, paths};
use http::Response;
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
    pub(super) async fn show_set_up(&self, visit: &Visit, key: &Key, problem: Option<Problem>) -> Response<Body> {
        let ticket = |state: &mut Enrolment| match &state.begun {
            SettingUp::App { ticket } => Some(ticket.clone()),
            _ => None,
        };
        let Some(ticket) = self.enrolment(visit, key, ticket) else { return self.not_there(visit) };
        if ticket.is_none() {
            return self.show_view(visit, key, PortalRoute::SetUp, problem);
        }
        let wanted = Wanted { ticket, ..Wanted::of(MethodKind::Authenticator) };
        match self.enrol(visit, key, wanted).await {
            AfterEnrol::Begun { shown: Some(shown), .. } => {
                let page = self.enrolment(visit, key, |state| pages::app(state, shown, problem));
                match (page, self.mailbox(visit, key)) {
                    (Some(page), Some(mailbox)) => {
                        self.reader(visit).page(pages::status(problem), &page, Some(&mailbox))
                    }
                    _ => self.ended(visit),
                }
            }
            AfterEnrol::Stop(stop) => self.stop(visit, key, &stop),
            // None of these is about a ticket.
            AfterEnrol::Begun { .. } | AfterEnrol::EnrolmentCode | AfterEnrol::NotFresh | AfterEnrol::Problem(_) => {
                self.stop(visit, key, &Stop::Unavailable)
            }
        }
    }

    /// Takes what the page asked for.
    pub(super) async fn take_set_up(&self, visit: &Visit, key: &Key, form: &Form) -> Response<Body> {
        match self.enrolment(visit, key, |state| state.begun.clone()) {
            None => self.not_there(visit),
            Some(SettingUp::Guarded) => self.take_enrolment_code(visit, key, form).await,
            Some(SettingUp::To { kind, .. }) => self.take_destination(visit, key, kind, form).await,
            Some(begun) => self.confirm(visit, key, begun, form).await,
        }
    }

    async fn take_enrolment_code(&self, visit: &Visit, key: &Key, form: &Form) -> Response<Body> {
        let typed = form.field(fields::CODE).unwrap_or_default().trim();
        if typed.is_empty() || typed.chars().count() > MAX_CODE {
            return self.show_view(visit, key, PortalRoute::SetUp, Some(Problem::NotACode));
        }
        let code = Secret::from(typed);
        let kept = |state: &mut Enrolment| {
            state.enrolment_code = Some(code);
            usual(&state.kinds)
        };
        match self.enrolment(visit, key, kept) {
            Some(kind) => self.begin_kind(visit, key, kind).await,
            None => self.ended(visit),
        }
    }

    async fn take_destination(&self, visit: &Visit, key: &Key, kind: MethodKind, form: &Form) -> Response<Body> {
        let typed = form.field(fields::DESTINATION).unwrap_or_default().trim();
        let typed: String = typed.chars().filter(|c| !c.is_control()).take(DESTINATION_LENGTH).collect();
        let kept = SettingUp::To { kind, typed: typed.clone() };
        self.enrolment(visit, key, |state| state.begun = kept);
        if typed.is_empty() {
            return self.show_view(visit, key, PortalRoute::SetUp, Some(Problem::NotACode));
        }
        self.begin_with(visit, key, Wanted { to: Some(typed), ..Wanted::of(kind) }).await
    }

    /// The person wants a method of another kind, or another number or address.
    pub(super) async fn set_up_with(&self, visit: &Visit, key: &Key, form: &Form) -> Response<Body> {
        let wanted = MethodKind::from_tag(form.field(fields::METHOD).unwrap_or_default());
        if visit.stage == Stage::Released {
            return match wanted {
                Some(kind) => self.add(visit, key, kind, None, None).await,
                None => self.bad_request(visit),
            };
        }
        let known = |state: &mut Enrolment| wanted.filter(|kind| state.kinds.contains(kind));
        match self.enrolment(visit, key, known) {
            None => self.ended(visit),
            Some(Some(kind)) => self.begin_kind(visit, key, kind).await,
            Some(None) => pages::see_other(paths::SET_UP),
        }
    }

    /// A further method is set up, or a contact address; `to` where it was typed already, `proof` where a factor was brought
    /// for it. Whether this account may have such a one the daemon says.
    pub(super) async fn add(
        &self,
        visit: &Visit,
        key: &Key,
        kind: MethodKind,
        to: Option<String>,
        proof: Option<Secret>,
    ) -> Response<Body> {
        if self.sessions.with_released(key, visit.now.tick, |state| state.proof.is_none()) != Some(false) {
            return self.security_off(visit, key);
        }
        let before = SettingUp::before(kind).map(|before| match (before, &to) {
            (SettingUp::To { kind, .. }, Some(to)) => SettingUp::To { kind, typed: to.clone() },
            (before, _) => before,
        });
        let asks = before.is_some() && to.is_none();
        if let Some(before) = before {
            let enrolment = Enrolment { proof: proof.clone(), ..Enrolment::new(before, Vec::new()) };
            self.pending_action(visit, key, PendingAction::Adding(enrolment));
        }
        if asks {
            return pages::see_other(paths::SET_UP);
        }
        self.begin_with(visit, key, Wanted { to, proof, ..Wanted::of(kind) }).await
    }

    async fn begin_kind(&self, visit: &Visit, key: &Key, kind: MethodKind) -> Response<Body> {
        match SettingUp::before(kind) {
            Some(before) => {
                self.enrolment(visit, key, |state| state.begun = before);
                pages::see_other(paths::SET_UP)
            }
            None => self.begin_with(visit, key, Wanted::of(kind)).await,
        }
    }

    /// The person wants another code to be sent to the number or address that is set up.
    pub(super) async fn send_another_to_set_up(&self, visit: &Visit, key: &Key) -> Response<Body> {
        match self.enrolment(visit, key, |state| state.begun.clone()) {
            Some(SettingUp::Sent { kind, ticket, .. }) => {
                self.begin_with(visit, key, Wanted { ticket: Some(ticket), ..Wanted::of(kind) }).await
            }
            Some(_) => pages::see_other(paths::SET_UP),
            None => self.ended(visit),
        }
    }

    async fn begin_with(&self, visit: &Visit, key: &Key, wanted: Wanted) -> Response<Body> {
        let (kind, to) = (wanted.kind, wanted.to.clone());
        match self.enrol(visit, key, wanted).await {
            AfterEnrol::Begun { begun, .. } if visit.stage == Stage::Released => {
                let description = self.enrolment(visit, key, |state| state.description.clone());
                let description = description.unwrap_or_default();
                let enrolment = Enrolment { description, ..Enrolment::new(begun, Vec::new()) };
                self.pending_action(visit, key, PendingAction::Adding(enrolment));
                pages::see_other(paths::SET_UP)
            }
            AfterEnrol::Begun { begun, kinds, .. } => {
                let begin = |state: &mut Enrolment| {
                    (state.begun, state.kinds, state.misses) = (begun, kinds, 0);
                };
                self.enrolment(visit, key, begin);
                pages::see_other(paths::SET_UP)
            }
            AfterEnrol::NotFresh => self.prove(visit, key, Then::Add { kind, to }).await,
            AfterEnrol::EnrolmentCode => {
                let guard = |state: &mut Enrolment| {
                    state.begun = SettingUp::Guarded;
                    state.enrolment_code.take().map(|_| Problem::Wrong { misses: 1 })
                };
                let problem = self.enrolment(visit, key, guard).flatten();
                self.show_view(visit, key, PortalRoute::SetUp, problem)
            }
            AfterEnrol::Problem(Problem::TooMany { .. })
                if visit.stage == Stage::Released && self.enrolment(visit, key, |_| ()).is_none() =>
            {
                self.done(visit, key, Done::Enough);
                pages::see_other(paths::SECURITY)
            }
            AfterEnrol::Problem(problem) => self.show_set_up(visit, key, Some(problem)).await,
            AfterEnrol::Stop(stop) => self.stop(visit, key, &stop),
        }
    }

    async fn enrol(&self, visit: &Visit, key: &Key, wanted: Wanted) -> AfterEnrol {
        let known = |state: &mut State| {
            let enrolment = state.enrolment();
            let (enrolment_code, proof) =
                enrolment.map_or((None, None), |it| (it.enrolment_code.clone(), it.proof.clone()));
            (state.held().mailbox.clone(), proof.or_else(|| state.proof().cloned()), enrolment_code)
        };
        let Some((mailbox, known_proof, enrolment_code)) = self.sessions.with(key, visit.now.tick, known) else {
            return AfterEnrol::Stop(Stop::Ended);
        };
        let Wanted { kind, ticket, to, proof } = wanted;
        let enrol = Enrol {
            name: mailbox.clone(),
            channel: Channel::Webmail,
            origin: visit.origin(),
            kind: ticket.is_none().then(|| kind.tag().to_owned()),
            ticket,
            to,
            language: Some(visit.language.tag().to_owned()),
            site: Some(self.origin.clone()),
            enrolment_code,
            proof: proof.or(known_proof),
        };
        let reply = self.daemon.enrol(&enrol).await;
        let reply = reply.inspect_err(|error| tracing::warn!(%error, "an enrolment cannot go on"));
        after_enrol(reply, &mailbox, kind, visit.now.wall)
    }

    async fn confirm(&self, visit: &Visit, key: &Key, begun: SettingUp, form: &Form) -> Response<Body> {
        let description = form.field(fields::DESCRIPTION).unwrap_or_default().trim();
        let description: String = description.chars().filter(|c| !c.is_control()).take(DESCRIPTION_LENGTH).collect();
        self.enrolment(visit, key, |state| state.description.clone_from(&description));
        let (Some(mailbox), Some(ticket)) = (self.mailbox(visit, key), begun.ticket().cloned()) else {
            return self.ended(visit);
        };
        let code = match &begun {
            SettingUp::Key { .. } => read_response(form),
            _ => read_digits(form.field(fields::CODE).unwrap_or_default(), None),
        };
        let Some(code) = code else { return self.show_set_up(visit, key, Some(Problem::NotACode)).await };
        let before = self.follower.before();
        let Ok(browser) = browser::known_or_new(self.known_browser(visit, key)) else {
            return self.reader(visit).stop(&Stop::Unavailable);
        };
        let origin = Origin { browser: Some(browser.clone()), ..visit.origin() };
        let name = mailbox.clone();
        let confirm = Confirm { name, channel: Channel::Webmail, origin, ticket, code, description };
        let reply = self.daemon.confirm(&confirm).await;
        let reply = reply.inspect_err(|error| tracing::warn!(%error, "an enrolment could not be confirmed"));
        match after_confirm(reply, &mailbox, visit.now.wall) {
            AfterCode::Release { standing, proof, .. } if visit.stage == Stage::Released => {
                self.sessions.with_released(key, visit.now.tick, |state| state.prove(standing, proof));
                let is_contact = begun.kind() == MethodKind::Contact;
                self.done(visit, key, if is_contact { Done::ContactSet } else { Done::MethodAdded });
                self.follower.catch_up(before, &mailbox).await;
                pages::see_other(paths::SECURITY)
            }
            AfterCode::Release { standing, proof, codes, .. } => {
                let token = self.sessions.advance(key, visit.now.tick, Stage::Enrolling, |state| match state {
                    State::Enrolling(mut state) => {
                        state.held.browser = Some(browser.clone());
                        Some(state.confirm(standing, proof, codes, visit.now))
                    }
                    _ => None,
                });
                let mut response = self.stepped_up(visit, token, before, &mailbox, None).await;
                browser::remember(&mut response, &browser);
                response
            }
            AfterCode::Again(Problem::Wrong { .. }) => {
                let missed = |state: &mut Enrolment| {
                    state.misses = state.misses.saturating_add(1);
                    state.misses
                };
                let misses = self.enrolment(visit, key, missed).unwrap_or(1);
                self.show_set_up(visit, key, Some(Problem::Wrong { misses })).await
            }
            AfterCode::Again(problem) => self.show_set_up(visit, key, Some(problem)).await,
            AfterCode::Stop(stop) => self.stop(visit, key, &stop),
        }
    }

    /// Looks at what is set up, or changes something in it; none where nothing is.
    pub(super) fn enrolment<T>(&self, visit: &Visit, key: &Key, look: impl FnOnce(&mut Enrolment) -> T) -> Option<T> {
        self.sessions.with(key, visit.now.tick, |state| state.enrolment().map(look)).flatten()
    }
}
