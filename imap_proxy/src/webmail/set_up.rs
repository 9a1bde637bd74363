//! The first method is set up: an authenticator app, unless the person wants something else.

use super::classify::Own;
use super::form::Form;
use super::gate::{Gate, Visit};
use super::pages;
use super::second_factor::{read_digits, read_response};
use super::session::{Enrolling, SettingUp, Stage, State, usual};
use super::store::Key;
use super::verdict::{AfterCode, AfterEnrol, Stop, after_confirm, after_enrol};
use crate::body::Body;
use crate::portal::{DESCRIPTION_LENGTH, DESTINATION_LENGTH, MethodKind, Problem, fields, paths};
use http::Response;
use postern_wire::Secret;
use postern_wire::auth::{Confirm, Door, Enrol, MAX_CODE};

/// What to begin with.
struct Wanted {
    kind: MethodKind,
    /// Of what has begun already: to see it again, or to have another code sent.
    ticket: Option<Secret>,
    /// The number or the address.
    to: Option<String>,
}

impl Gate {
    /// Shows how far the first method is set up. An app's secret is asked for again each time, so an enrolment that has
    /// become stale is noticed here.
    pub(super) async fn show_set_up(&self, visit: &Visit, key: &Key, problem: Option<Problem>) -> Response<Body> {
        let ticket = |state: &mut Enrolling| match &state.begun {
            SettingUp::App { ticket } => Some(ticket.clone()),
            _ => None,
        };
        let Some(ticket) = self.enrolling(visit, key, ticket) else { return self.ended(visit) };
        if ticket.is_none() {
            return self.show_view(visit, key, Own::SetUp, problem);
        }
        let wanted = Wanted { kind: MethodKind::Authenticator, ticket, to: None };
        match self.enrol(visit, key, wanted).await {
            AfterEnrol::Begun { shown: Some(shown), .. } => {
                let page = |state: &mut Enrolling| (pages::app(state, shown, problem), state.held.mailbox.clone());
                match self.enrolling(visit, key, page) {
                    Some((page, mailbox)) => self.reader(visit).page(pages::status(problem), &page, Some(&mailbox)),
                    None => self.ended(visit),
                }
            }
            AfterEnrol::Stop(stop) => self.stop(visit, key, &stop),
            // None of these is about a ticket.
            AfterEnrol::Begun { .. } | AfterEnrol::EnrolmentCode | AfterEnrol::Problem(_) => {
                self.stop(visit, key, &Stop::Unavailable)
            }
        }
    }

    /// Takes what the page asked for.
    pub(super) async fn take_set_up(&self, visit: &Visit, key: &Key, form: &Form) -> Response<Body> {
        match self.enrolling(visit, key, |state| state.begun.clone()) {
            None => self.ended(visit),
            Some(SettingUp::Guarded) => self.take_enrolment_code(visit, key, form).await,
            Some(SettingUp::To { kind, .. }) => self.take_destination(visit, key, kind, form).await,
            Some(begun) => self.confirm(visit, key, begun, form).await,
        }
    }

    async fn take_enrolment_code(&self, visit: &Visit, key: &Key, form: &Form) -> Response<Body> {
        let typed = form.field(fields::CODE).unwrap_or_default().trim();
        if typed.is_empty() || typed.chars().count() > MAX_CODE {
            return self.show_view(visit, key, Own::SetUp, Some(Problem::NotACode));
        }
        let code = Secret::from(typed);
        let kept = |state: &mut Enrolling| {
            state.enrolment_code = Some(code);
            usual(&state.kinds)
        };
        match self.enrolling(visit, key, kept) {
            Some(kind) => self.begin_kind(visit, key, kind).await,
            None => self.ended(visit),
        }
    }

    async fn take_destination(&self, visit: &Visit, key: &Key, kind: MethodKind, form: &Form) -> Response<Body> {
        let typed = form.field(fields::DESTINATION).unwrap_or_default().trim();
        let typed: String = typed.chars().filter(|c| !c.is_control()).take(DESTINATION_LENGTH).collect();
        let kept = SettingUp::To { kind, typed: typed.clone() };
        self.enrolling(visit, key, |state| state.begun = kept);
        if typed.is_empty() {
            return self.show_view(visit, key, Own::SetUp, Some(Problem::NotACode));
        }
        self.begin_with(visit, key, Wanted { kind, ticket: None, to: Some(typed) }).await
    }

    /// The person wants a method of another kind, or another number or address.
    pub(super) async fn set_up_with(&self, visit: &Visit, key: &Key, form: &Form) -> Response<Body> {
        let wanted = MethodKind::from_tag(form.field(fields::METHOD).unwrap_or_default());
        let known = |state: &mut Enrolling| wanted.filter(|kind| state.kinds.contains(kind));
        match self.enrolling(visit, key, known) {
            None => self.ended(visit),
            Some(Some(kind)) => self.begin_kind(visit, key, kind).await,
            Some(None) => pages::see_other(paths::SET_UP),
        }
    }

    async fn begin_kind(&self, visit: &Visit, key: &Key, kind: MethodKind) -> Response<Body> {
        match SettingUp::before(kind) {
            Some(before) => {
                self.enrolling(visit, key, |state| state.begun = before);
                pages::see_other(paths::SET_UP)
            }
            None => self.begin_with(visit, key, Wanted { kind, ticket: None, to: None }).await,
        }
    }

