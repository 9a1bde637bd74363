//! The pages between the password and the mailbox: a code, another method, the backup codes.

use super::prepare::has_to_begin;
use crate::classify::PortalRoute;
use crate::context::RequestContext;
use crate::form::Form;
use crate::front::WebmailFront;
use crate::pages::{self, Reader, answered_with};
use crate::session::cookies;
use crate::session::pending_action::{PendingAction, Then};
use crate::session::state::{Question, Released, Stage, State, UpstreamSession};
use crate::session::store::{Key, Token};
use crate::verdict::{AfterCode, Blocked as Why, Stop, after_code};
use http::{Request, Response};
use hyper::body::Incoming;
use postern_front::follow::Before;
use postern_http::body::Body;
use postern_portal::{Ended, Language, MethodKind, Problem, fields, paths};
use postern_wire::Secret;
use postern_wire::auth::{self, Answer, Channel, MAX_CODE, MAX_RESPONSE, Offer, Origin};

/// With so few backup codes left, whoever uses one is told so.
const FEW_CODES: u32 = 3;
/// Digits of a code whose length nobody has told.
const DIGITS: std::ops::RangeInclusive<usize> = 6..=8;

impl WebmailFront {
    /// Shows the page of this stage.
    pub(crate) async fn show(&self, cx: &RequestContext, key: &Key, own: PortalRoute, query: &str) -> Response<Body> {
        if let Some(page) = self.not_confirmed(cx, key, own) {
            return page;
        }
        match own {
            PortalRoute::SetUp => self.show_set_up(cx, key, None).await,
            PortalRoute::Security => self.show_security(cx, key).await,
            PortalRoute::Change => self.show_change(cx, key, query).await,
            PortalRoute::Code | PortalRoute::BackupCode | PortalRoute::Methods => {
                self.show_question(cx, key, own, None).await
            }
            _ => self.show_view(cx, key, own, None),
        }
    }

    /// Shows a page that is made of nothing but what the session holds.
    pub(crate) fn show_view(
        &self,
        cx: &RequestContext,
        key: &Key,
        own: PortalRoute,
        problem: Option<Problem>,
    ) -> Response<Body> {
        let view = |state: &mut State| {
            let purpose = pages::purpose(state);
            Some((pages::view(state, own, problem)?, state.held().mailbox.clone(), purpose))
        };
        match self.sessions.with(key, cx.now.tick, view).flatten() {
            Some((page, mailbox, purpose)) => {
                let reader = Reader { purpose, ..self.reader(cx) };
                reader.page(pages::status_of(&page, problem), &page, Some(&mailbox))
            }
            None => self.not_there(cx),
        }
    }

    /// Takes a form of this stage.
    pub(crate) async fn take(&self, cx: &RequestContext, key: &Key, own: PortalRoute, form: &Form) -> Response<Body> {
        if let Some(page) = self.not_confirmed(cx, key, own) {
            return page;
        }
        match own {
            PortalRoute::Code | PortalRoute::BackupCode => self.take_code(cx, key, own, form).await,
            PortalRoute::Methods => self.choose(cx, key, form).await,
            PortalRoute::Send if self.enrolment(cx, key, |_| ()).is_some() => {
                self.send_another_to_set_up(cx, key).await
            }
            PortalRoute::Send => self.send_another(cx, key, form).await,
            PortalRoute::Lost => self.take_request(cx, key, form).await,
            PortalRoute::SetUp => self.take_set_up(cx, key, form).await,
            PortalRoute::SetUpWith => self.set_up_with(cx, key, form).await,
            PortalRoute::Saved => self.saved(cx, key, form).await,
            PortalRoute::CodesFile => self.codes_file(cx, key),
            PortalRoute::Cancel => self.cancel(cx, key),
            PortalRoute::Change => self.take_change(cx, key, form).await,
            PortalRoute::AppPassword => self.seen(cx, key),
            PortalRoute::Security => self.prove(cx, key, Then::Look).await,
            _ => self.bad_request(cx),
        }
    }

    /// What a session is shown once is shown until the person confirms it: every other page of the account leads there.
    fn not_confirmed(&self, cx: &RequestContext, key: &Key, own: PortalRoute) -> Option<Response<Body>> {
        let shown = self.sessions.with_released(key, cx.now.tick, |state| state.not_confirmed()).flatten()?;
        let is_there = match own {
            PortalRoute::BackupCodes | PortalRoute::Saved | PortalRoute::CodesFile => shown == paths::BACKUP_CODES,
            PortalRoute::AppPassword => shown == paths::APP_PASSWORD,
            _ => false,
        };
        (!is_there).then(|| pages::see_other(shown))
    }

