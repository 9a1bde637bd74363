//! Our own answers: pages for sessions and verdicts, and the headers that go with them.

use super::classify::PortalRoute;
use super::verdict::{Blocked as Why, Shown, Stop};
use crate::account::proving;
use crate::session::pending_action::PendingAction;
use crate::session::state::{Begun, Enrolment, Question, SettingUp, State};
use crate::session::store::Token;
use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use jiff::Timestamp;
use postern_http::body::{self, Body};
use postern_portal::{self as portal, Context, Ended, Language, MethodKind, Page, Problem, Requested, assets};
use postern_wire::auth::{self, Offer};

/// With everything that this front answers by itself.
static ALWAYS: [(HeaderName, &str); 8] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // With no-referrer, Chromium sends `Origin: null` with a page's own form.
    (header::REFERRER_POLICY, "same-origin"),
    (header::STRICT_TRANSPORT_SECURITY, super::headers::HSTS),
    (header::CONTENT_SECURITY_POLICY, portal::CONTENT_SECURITY_POLICY),
    // A script of the webmail's that opens a page of ours, in a window that it holds, gets nothing of it (HTML, 7.1.3; Fetch,
    // 3.7).
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];
/// Our style and scripts, which have their version in their address.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// Who reads a page.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    /// In which language.
    pub language: Language,
    /// What this place is called.
    pub brand: &'a str,
    /// When.
    pub now: Timestamp,
    /// Whether the person is signed in, and looks after their account.
    pub signed_in: bool,
    /// What a code is asked for then.
    pub purpose: Option<portal::Purpose>,
}

impl Reader<'_> {
    fn context<'a>(&'a self, mailbox: Option<&'a str>) -> Context<'a> {
        let purpose = self.purpose.as_ref();
        Context { brand: self.brand, mailbox, now: self.now, signed_in: self.signed_in, purpose }
    }

    /// A page; `mailbox` once its password was accepted.
    pub fn page(&self, status: StatusCode, page: &Page, mailbox: Option<&str>) -> Response<Body> {
        let context = self.context(mailbox);
        let document = portal::render(page, self.language, &context);
        // Without random bytes the page is shown all the same: what it sends is then taken as often as it comes.
        let document = match Token::new() {
            Ok(key) => portal::with_idempotency_key(&document, key.reveal()),
            Err(_) => document,
        };
        answer(status, "text/html; charset=utf-8", document)
    }

    /// The page for a session that is over.
    pub fn ended(&self, why: Ended) -> Response<Body> {
        self.page(StatusCode::UNAUTHORIZED, &Page::SessionEnded(why), None)
    }

    /// The page for a sign-in that ends or pauses. It names no mailbox: it is the same for all.
    pub fn stop(&self, stop: &Stop) -> Response<Body> {
        let (status, page) = match stop {
            Stop::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, Page::Unavailable),
            Stop::Refused => (StatusCode::FORBIDDEN, Page::Refused),
            Stop::Unusual => (StatusCode::FORBIDDEN, Page::Unusual),
            Stop::Locked { until } => {
                (StatusCode::FORBIDDEN, Page::Locked(portal::Locked { until: *until, may_request: false }))
            }
            Stop::Ended => return self.ended(Ended::AccountChanged),
            Stop::BadRequest => (StatusCode::BAD_REQUEST, Page::BadRequest),
        };
        self.page(status, &page, None)
    }

    /// The page for a request of a session to which the webmail gives no answer.
    pub fn no_answer(&self, status: StatusCode) -> Response<Body> {
        self.page(status, &Page::NoAnswer, None)
    }

    /// The backup codes as a file.
    pub fn codes_file(&self, codes: &[portal::Secret], mailbox: &str) -> Response<Body> {
        let context = self.context(Some(mailbox));
        let file = portal::render_codes_file(codes, self.language, &context);
        let mut response = answer(StatusCode::OK, "text/plain; charset=utf-8", file);
        let disposition = format!("attachment; filename=\"{}\"", portal::CODES_FILE_NAME);
        set(&mut response, header::CONTENT_DISPOSITION, &disposition);
        response
    }
}

/// What a code is asked for, in the midst of a session.
pub(super) fn purpose(state: &State) -> Option<portal::Purpose> {
    match state {
        State::Released(state) => match state.pending_action()? {
            PendingAction::Proving { question, then } => Some(proving::purpose(then, &question.methods)),
            _ => None,
        },
        _ => None,
    }
}

