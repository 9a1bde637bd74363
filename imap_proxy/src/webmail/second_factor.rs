//! The pages between the password and the mailbox: a code, an enrolment, the backup codes.

use super::classify::Own;
use super::form::Form;
use super::gate::{Gate, Visit};
use super::pages::{self, answered_with};
use super::session::{Stage, State};
use super::store::{Key, Token};
use super::verdict::{AfterCode, Stop, after_code, after_confirm, after_enrol};
use crate::body::Body;
use crate::portal::{DESCRIPTION_LENGTH, Language, Problem, fields, paths};
use http::{Request, Response};
use hyper::body::Incoming;
use postern_wire::Secret;
use postern_wire::auth::{self, Answer, Confirm, Door, Enrol, MAX_CODE, Offer};

/// Digits of a code whose length nobody has told.
const DIGITS: std::ops::RangeInclusive<usize> = 6..=8;

impl Gate {
    /// Shows the page of this stage.
    pub(super) async fn show(&self, visit: &Visit, key: &Key, own: Own, problem: Option<Problem>) -> Response<Body> {
        if own == Own::SetUp {
            return self.show_set_up(visit, key, problem).await;
        }
        let view = |state: &mut State| Some((pages::view(state, own, problem)?, state.held().mailbox.clone()));
        match self.sessions.with(key, visit.now.tick, view).flatten() {
            Some((page, mailbox)) => self.reader(visit).page(pages::status(problem), &page, Some(&mailbox)),
            None => self.ended(visit),
        }
    }

    /// The secret is asked for again each time, so an enrolment that has become stale is noticed here.
    async fn show_set_up(&self, visit: &Visit, key: &Key, problem: Option<Problem>) -> Response<Body> {
        let begun = |state: &mut State| match state {
            State::Enrolling(state) => {
                Some((state.held.mailbox.clone(), state.ticket.clone(), state.description.clone()))
            }
            _ => None,
        };
        let begun = self.sessions.with(key, visit.now.tick, begun).flatten();
        let Some((mailbox, ticket, description)) = begun else { return self.ended(visit) };
        let origin = visit.origin();
        let enrol = Enrol {
            name: mailbox.clone(),
            door: Door::Webmail,
            origin,
            ticket: Some(ticket),
            ..Enrol::default()
        };
        let reply = self.daemon.enrol(&enrol).await;
        let reply = reply.inspect_err(|error| tracing::warn!(%error, "an enrolment cannot be shown"));
        match pages::set_up(after_enrol(reply, &mailbox), description, problem) {
            Ok(page) => self.reader(visit).page(pages::status(problem), &page, Some(&mailbox)),
            Err(stop) => self.stop(visit, key, &stop),
        }
    }

    /// Takes a form of this stage.
    pub(super) async fn take(
        &self,
        visit: &Visit,
        key: &Key,
        own: Own,
        request: &mut Request<Incoming>,
    ) -> Response<Body> {
        let Some(form) = self.form(request).await else { return self.bad_request(visit) };
        match own {
            Own::Code | Own::BackupCode => self.take_code(visit, key, own, &form).await,
            Own::Methods => self.choose(visit, key, &form),
            Own::SetUp => self.confirm(visit, key, &form).await,
            Own::Saved => self.saved(visit, key, &form).await,
            Own::CodesFile => self.codes_file(visit, key),
            _ => self.bad_request(visit),
        }
    }

    async fn take_code(&self, visit: &Visit, key: &Key, own: Own, form: &Form) -> Response<Body> {
        let asked = |state: &mut State| match state {
            State::Challenged(state) => Some((state.held.mailbox.clone(), answered_with(state, own)?.clone())),
            _ => None,
        };
        let asked = self.sessions.with(key, visit.now.tick, asked).flatten();
        let Some((mailbox, offer)) = asked else { return self.ended(visit) };
        let Some(code) = read_code(form.field(fields::CODE).unwrap_or_default(), &offer) else {
            return self.show(visit, key, own, Some(Problem::NotACode)).await;
        };
        let before = self.changes_so_far();
        let (name, origin) = (mailbox.clone(), visit.origin());
        let answer = Answer { name, door: Door::Webmail, origin, method: Some(offer.id), code, challenge: None };
        let reply = self.daemon.answer(&answer).await;
        let reply = reply.inspect_err(|error| tracing::warn!(%error, "a code could not be judged"));
        match after_code(reply, &mailbox, visit.now.wall) {
            AfterCode::Release { standing, .. } => {
                let token = self.sessions.advance(key, visit.now.tick, Stage::Challenged, |state| match state {
                    State::Challenged(state) => Some(State::Released(state.release(standing, visit.now))),
                    _ => None,
                });
                self.stepped_up(visit, token, before, &mailbox).await
            }
            AfterCode::Again(problem) => self.show(visit, key, own, Some(problem)).await,
            AfterCode::Stop(stop) => self.stop(visit, key, &stop),
        }
    }

