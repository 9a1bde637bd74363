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
use crate::portal::paths;
use http::Response;
use postern_wire::Secret;

impl Gate {
    /// Asks for a code; `then` follows it.
    pub(super) async fn prove(&self, visit: &Visit, key: &Key, then: Then) -> Response<Body> {
        let Some(mailbox) = self.mailbox(visit, key) else { return self.ended(visit) };
        let verdict = self.ask(visit, &mailbox).await.map(|asked| asked.verdict);
        match after_password(verdict, None) {
            AfterPassword::Challenge { mailbox: same, methods } if same == mailbox => {
                let mut question = Question::new(methods);
                if let Err(stop) = self.begin_first(visit, &mailbox, &mut question).await {
                    return self.stop(visit, key, &stop);
                }
                self.errand(visit, key, Errand::Proving { question, then });
                pages::see_other(paths::CODE)
            }
            AfterPassword::Challenge { .. } => self.stop(visit, key, &Stop::Refused),
            AfterPassword::Stop(stop) => self.stop(visit, key, &stop),
            // Suspended, or switched off: there is no code to ask for, and without one nothing is changed.
            AfterPassword::Release { .. } | AfterPassword::Enrol { .. } => self.security_off(visit, key),
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