/// The page that `own` shows for this session, with what was wrong before; none when it has no such page (that of an
/// app that is set up is made of what the daemon says, see [`app`]).
pub fn view(state: &mut State, own: PortalRoute, problem: Option<Problem>) -> Option<Page> {
    if let State::Blocked(state) = state {
        return match (own, state.why) {
            (PortalRoute::Code, Why::Locked { until }) => {
                Some(Page::Locked(portal::Locked { until, may_request: true }))
            }
            (PortalRoute::Code, Why::NoMethod) => Some(Page::NoMethod),
            (PortalRoute::Lost, _) => Some(lost(state.requested, false)),
            _ => None,
        };
    }
    match own {
        PortalRoute::Methods => {
            return Some(choice(state.question()?, problem));
        }
        PortalRoute::Code | PortalRoute::BackupCode => return Some(challenge(state.question()?, own, problem)),
        PortalRoute::SetUp => return set_up(state.enrolment()?, problem),
        _ => {}
    }
    let saving = |codes: &[portal::Secret]| {
        Page::BackupCodes(portal::BackupCodes { codes: codes.to_vec(), not_ticked: own == PortalRoute::Saved })
    };
    match (state, own) {
        (State::Challenged(state), PortalRoute::Lost) => Some(lost(state.requested, true)),
        (State::SavingCodes(state), PortalRoute::BackupCodes | PortalRoute::Saved) => Some(saving(&state.codes)),
        (State::Released(state), own) => match (state.pending_action()?, own) {
            (PendingAction::Codes(codes), PortalRoute::BackupCodes | PortalRoute::Saved) => Some(saving(codes)),
            (PendingAction::FewCodes(left), PortalRoute::BackupCodes) => Some(Page::FewCodes(*left)),
            (PendingAction::AppPassword(made), PortalRoute::AppPassword) => Some(Page::AppPassword(made.clone())),
            _ => None,
        },
        _ => None,
    }
}

/// `others`: whether there are methods to try instead.
fn lost(requested: Option<Requested>, others: bool) -> Page {
    match requested {
        None => Page::Lost(portal::Lost { others, ..portal::Lost::default() }),
        Some(when) => Page::Requested(portal::RequestMade { when, others }),
    }
}

/// Without the method that the person comes from, unless there is no other, or it cannot be used any more.
fn choice(state: &Question, problem: Option<Problem>) -> Page {
    let left = state.chosen().filter(|_| problem.is_none() && state.methods.len() > 1);
    let methods = state.methods.iter().filter(|offer| left.is_none_or(|left| left.id != offer.id));
    let (methods, left) = (methods.map(method).collect(), left.map(kind));
    Page::ChooseMethod(portal::ChooseMethod { methods, left, problem })
}

fn challenge(state: &Question, own: PortalRoute, problem: Option<Problem>) -> Page {
    let (others, trust) = (state.methods.len() > 1, state.trust());
    let Some(offer) = answered_with(state, own) else {
        return Page::ChallengeBackup(portal::ChallengeBackup { others, trust, problem });
    };
    let method = method(offer);
    let Begun { challenge, again, options, problem: earlier } = state.begun(&offer.id).cloned().unwrap_or_default();
    match method.kind {
        MethodKind::BackupCode => Page::ChallengeBackup(portal::ChallengeBackup { others, trust, problem }),
        MethodKind::Authenticator => Page::Challenge(portal::Challenge { method, others, trust, problem }),
        MethodKind::Sms | MethodKind::Email | MethodKind::Contact => {
            let (sent, problem, unusual) = (challenge.is_some(), problem.or(earlier), is_unusual(&state.methods));
            Page::SentCode(portal::SentCode { method, sent, again, others, unusual, trust, problem })
        }
        MethodKind::Key => Page::Key(portal::Key { method, options, others, trust, problem: problem.or(earlier) }),
    }
}

/// Whether this is asked of an account without a second factor, since the sign-in looks unusual.
pub fn is_unusual(methods: &[Offer]) -> bool {
    methods.iter().all(|offer| offer.id == auth::CONTACT)
}

/// The method that a form of this page answers with.
pub fn answered_with(state: &Question, own: PortalRoute) -> Option<&Offer> {
    let backup = || state.methods.iter().find(|offer| offer.id == auth::BACKUP);
    let device = || state.chosen().filter(|offer| offer.id != auth::BACKUP).or_else(|| state.first_device());
    match own {
        PortalRoute::BackupCode => backup().or_else(device),
        _ => device().or_else(backup),
    }
}

/// What a method is. The page of a kind that nobody knows asks for a plain code.
pub fn kind(offer: &Offer) -> MethodKind {
    if offer.id == auth::BACKUP {
        return MethodKind::BackupCode;
    }
    MethodKind::from_tag(&offer.kind).unwrap_or(MethodKind::Authenticator)
}

