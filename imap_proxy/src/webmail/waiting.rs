//! The pages that ask for a code are made of what the daemon says at that moment: what was removed in another browser, or
//! found to be copied, is not offered in this one.

use super::classify::PortalRoute;
use super::front::{Visit, WebmailFront};
use super::pages;
use super::session::Stage;
use super::store::Key;
use super::verdict::{AfterWaiting, Blocked, Stop, after_waiting};
use crate::body::Body;
use crate::portal::Problem;
use http::Response;

impl WebmailFront {
    /// Shows one of these pages.
    pub(super) async fn show_question(
        &self,
        visit: &Visit,
        key: &Key,
        own: PortalRoute,
        problem: Option<Problem>,
    ) -> Response<Body> {
        let is_asked = self.asked(visit, key, |_| ()).is_some();
        let Some(mailbox) = self.mailbox(visit, key).filter(|_| is_asked) else {
            return self.show_view(visit, key, own, problem);
        };
        let is_in = visit.stage == Stage::Released;
        // Whoever is in proves again who they are, also in a browser that is trusted.
        let origin = if is_in { visit.origin_of_stranger() } else { visit.origin() };
        let verdict = self.ask(origin, &mailbox).await.map(|asked| asked.verdict);
        match after_waiting(verdict, &mailbox) {
            // A code that is sent because a sign-in looks unusual is no second factor.
            AfterWaiting::Challenge { methods, .. } if is_in && pages::is_unusual(&methods) => {
                self.stop(visit, key, &Stop::Ended)
            }
            AfterWaiting::Challenge { methods, trust_days } => {
                self.asked(visit, key, |question| question.renew(methods, trust_days));
                self.show_view(visit, key, own, problem)
            }
            // Whoever brings a code hears of it, and a short while is waited for on the page.
            AfterWaiting::Blocked(Blocked::Locked { .. }) => self.show_view(visit, key, own, problem),
            AfterWaiting::Blocked(why) if !is_in => self.get_stuck(visit, key, why),
            AfterWaiting::Blocked(why) => self.stop(visit, key, &why.into()),
            AfterWaiting::Stop(stop) => self.stop(visit, key, &stop),
        }
    }
}