    async fn confirm(&self, visit: &Visit, key: &Key, form: &Form) -> Response<Body> {
        let description = form.field(fields::DESCRIPTION).unwrap_or_default().trim();
        let description: String = description.chars().filter(|c| !c.is_control()).take(DESCRIPTION_LENGTH).collect();
        let begun = |state: &mut State| match state {
            State::Enrolling(state) => {
                state.description.clone_from(&description);
                Some((state.held.mailbox.clone(), state.ticket.clone()))
            }
            _ => None,
        };
        let begun = self.sessions.with(key, visit.now.tick, begun).flatten();
        let Some((mailbox, ticket)) = begun else { return self.ended(visit) };
        let Some(code) = read_digits(form.field(fields::CODE).unwrap_or_default(), None) else {
            return self.show_set_up(visit, key, Some(Problem::NotACode)).await;
        };
        let before = self.changes_so_far();
        let (name, origin) = (mailbox.clone(), visit.origin());
        let confirm = Confirm { name, door: Door::Webmail, origin, ticket, code, description, proof: None };
        let reply = self.daemon.confirm(&confirm).await;
        let reply = reply.inspect_err(|error| tracing::warn!(%error, "an enrolment could not be confirmed"));
        match after_confirm(reply, &mailbox, visit.now.wall) {
            AfterCode::Release { standing, codes } => {
                let token = self.sessions.advance(key, visit.now.tick, Stage::Enrolling, |state| match state {
                    State::Enrolling(state) => Some(state.confirm(standing, codes, visit.now)),
                    _ => None,
                });
                self.stepped_up(visit, token, before, &mailbox).await
            }
            AfterCode::Again(Problem::Wrong { .. }) => {
                let missed = |state: &mut State| match state {
                    State::Enrolling(state) => {
                        state.misses = state.misses.saturating_add(1);
                        state.misses
                    }
                    _ => 1,
                };
                let misses = self.sessions.with(key, visit.now.tick, missed).unwrap_or(1);
                self.show_set_up(visit, key, Some(Problem::Wrong { misses })).await
            }
            AfterCode::Again(problem) => self.show_set_up(visit, key, Some(problem)).await,
            AfterCode::Stop(stop) => self.stop(visit, key, &stop),
        }
    }

    fn choose(&self, visit: &Visit, key: &Key, form: &Form) -> Response<Body> {
        let wanted = form.field(fields::METHOD).unwrap_or_default();
        let chosen = |state: &mut State| match state {
            State::Challenged(state) => state.choose(wanted),
            _ => false,
        };
        pages::see_other(match self.sessions.with(key, visit.now.tick, chosen) {
            Some(true) if wanted == auth::BACKUP => paths::BACKUP_CODE,
            Some(true) => paths::CODE,
            _ => paths::METHODS,
        })
    }

    async fn saved(&self, visit: &Visit, key: &Key, form: &Form) -> Response<Body> {
        if form.field(fields::SAVED) != Some(fields::YES) {
            return self.show(visit, key, Own::Saved, None).await;
        }
        let mailbox = self.sessions.with(key, visit.now.tick, |state| state.held().mailbox.clone());
        let before = self.changes_so_far();
        let token = self.sessions.advance(key, visit.now.tick, Stage::SavingCodes, |state| match state {
            State::SavingCodes(state) => Some(State::Released(state.release(visit.now))),
            _ => None,
        });
        self.stepped_up(visit, token, before, &mailbox.unwrap_or_default()).await
    }

    fn codes_file(&self, visit: &Visit, key: &Key) -> Response<Body> {
        let codes = |state: &mut State| match state {
            State::SavingCodes(saving) => Some((saving.codes.clone(), state.held().mailbox.clone())),
            _ => None,
        };
        match self.sessions.with(key, visit.now.tick, codes).flatten() {
            Some((codes, mailbox)) => self.reader(visit).codes_file(&codes, &mailbox),
            None => self.ended(visit),
        }
    }