    /// The person wants another code to be sent to the number or address that is set up.
    pub(super) async fn send_another_to_set_up(&self, visit: &Visit, key: &Key) -> Response<Body> {
        match self.enrolling(visit, key, |state| state.begun.clone()) {
            Some(SettingUp::Sent { kind, ticket, .. }) => {
                self.begin_with(visit, key, Wanted { kind, ticket: Some(ticket), to: None }).await
            }
            Some(_) => pages::see_other(paths::SET_UP),
            None => self.ended(visit),
        }
    }

    async fn begin_with(&self, visit: &Visit, key: &Key, wanted: Wanted) -> Response<Body> {
        match self.enrol(visit, key, wanted).await {
            AfterEnrol::Begun { begun, kinds, .. } => {
                let begin = |state: &mut Enrolling| {
                    (state.begun, state.kinds, state.misses) = (begun, kinds, 0);
                };
                self.enrolling(visit, key, begin);
                pages::see_other(paths::SET_UP)
            }
            AfterEnrol::EnrolmentCode => {
                let guard = |state: &mut Enrolling| {
                    state.begun = SettingUp::Guarded;
                    state.enrolment_code.take().map(|_| Problem::Wrong { misses: 1 })
                };
                let problem = self.enrolling(visit, key, guard).flatten();
                self.show_view(visit, key, Own::SetUp, problem)
            }
            AfterEnrol::Problem(problem) => self.show_set_up(visit, key, Some(problem)).await,
            AfterEnrol::Stop(stop) => self.stop(visit, key, &stop),
        }
    }

    async fn enrol(&self, visit: &Visit, key: &Key, wanted: Wanted) -> AfterEnrol {
        let known = |state: &mut Enrolling| (state.held.mailbox.clone(), state.enrolment_code.clone());
        let Some((mailbox, enrolment_code)) = self.enrolling(visit, key, known) else {
            return AfterEnrol::Stop(Stop::Ended);
        };
        let Wanted { kind, ticket, to } = wanted;
        let enrol = Enrol {
            name: mailbox.clone(),
            door: Door::Webmail,
            origin: visit.origin(),
            kind: ticket.is_none().then(|| kind.tag().to_owned()),
            ticket,
            to,
            language: Some(visit.language.tag().to_owned()),
            site: Some(self.origin.clone()),
            enrolment_code,
            proof: None,
        };
        let reply = self.daemon.enrol(&enrol).await;
        let reply = reply.inspect_err(|error| tracing::warn!(%error, "an enrolment cannot go on"));
        after_enrol(reply, &mailbox, kind, visit.now.wall)
    }

    async fn confirm(&self, visit: &Visit, key: &Key, begun: SettingUp, form: &Form) -> Response<Body> {
        let description = form.field(fields::DESCRIPTION).unwrap_or_default().trim();
        let description: String = description.chars().filter(|c| !c.is_control()).take(DESCRIPTION_LENGTH).collect();
        let keep = |state: &mut Enrolling| {
            state.description.clone_from(&description);
            state.held.mailbox.clone()
        };
        let mailbox = self.enrolling(visit, key, keep);
        let (Some(mailbox), Some(ticket)) = (mailbox, begun.ticket().cloned()) else { return self.ended(visit) };
        let code = match begun {
            SettingUp::Key { .. } => read_response(form),
            _ => read_digits(form.field(fields::CODE).unwrap_or_default(), None),
        };
        let Some(code) = code else { return self.show_set_up(visit, key, Some(Problem::NotACode)).await };
        let before = self.changes_so_far();
        let (name, origin) = (mailbox.clone(), visit.origin());
        let confirm = Confirm { name, door: Door::Webmail, origin, ticket, code, description, proof: None };
        let reply = self.daemon.confirm(&confirm).await;
        let reply = reply.inspect_err(|error| tracing::warn!(%error, "an enrolment could not be confirmed"));
        match after_confirm(reply, &mailbox, visit.now.wall) {
            AfterCode::Release { standing, proof, codes } => {
                let token = self.sessions.advance(key, visit.now.tick, Stage::Enrolling, |state| match state {
                    State::Enrolling(state) => Some(state.confirm(standing, proof, codes, visit.now)),
                    _ => None,
                });
                self.stepped_up(visit, token, before, &mailbox).await
            }
            AfterCode::Again(Problem::Wrong { .. }) => {
                let missed = |state: &mut Enrolling| {
                    state.misses = state.misses.saturating_add(1);
                    state.misses
                };
                let misses = self.enrolling(visit, key, missed).unwrap_or(1);
                self.show_set_up(visit, key, Some(Problem::Wrong { misses })).await
            }
            AfterCode::Again(problem) => self.show_set_up(visit, key, Some(problem)).await,
            AfterCode::Stop(stop) => self.stop(visit, key, &stop),
        }
    }

    /// Looks at an enrolment, or changes something in it; none when it is over.
    fn enrolling<T>(&self, visit: &Visit, key: &Key, look: impl FnOnce(&mut Enrolling) -> T) -> Option<T> {
        let look = |state: &mut State| match state {
            State::Enrolling(state) => Some(look(state)),
            _ => None,
        };
        self.sessions.with(key, visit.now.tick, look).flatten()
    }
}