    async fn take_code(&self, cx: &RequestContext, key: &Key, own: PortalRoute, form: &Form) -> Response<Body> {
        let asked = |state: &mut Question| {
            let offer = answered_with(state, own)?.clone();
            let code = read_answer(form, &offer);
            let trust = note_trust(state, form);
            let begun = match pages::kind(&offer) {
                // A key's question is answered once.
                MethodKind::Key if code.is_some() => state.take_begun(&offer.id),
                _ => state.begun(&offer.id).cloned(),
            };
            Some((offer, code, trust, begun.and_then(|begun| begun.challenge)))
        };
        let asked = self.asked(cx, key, asked).flatten();
        let (Some((offer, code, trust, challenge)), Some(mailbox)) = (asked, self.mailbox(cx, key)) else {
            return self.not_there(cx);
        };
        if has_to_begin(&offer) && challenge.is_none() {
            // Sent twice, or nothing was sent: the page says how to go on.
            return pages::see_other(paths::CODE);
        }
        let Some(code) = code else { return self.show_view(cx, key, own, Some(Problem::NotACode)) };
        let before = self.follower.before();
        // What lets a browser in from now on is a token that nobody else can have seen, or have planted before.
        let gains = trust || offer.id == auth::CONTACT;
        let browser = cookies::known_or_new(self.known_browser(cx, key).filter(|_| !gains));
        let Ok(browser) = browser else { return self.reader(cx).stop(&Stop::Unavailable) };
        let origin = Origin { browser: Some(browser.clone()), ..cx.origin() };
        let (name, method) = (mailbox.clone(), Some(offer.id.clone()));
        let proves = self.sessions.with_released(key, cx.now.tick, Released::proves).flatten();
        let answer = Answer { name, channel: Channel::Webmail, origin, method, code, challenge, trust, proves };
        let reply = self.daemon.answer(&answer).await;
        let reply = reply.inspect_err(|error| tracing::warn!(%error, "a code could not be judged"));
        match after_code(reply, &mailbox, cx.now.wall) {
            AfterCode::Release { standing, proof, .. } if cx.stage == Stage::Released => {
                self.sessions.with_released(key, cx.now.tick, |state| state.held.browser = Some(browser.clone()));
                let mut response = self.proven(cx, key, standing, proof).await;
                cookies::remember(&mut response, &browser);
                response
            }
            AfterCode::Release { standing, proof, codes_left, .. } => {
                let token = self.sessions.advance(key, cx.now.tick, Stage::Challenged, |state| match state {
                    State::Challenged(mut state) => {
                        state.held.browser = Some(browser.clone());
                        let mut released = state.release(standing, proof, cx.now);
                        if let Some(left) = codes_left.filter(|left| *left <= FEW_CODES) {
                            released.begin_errand(PendingAction::FewCodes(left));
                        }
                        Some(State::Released(released))
                    }
                    _ => None,
                });
                let mut response = self.stepped_up(cx, token, before, &mailbox, None).await;
                cookies::remember(&mut response, &browser);
                response
            }
            // That key is asked no more: the person chooses from what is left.
            AfterCode::Again(problem @ Problem::Copied) => {
                self.show_question(cx, key, PortalRoute::Methods, Some(problem)).await
            }
            AfterCode::Again(problem) => match self.begin_once(cx, key, &offer).await {
                Ok(()) => self.show_view(cx, key, own, Some(problem)),
                Err(stop) => self.stop(cx, key, &stop),
            },
            AfterCode::Stop(stop) => self.stop(cx, key, &stop),
        }
    }

    async fn choose(&self, cx: &RequestContext, key: &Key, form: &Form) -> Response<Body> {
        let chosen = |state: &mut Question| match form.field(fields::METHOD) {
            Some(wanted) if state.choose(wanted) => state.chosen().cloned(),
            Some(_) => None,
            // From a page that asks for one of them.
            None => {
                note_trust(state, form);
                None
            }
        };
        match self.asked(cx, key, chosen).flatten() {
            None => pages::see_other(paths::METHODS),
            Some(offer) if offer.id == auth::BACKUP => pages::see_other(paths::BACKUP_CODE),
            Some(offer) => match self.begin_once(cx, key, &offer).await {
                Ok(()) => pages::see_other(paths::CODE),
                Err(stop) => self.stop(cx, key, &stop),
            },
        }
    }