    /// Gives the browser its new session and sends it where it belongs now.
    async fn stepped_up(
        &self,
        visit: &Visit,
        token: Result<Option<Token>, getrandom::Error>,
        before: u64,
        mailbox: &str,
    ) -> Response<Body> {
        let token = match token {
            Ok(Some(token)) => token,
            Ok(None) => return self.ended(visit),
            Err(_) => return self.reader(visit).stop(&Stop::Unavailable),
        };
        let place = |state: &mut State| match state {
            State::Released(state) => state.held.behind.landing.clone(),
            _ => paths::BACKUP_CODES.to_owned(),
        };
        let key = Key::of(token.reveal());
        let place = key.and_then(|key| self.sessions.with(&key, visit.now.tick, place));
        let Some(place) = place else { return self.ended(visit) };
        self.recheck_if_changed(before, mailbox).await;
        tracing::info!(mailbox, "signed in with a second factor");
        let mut response = pages::see_other(&place);
        pages::give_session(&mut response, &token);
        response
    }

    /// The sign-in ends, unless it only has to wait until somebody can judge.
    fn stop(&self, visit: &Visit, key: &Key, stop: &Stop) -> Response<Body> {
        let mut response = self.reader(visit).stop(stop);
        if *stop != Stop::Unavailable {
            self.drop_session(visit, key);
            pages::take_session(&mut response);
        }
        response
    }

    /// The person gives up.
    pub(super) fn cancel(&self, visit: &Visit, key: &Key) -> Response<Body> {
        self.drop_session(visit, key);
        let mut response = pages::see_other(paths::HOME);
        pages::take_session(&mut response);
        response
    }

    fn drop_session(&self, visit: &Visit, key: &Key) {
        if let Some(state) = self.sessions.remove(key) {
            self.say_goodbye(visit, state.held().behind.clone());
        }
    }

    /// Remembers another language, and shows the same page in it.
    pub(super) async fn change_language(&self, visit: &Visit, request: &mut Request<Incoming>) -> Response<Body> {
        let Some(form) = self.form(request).await else { return self.bad_request(visit) };
        let Some(language) = form.field(fields::TO).and_then(Language::from_tag) else {
            return self.bad_request(visit);
        };
        let mut response = pages::see_other(paths::back(form.field(fields::BACK).unwrap_or_default()));
        pages::give_language(&mut response, language);
        response
    }
}

/// What was typed as a code of this method; none when it cannot be one, so that a slip does not count as a miss.
fn read_code(typed: &str, offer: &Offer) -> Option<Secret> {
    if offer.id == auth::BACKUP { read_plain(typed) } else { read_digits(typed, offer.digits) }
}

fn read_digits(typed: &str, digits: Option<u32>) -> Option<Secret> {
    let code = read_plain(typed)?;
    let length = code.reveal().len();
    let fits = match digits {
        Some(digits) => u32::try_from(length) == Ok(digits),
        None => DIGITS.contains(&length),
    };
    (fits && code.reveal().bytes().all(|byte| byte.is_ascii_digit())).then_some(code)
}

/// Without the blanks and hyphens that people and pages put into a code.
fn read_plain(typed: &str) -> Option<Secret> {
    let mut code = String::with_capacity(typed.len());
    code.extend(typed.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}')));
    let code = Secret::from(code);
    let plain = code.reveal().bytes().all(|byte| byte.is_ascii_alphanumeric());
    (plain && (1..=MAX_CODE).contains(&code.reveal().len())).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let totp = |typed: &str| read_digits(typed, Some(6)).map(|code| code.reveal().to_owned());
        for typed in ["123456", " 123 456 ", "123-456", "123\u{a0}456", "12 34 56\n"] {
            assert_eq!(totp(typed).as_deref(), Some("123456"), "{typed:?}");
        }
        for slip in ["", " ", "12345", "1234567", "12345a", "abcd-efgh", "１２３４５６"] {
            assert_eq!(totp(slip), None, "{slip:?}");
        }
        assert!(read_digits("1234567", None).is_some() && read_digits("123456789", None).is_none());
        assert_eq!(read_plain("ab12-cd34 ef").unwrap().reveal(), "ab12cd34ef");
        assert!(read_plain("a'b").is_none());
        assert!(read_plain(&"x".repeat(MAX_CODE + 1)).is_none());
    }
}