pub(super) fn method(offer: &Offer) -> portal::Method {
    let Offer { id, description, hint, .. } = offer.clone();
    portal::Method { kind: kind(offer), id, description, hint }
}

/// The page for setting up an authenticator app.
pub fn app(state: &Enrolment, shown: Shown, problem: Option<Problem>) -> Page {
    let (Shown { uri, secret }, description) = (shown, state.description.clone());
    Page::SetUp(portal::SetUp { uri, secret, description, others: state.others(), problem })
}

fn set_up(state: &Enrolment, problem: Option<Problem>) -> Option<Page> {
    let (description, others) = (state.description.clone(), state.others());
    Some(match state.begun.clone() {
        SettingUp::App { .. } => return None,
        SettingUp::Guarded => Page::EnrolmentCode(portal::EnrolmentCode { problem }),
        SettingUp::To { kind, typed } => Page::SetUpTo(portal::SetUpTo { kind, to: typed, others, problem }),
        SettingUp::Sent { kind, to, again, .. } => {
            Page::SetUpSent(portal::SetUpSent { kind, to, again, description, others, problem })
        }
        SettingUp::Key { options, .. } => Page::SetUpKey(portal::SetUpKey { options, description, others, problem }),
    })
}

/// The status of a page of a sign-in.
pub fn status_of(page: &Page, problem: Option<Problem>) -> StatusCode {
    match page {
        Page::Locked(_) => StatusCode::FORBIDDEN,
        Page::NoMethod => StatusCode::SERVICE_UNAVAILABLE,
        _ => status(problem),
    }
}

/// The status of a page that is shown for this reason.
pub fn status(problem: Option<Problem>) -> StatusCode {
    match problem {
        None => StatusCode::OK,
        Some(Problem::NotACode) => StatusCode::BAD_REQUEST,
        // One status and one text, whether the code was right or wrong.
        Some(_) => StatusCode::FORBIDDEN,
    }
}

/// The style or a script of the pages.
pub fn asset(own: PortalRoute) -> Response<Body> {
    let (content_type, text) = match own {
        PortalRoute::Style => ("text/css; charset=utf-8", assets::STYLE),
        PortalRoute::KeyScript => ("text/javascript; charset=utf-8", assets::KEY_SCRIPT),
        _ => ("text/javascript; charset=utf-8", assets::SCRIPT),
    };
    let mut response = answer(StatusCode::OK, content_type, text.to_owned());
    set(&mut response, header::CACHE_CONTROL, FOREVER);
    response
}

/// Sends the browser to a path of this host, by GET.
pub fn see_other(path: &str) -> Response<Body> {
    let mut response = answer(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", String::new());
    set(&mut response, header::LOCATION, path);
    response
}

/// An answer of our own.
pub fn answer(status: StatusCode, content_type: &str, content: String) -> Response<Body> {
    let mut response = Response::new(body::full(content));
    *response.status_mut() = status;
    for (name, value) in &ALWAYS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    set(&mut response, header::CONTENT_TYPE, content_type);
    response
}

fn set(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(id: &str) -> Offer {
        Offer { id: id.into(), kind: "totp".into(), description: format!("{id}'s"), digits: Some(6), hint: None }
    }

    fn question(ids: &[&str]) -> Question {
        Question::new(ids.iter().map(|id| offer(id)).collect())
    }

    #[test]
    fn a_form_answers_with_the_method_that_its_page_names() {
        let mut state = question(&["backup", "t1", "t2"]);
        let with = |state: &Question, own| answered_with(state, own).unwrap().id.clone();
        assert_eq!(with(&state, PortalRoute::Code), "t1");
        assert!(state.choose("t2"));
        assert_eq!(
            (with(&state, PortalRoute::Code), with(&state, PortalRoute::BackupCode)),
            ("t2".into(), "backup".into())
        );
        assert!(state.choose("backup") && !state.choose("t3"));
        assert_eq!(with(&state, PortalRoute::Code), "t1");
        assert_eq!(with(&question(&["backup"]), PortalRoute::Code), "backup");
        assert_eq!(with(&question(&["t1"]), PortalRoute::BackupCode), "t1");
    }

    #[test]
    fn every_answer_of_ours_is_guarded() {
        let (language, now) = (Language::English, Timestamp::UNIX_EPOCH);
        let reader = Reader { language, brand: "x", now, signed_in: false, purpose: None };
        for response in [reader.stop(&Stop::Unavailable), see_other("/"), asset(PortalRoute::Style)] {
            for (name, _) in &ALWAYS {
                assert!(response.headers().contains_key(name), "{name}");
            }
        }
        assert_eq!(reader.stop(&Stop::Refused).headers()[header::CACHE_CONTROL], "no-store");
    }
}