    /// The token that the daemon knows the session's browser by, if there is one.
    pub(crate) fn known_browser(&self, cx: &RequestContext, key: &Key) -> Option<Secret> {
        self.sessions.with(key, cx.now.tick, |state| state.held().browser.clone()).flatten()
    }

    /// Looks at what is asked for, where a code is, or changes something in it; none where none is.
    pub(crate) fn asked<T>(&self, cx: &RequestContext, key: &Key, look: impl FnOnce(&mut Question) -> T) -> Option<T> {
        self.sessions.with(key, cx.now.tick, |state| state.question().map(look)).flatten()
    }

    async fn saved(&self, cx: &RequestContext, key: &Key, form: &Form) -> Response<Body> {
        let few = |state: &mut Released| matches!(state.pending_action(), Some(PendingAction::FewCodes(_)));
        let is_ticked = form.field(fields::SAVED) == Some(fields::YES)
            || self.sessions.with_released(key, cx.now.tick, few) == Some(true);
        if !is_ticked {
            return self.show_view(cx, key, PortalRoute::Saved, None);
        }
        if cx.stage == Stage::Released {
            return self.seen(cx, key);
        }
        let mailbox = self.sessions.with(key, cx.now.tick, |state| state.held().mailbox.clone());
        let before = self.follower.before();
        let token = self.sessions.advance(key, cx.now.tick, Stage::SavingCodes, |state| match state {
            State::SavingCodes(state) => Some(State::Released(state.release(cx.now))),
            _ => None,
        });
        let place = (form.field(fields::NEXT) == Some(fields::SECURITY)).then_some(paths::SECURITY);
        self.stepped_up(cx, token, before, &mailbox.unwrap_or_default(), place).await
    }

    fn codes_file(&self, cx: &RequestContext, key: &Key) -> Response<Body> {
        let codes = |state: &mut State| match state {
            State::SavingCodes(saving) => Some((saving.codes.clone(), state.held().mailbox.clone())),
            State::Released(released) => match released.pending_action() {
                Some(PendingAction::Codes(codes)) => Some((codes.clone(), released.held.mailbox.clone())),
                _ => None,
            },
            _ => None,
        };
        match self.sessions.with(key, cx.now.tick, codes).flatten() {
            Some((codes, mailbox)) => self.reader(cx).codes_file(&codes, &mailbox),
            None => self.not_there(cx),
        }
    }

    /// Gives the browser its new session and sends it where it belongs now, or where the person wants to go.
    pub(crate) async fn stepped_up(
        &self,
        cx: &RequestContext,
        token: Result<Option<Token>, getrandom::Error>,
        before: Before,
        mailbox: &str,
        wanted: Option<&str>,
    ) -> Response<Body> {
        let token = match token {
            Ok(Some(token)) => token,
            Ok(None) => return self.ended(cx),
            Err(_) => return self.reader(cx).stop(&Stop::Unavailable),
        };
        let place = |state: &mut State| match state {
            State::Released(state) if state.pending_action().is_none() => {
                wanted.map_or_else(|| state.held.behind.landing.clone(), str::to_owned)
            }
            _ => paths::BACKUP_CODES.to_owned(),
        };
        let key = Key::of(token.reveal());
        let place = key.and_then(|key| self.sessions.with(&key, cx.now.tick, place));
        let Some(place) = place else { return self.ended(cx) };
        self.follower.catch_up(before, mailbox).await;
        tracing::info!(mailbox, "signed in with a second factor");
        let mut response = pages::see_other(&place);
        cookies::give_session(&mut response, &token);
        response
    }

    /// The sign-in ends, unless it only has to wait until somebody can judge, or the administrator can be asked for help.
    /// Whoever is in stays in when what was begun is over, or when no code is taken now.
    pub(crate) fn stop(&self, cx: &RequestContext, key: &Key, stop: &Stop) -> Response<Body> {
        match (cx.stage, stop) {
            (_, Stop::Unavailable | Stop::BadRequest) | (Stage::Released, Stop::Locked { .. }) => {
                self.reader(cx).stop(stop)
            }
            // The page tells whether the session is over, too.
            (Stage::Released, Stop::Ended) => {
                self.give_up(cx, key);
                pages::see_other(paths::SECURITY)
            }
            (Stage::Challenged, Stop::Locked { until }) => self.get_stuck(cx, key, Why::Locked { until: *until }),
            _ => self.end_with(cx, key, stop),
        }
    }

