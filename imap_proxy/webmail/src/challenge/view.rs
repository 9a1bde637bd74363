//! The pages of a sign-in, created from the session's data.

use crate::context::RequestContext;
use crate::pages::{Pages, Reader};
use crate::routes::PortalRoute;
use crate::session::challenge::{Challenge, Prepared};
use crate::session::enrolment::{Enrolment, SettingUp};
use crate::session::handle::SessionHandle;
use crate::session::pending_action::{AfterProof, PendingAction};
use crate::session::stage::BlockedReason;
use crate::session::state::State;
use crate::verdict::Shown;
use http::{Response, StatusCode};
use postern_http::body::Body;
use postern_portal::{self as portal, MethodKind, Page, Problem, Purpose, Requested};
use postern_wire::Secret;
use postern_wire::auth::{self, Offer};
use postern_wire::security::Change;

/// Shows a page that depends only on the session's data.
pub(crate) fn show(
    pages: &Pages,
    cx: &RequestContext,
    session: &SessionHandle,
    route: PortalRoute,
    problem: Option<Problem>,
) -> Response<Body> {
    let page = |state: &mut State| {
        let purpose = purpose(state);
        Some((page_of(state, route, problem)?, state.context().mailbox.clone(), purpose))
    };
    match session.with(page).flatten() {
        Some((page, mailbox, purpose)) => {
            let reader = Reader { purpose, ..pages.reader(cx) };
            reader.page(status_of(&page, problem), &page, Some(&mailbox))
        }
        None => pages.not_there(cx),
    }
}

/// What a code is asked for in a signed-in session.
fn purpose(state: &State) -> Option<Purpose> {
    match state {
        State::Released(state) => match state.pending_action()? {
            PendingAction::Proving { challenge, then } => Some(of_action(then, &challenge.methods)),
            _ => None,
        },
        _ => None,
    }
}

