//! Asking for a code in the midst of a session: what gives or takes a way in takes a factor that is asked for it. The pages
//! are those of a sign-in, and say what the code is for. The proof goes with that one change to the daemon, and is not kept.

use super::security::form_of;
use crate::context::RequestContext;
use crate::form;
use crate::front::WebmailFront;
use crate::pages;
use crate::session::pending_action::{PendingAction, Then};
use crate::session::state::{Question, Released};
use crate::session::store::Key;
use crate::verdict::{AfterPassword, Stop, after_password};
use http::{Response, StatusCode};
use postern_http::body::Body;
use postern_portal::{ChangeKind, Page, Purpose, fields, paths};
use postern_wire::Secret;
use postern_wire::auth::Offer;
use postern_wire::security::Change;

impl WebmailFront {
    /// Asks for a code; `then` follows it.
    pub(crate) async fn prove(&self, cx: &RequestContext, key: &Key, then: Then) -> Response<Body> {
        let Some(mailbox) = self.mailbox(cx, key) else { return self.ended(cx) };
        let mut question = match self.second_factor(cx, &mailbox).await {
            Ok(Some(methods)) => Question::new(methods),
            Ok(None) => return self.security_off(cx, key),
            Err(stop) => return self.stop(cx, key, &stop),
        };
        if let Err(stop) = self.begin_first(cx, &mailbox, &mut question).await {
            return self.stop(cx, key, &stop);
        }
        self.pending_action(cx, key, PendingAction::Proving { question, then });
        pages::see_other(paths::CODE)
    }

    /// For a session that was let in without a code: its page says how to come to a proof, or that there is none to have.
    pub(crate) async fn without_proof(&self, cx: &RequestContext, key: &Key) -> Response<Body> {
        let Some(mailbox) = self.mailbox(cx, key) else { return self.ended(cx) };
        match self.second_factor(cx, &mailbox).await {
            Ok(Some(_)) => self.reader(cx).page(StatusCode::OK, &Page::ProveFirst, Some(&mailbox)),
            Ok(None) => self.security_off(cx, key),
            Err(stop) => self.stop(cx, key, &stop),
        }
    }

    /// What a code is asked for with, in a browser that is not trusted; none: the account has no second factor, or it is
    /// suspended or switched off. There is no code to ask for then, and without one nothing is changed.
    async fn second_factor(&self, cx: &RequestContext, mailbox: &str) -> Result<Option<Vec<Offer>>, Stop> {
        let verdict = self.ask(cx.origin_of_stranger(), mailbox).await.map(|asked| asked.verdict);
        match after_password(verdict, None) {
            // A code that is sent because a sign-in looks unusual is no second factor.
            AfterPassword::Challenge { mailbox: same, methods, .. } if same == mailbox => {
                Ok(Some(methods).filter(|methods| !pages::is_unusual(methods)))
            }
            AfterPassword::Challenge { .. } => Err(Stop::Refused),
            AfterPassword::Release { .. } | AfterPassword::Enrol { .. } | AfterPassword::Stop(Stop::Unusual) => {
                Ok(None)
            }
            AfterPassword::Blocked { why, .. } => Err(why.into()),
            AfterPassword::Stop(stop) => Err(stop),
        }
    }

    /// The code was right: what it was for follows.
    pub(crate) async fn proven(
        &self,
        cx: &RequestContext,
        key: &Key,
        standing: String,
        proof: Option<Secret>,
    ) -> Response<Body> {
        let prove = |state: &mut Released| {
            let pending_action = state.end_errand();
            let is_to_look = matches!(pending_action, Some(PendingAction::Proving { then: Then::Look, .. }));
            // One for a change is good for nothing else.
            state.prove(standing, proof.clone().filter(|_| is_to_look));
            pending_action
        };
        let then = match self.sessions.with_released(key, cx.now.tick, prove) {
            Some(Some(PendingAction::Proving { then, .. })) => then,
            Some(_) => return pages::see_other(paths::SECURITY),
            None => return self.ended(cx),
        };
        match (then, proof) {
            (Then::Look, _) => pages::see_other(paths::SECURITY),
            (_, None) => self.reader(cx).stop(&Stop::Unavailable),
            (Then::Change(change), proof) => {
                let form = form_of(&change);
                self.carry_out(cx, key, (change, proof), &form).await
            }
            (Then::Add { kind, to }, proof) => self.add(cx, key, kind, to, proof).await,
            (Then::MakeAppPassword { description }, Some(proof)) => {
                self.pending_action(cx, key, PendingAction::MakingAppPassword { proof });
                let fixed = (fields::CHANGE, ChangeKind::CreateAppPassword.tag());
                let query = form::write(&[fixed, (fields::DESCRIPTION, &description)]);
                pages::see_other(&format!("{}?{query}", paths::SECURITY_CHANGE))
            }
        }
    }
}

/// What the page says that a code is for; `methods` are those that can be answered with.
pub(crate) fn purpose(then: &Then, methods: &[Offer]) -> Purpose {
    match then {
        Then::Change(Change::RemoveMethod { id }) => {
            Purpose::RemoveMethod(methods.iter().find(|offer| offer.id == *id).map(pages::method))
        }
        Then::Change(Change::MakeBackupCodes) => Purpose::MakeCodes,
        Then::Change(Change::DeleteBackupCodes) => Purpose::DeleteCodes,
        Then::Change(Change::RemoveContact) => Purpose::RemoveContact,
        Then::Change(Change::CreateAppPassword { .. }) | Then::MakeAppPassword { .. } => Purpose::CreateAppPassword,
        Then::Add { kind, to } => Purpose::Add { kind: *kind, to: to.clone().unwrap_or_default() },
        Then::Look | Then::Change(_) => Purpose::Look,
    }
}