    /// No code is judged any more in this sign-in.
    pub(crate) fn get_stuck(&self, cx: &RequestContext, key: &Key, why: Why) -> Response<Body> {
        let mut behind = UpstreamSession::default();
        let token = self.sessions.advance(key, cx.now.tick, Stage::Challenged, |state| match state {
            State::Challenged(state) => {
                let (state, left) = state.blocked(why);
                behind = left;
                Some(State::Blocked(state))
            }
            _ => None,
        });
        self.say_goodbye(cx, behind);
        let Ok(Some(token)) = token else { return self.end_with(cx, key, &why.into()) };
        let mut response = pages::see_other(paths::CODE);
        cookies::give_session(&mut response, &token);
        response
    }

    /// The session ends.
    pub(crate) fn end_with(&self, cx: &RequestContext, key: &Key, stop: &Stop) -> Response<Body> {
        let is_news = self.drop_session(cx, key, Ended::AccountChanged);
        if *stop == Stop::Ended && !is_news {
            return self.ended(cx);
        }
        let mut response = self.reader(cx).stop(stop);
        cookies::take_session(&mut response);
        response
    }

    /// The person gives up.
    pub(crate) fn cancel(&self, cx: &RequestContext, key: &Key) -> Response<Body> {
        if cx.stage == Stage::Released {
            return self.give_up(cx, key);
        }
        self.drop_session(cx, key, Ended::SignedOut);
        let mut response = pages::see_other(paths::HOME);
        cookies::take_session(&mut response);
        response
    }

    /// False: it was over already.
    fn drop_session(&self, cx: &RequestContext, key: &Key, why: Ended) -> bool {
        let dropped = self.sessions.remove(key, why);
        dropped.map(|state| self.say_goodbye(cx, state.held().behind.clone())).is_some()
    }

    /// Remembers another language, and shows the same page in it.
    pub(crate) async fn change_language(&self, cx: &RequestContext, request: &mut Request<Incoming>) -> Response<Body> {
        let Some(form) = self.form(request).await else { return self.bad_request(cx) };
        let Some(language) = form.field(fields::TO).and_then(Language::from_tag) else {
            return self.bad_request(cx);
        };
        let mut response = pages::see_other(paths::back(form.field(fields::BACK).unwrap_or_default()));
        cookies::give_language(&mut response, language);
        response
    }
}

/// Whether the person trusts the browser, by a form that has the offer on it.
pub(crate) fn note_trust(state: &mut Question, form: &Form) -> bool {
    state.choose_trust(form.field(fields::TRUST) == Some(fields::YES))
}

/// What was sent as the answer of this method; none where it can be no code at all, so that a slip does not count as a
/// miss. Whether it is one of this method the daemon says: it takes a backup code wherever one is typed.
fn read_answer(form: &Form, offer: &Offer) -> Option<Secret> {
    match pages::kind(offer) {
        MethodKind::Key => read_response(form),
        _ => read_plain(form.field(fields::CODE).unwrap_or_default()),
    }
}

/// A security key's response; the daemon reads it.
pub(crate) fn read_response(form: &Form) -> Option<Secret> {
    let response = form.field(fields::RESPONSE).unwrap_or_default();
    (1..=MAX_RESPONSE).contains(&response.len()).then(|| Secret::from(response))
}

pub(crate) fn read_digits(typed: &str, digits: Option<u32>) -> Option<Secret> {
    let code = read_plain(typed)?;
    let length = code.reveal().len();
    let fits = match digits {
        Some(digits) => u32::try_from(length) == Ok(digits),
        None => DIGITS.contains(&length),
    };
    (fits && code.reveal().bytes().all(|byte| byte.is_ascii_digit())).then_some(code)
}

/// Without the blanks, the hyphens and the marks that nobody sees, which people, pages and copying put into a code.
fn read_plain(typed: &str) -> Option<Secret> {
    let is_of_it = |c: &char| if c.is_ascii() { !c.is_whitespace() && *c != '-' } else { c.is_alphanumeric() };
    let mut code = String::with_capacity(typed.len());
    code.extend(typed.chars().filter(is_of_it));
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
        for typed in [
            "123456",
            " 123 456 ",
            "123-456",
            "123\u{a0}456",
            "12 34 56\n",
            "\u{202a}123\u{2011}456\u{202c}",
            "\u{feff}12\u{ad}34\u{200b}56\r\n",
            "\u{2066}123456\u{2069}",
        ] {
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