/// The page that `own` shows for this session, with the previous problem; none if it has no such page (the page for
/// setting up an app is created from the daemon's response, see [`app`]).
fn page_of(state: &mut State, own: PortalRoute, problem: Option<Problem>) -> Option<Page> {
    if let State::Blocked(state) = state {
        return match (own, state.why) {
            (PortalRoute::Code, BlockedReason::Locked { until }) => {
                Some(Page::Locked(portal::Locked { until, may_request: true }))
            }
            (PortalRoute::Code, BlockedReason::NoMethod) => Some(Page::NoMethod),
            (PortalRoute::Lost, _) => Some(lost(state.requested, false)),
            _ => None,
        };
    }
    match own {
        PortalRoute::Methods => {
            return Some(choice(state.challenge()?, problem));
        }
        PortalRoute::Code | PortalRoute::BackupCode => return Some(challenge(state.challenge()?, own, problem)),
        PortalRoute::SetUp => return set_up(state.enrolment()?, problem),
        _ => {}
    }
    let saving = |codes: &[Secret]| {
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

/// `others`: whether there are other methods to try.
fn lost(requested: Option<Requested>, others: bool) -> Page {
    match requested {
        None => Page::Lost(portal::Lost { others, ..portal::Lost::default() }),
        Some(when) => Page::Requested(portal::RequestMade { when, others }),
    }
}

/// The choice of methods, without the one that the user came from, unless it is the only one, or it can no longer be
/// used.
fn choice(state: &Challenge, problem: Option<Problem>) -> Page {
    let left = state.chosen().filter(|_| problem.is_none() && state.methods.len() > 1);
    let methods = state.methods.iter().filter(|offer| left.is_none_or(|left| left.id != offer.id));
    let (methods, left) = (methods.map(method).collect(), left.map(kind));
    Page::ChooseMethod(portal::ChooseMethod { methods, left, problem })
}

fn challenge(state: &Challenge, own: PortalRoute, problem: Option<Problem>) -> Page {
    let (others, trust) = (state.methods.len() > 1, state.trust());
    let Some(offer) = answered_with(state, own) else {
        return Page::ChallengeBackup(portal::ChallengeBackup { others, trust, problem });
    };
    let method = method(offer);
    let Prepared { challenge, again, options, problem: earlier } =
        state.prepared(&offer.id).cloned().unwrap_or_default();
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

/// Whether this is asked for an account without a second factor, because the sign-in looks unusual.
pub(crate) fn is_unusual(methods: &[Offer]) -> bool {
    methods.iter().all(|offer| offer.id == auth::CONTACT)
}

/// The method that a form of this page answers.
pub(crate) fn answered_with(state: &Challenge, own: PortalRoute) -> Option<&Offer> {
    let backup = || state.methods.iter().find(|offer| offer.id == auth::BACKUP);
    let device = || state.chosen().filter(|offer| offer.id != auth::BACKUP).or_else(|| state.first_device());
    match own {
        PortalRoute::BackupCode => backup().or_else(device),
        _ => device().or_else(backup),
    }
}

/// The kind of a method. The page for an unknown kind asks for a plain code.
pub(crate) fn kind(offer: &Offer) -> MethodKind {
    if offer.id == auth::BACKUP {
        return MethodKind::BackupCode;
    }
    MethodKind::from_tag(&offer.kind).unwrap_or(MethodKind::Authenticator)
}

pub(crate) fn method(offer: &Offer) -> portal::Method {
    let Offer { id, description, hint, .. } = offer.clone();
    portal::Method { kind: kind(offer), id, description, hint }
}

/// The page for setting up an authenticator app.
pub(crate) fn app(state: &Enrolment, shown: Shown, problem: Option<Problem>) -> Page {
    let (Shown { uri, secret }, description) = (shown, state.description.clone());
    Page::SetUp(portal::SetUp { uri, secret, description, others: state.others(), problem })
}

fn set_up(state: &Enrolment, problem: Option<Problem>) -> Option<Page> {
    let (description, others) = (state.description.clone(), state.others());
    Some(match state.begun.clone() {
        SettingUp::App { .. } => return None,
        SettingUp::EnrolmentCode => Page::EnrolmentCode(portal::EnrolmentCode { problem }),
        SettingUp::To { kind, typed } => Page::SetUpTo(portal::SetUpTo { kind, to: typed, others, problem }),
        SettingUp::Sent { kind, to, again, .. } => {
            Page::SetUpSent(portal::SetUpSent { kind, to, again, description, others, problem })
        }
        SettingUp::Key { options, .. } => Page::SetUpKey(portal::SetUpKey { options, description, others, problem }),
    })
}

/// The HTTP status of a page of a sign-in.
fn status_of(page: &Page, problem: Option<Problem>) -> StatusCode {
    match page {
        Page::Locked(_) => StatusCode::FORBIDDEN,
        Page::NoMethod => StatusCode::SERVICE_UNAVAILABLE,
        _ => status(problem),
    }
}

/// The HTTP status of a page that is shown because of this problem.
pub(crate) fn status(problem: Option<Problem>) -> StatusCode {
    match problem {
        None => StatusCode::OK,
        Some(Problem::NotACode) => StatusCode::BAD_REQUEST,
        // The same status and text, whether the code was right or wrong.
        Some(_) => StatusCode::FORBIDDEN,
    }
}

/// The purpose of a code as shown on the page; `methods` are those that can be used to answer.
fn of_action(then: &AfterProof, methods: &[Offer]) -> Purpose {
    match then {
        AfterProof::Change(Change::RemoveMethod { id }) => {
            Purpose::RemoveMethod(methods.iter().find(|offer| offer.id == *id).map(method))
        }
        AfterProof::Change(Change::MakeBackupCodes) => Purpose::MakeCodes,
        AfterProof::Change(Change::DeleteBackupCodes) => Purpose::DeleteCodes,
        AfterProof::Change(Change::RemoveContact) => Purpose::RemoveContact,
        AfterProof::Change(Change::CreateAppPassword { .. }) | AfterProof::MakeAppPassword { .. } => {
            Purpose::CreateAppPassword
        }
        AfterProof::Add { kind, to } => Purpose::Add { kind: *kind, to: to.clone().unwrap_or_default() },
        AfterProof::Look | AfterProof::Change(_) => Purpose::Look,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(id: &str) -> Offer {
        Offer { id: id.into(), kind: "totp".into(), description: format!("{id}'s"), digits: Some(6), hint: None }
    }

    fn challenge(ids: &[&str]) -> Challenge {
        Challenge::new(ids.iter().map(|id| offer(id)).collect())
    }

    #[test]
    fn a_form_answers_with_the_method_that_its_page_names() {
        let mut state = challenge(&["backup", "t1", "t2"]);
        let with = |state: &Challenge, own| answered_with(state, own).unwrap().id.clone();
        assert_eq!(with(&state, PortalRoute::Code), "t1");
        assert!(state.choose("t2"));
        assert_eq!(
            (with(&state, PortalRoute::Code), with(&state, PortalRoute::BackupCode)),
            ("t2".into(), "backup".into())
        );
        assert!(state.choose("backup") && !state.choose("t3"));
        assert_eq!(with(&state, PortalRoute::Code), "t1");
        assert_eq!(with(&challenge(&["backup"]), PortalRoute::Code), "backup");
        assert_eq!(with(&challenge(&["t1"]), PortalRoute::BackupCode), "t1");
    }
}
