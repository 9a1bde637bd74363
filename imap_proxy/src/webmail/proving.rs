//! Asking again, in the midst of a session, for a code: what takes something away or gives something out needs a sign-in
//! just before. The pages are those of a sign-in.

use super::errand::{Errand, Then};
use super::gate::{Gate, Visit};
use super::pages;
use super::security::form_of;
use super::session::{Question, Released};
use super::store::Key;
use super::verdict::{AfterPassword, Stop, after_password};
use crate::body::Body;
use crate::portal::{Page, paths};
use http::{Response, StatusCode};
use postern_wire::Secret;
use postern_wire::auth::Offer;

impl Gate {
    /// Asks for a code; `then` follows it.
    pub(super) async fn prove(&self, visit: &Visit, key: &Key, then: Then) -> Response<Body> {
        let Some(mailbox) = self.mailbox(visit, key) else { return self.ended(visit) };
        let mut question = match self.second_factor(visit, &mailbox).await {
            Ok(Some(methods)) => Question::new(methods),
            Ok(None) => return self.security_off(visit, key),
            Err(stop) => return self.stop(visit, key, &stop),
        };
        if let Err(stop) = self.begin_first(visit, &mailbox, &mut question).await {
            return self.stop(visit, key, &stop);
        }
        self.errand(visit, key, Errand::Proving { question, then });
        pages::see_other(paths::CODE)
    }

    /// For a session that was let in without a code: its page says how to come to a proof, or that there is none to have.
    pub(super) async fn without_proof(&self, visit: &Visit, key: &Key) -> Response<Body> {
        let Some(mailbox) = self.mailbox(visit, key) else { return self.ended(visit) };
        match self.second_factor(visit, &mailbox).await {
            Ok(Some(_)) => self.reader(visit).page(StatusCode::OK, &Page::ProveFirst, Some(&mailbox)),
            Ok(None) => self.security_off(visit, key),
            Err(stop) => self.stop(visit, key, &stop),
        }
    }

    /// What a code is asked for with, in a browser that is not trusted; none: the account has no second factor, or it is
    /// suspended or switched off. There is no code to ask for then, and without one nothing is changed.
    async fn second_factor(&self, visit: &Visit, mailbox: &str) -> Result<Option<Vec<Offer>>, Stop> {
        let verdict = self.ask(visit.origin_of_stranger(), mailbox).await.map(|asked| asked.verdict);
        match after_password(verdict, None) {
            // A code that is sent because a sign-in looks unusual is no second factor.
            AfterPassword::Challenge { mailbox: same, methods, .. } if same == mailbox => {
                Ok(Some(methods).filter(|methods| !pages::is_unusual(methods)))
            }
            AfterPassword::Challenge { .. } => Err(Stop::Refused),
            AfterPassword::Release { .. } | AfterPassword::Enrol { .. } | AfterPassword::Stop(Stop::Unusual) => {
                Ok(None)
            }
            AfterPassword::Stuck(why) => Err(why.into()),
            AfterPassword::Stop(stop) => Err(stop),
        }
    }

    /// The code was right: what needed it follows.
    pub(super) async fn proven(
        &self,
        visit: &Visit,
        key: &Key,
        standing: String,
        proof: Option<Secret>,
    ) -> Response<Body> {
        let prove = |state: &mut Released| {
            state.prove(standing, proof);
            state.end_errand()
        };
        match self.sessions.with_released(key, visit.now.tick, prove) {
            Some(Some(Errand::Proving { then: Then::Change(change), .. })) => {
                let form = form_of(&change);
                self.carry_out(visit, key, change, &form).await
            }
            Some(Some(Errand::Proving { then: Then::Add { kind, to }, .. })) => self.add(visit, key, kind, to).await,
            Some(Some(Errand::Proving { then: Then::Page(path), .. })) => pages::see_other(&path),
            Some(_) => pages::see_other(paths::SECURITY),
            None => self.ended(visit),
        }
    }
}
