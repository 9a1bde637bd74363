//! The pages that ask for a code are made of what the daemon says at that moment: what was removed in another browser, or
//! found to be copied, is not offered in this one.

use crate::classify::PortalRoute;
use crate::context::RequestContext;
use crate::front::WebmailFront;
use crate::pages;
use crate::session::state::Stage;
use crate::session::store::Key;
use crate::verdict::{AfterWaiting, Blocked, Stop, after_waiting};
use http::Response;
use postern_http::body::Body;
use postern_portal::Problem;

impl WebmailFront {
    /// Shows one of these pages.
    pub(crate) async fn show_question(
        &self,
        cx: &RequestContext,
        key: &Key,
        own: PortalRoute,
        problem: Option<Problem>,
    ) -> Response<Body> {
        let is_asked = self.asked(cx, key, |_| ()).is_some();
        let Some(mailbox) = self.mailbox(cx, key).filter(|_| is_asked) else {
            return self.show_view(cx, key, own, problem);
        };
        let is_in = cx.stage == Stage::Released;
        // Whoever is in proves again who they are, also in a browser that is trusted.
        let origin = if is_in { cx.origin_of_stranger() } else { cx.origin() };
        let verdict = self.ask(origin, &mailbox).await.map(|asked| asked.verdict);
        match after_waiting(verdict, &mailbox) {
            // A code that is sent because a sign-in looks unusual is no second factor.
            AfterWaiting::Challenge { methods, .. } if is_in && pages::is_unusual(&methods) => {
                self.stop(cx, key, &Stop::Ended)
            }
            AfterWaiting::Challenge { methods, trust_days } => {
                self.asked(cx, key, |question| question.renew(methods, trust_days));
                self.show_view(cx, key, own, problem)
            }
            // Whoever brings a code hears of it, and a short while is waited for on the page.
            AfterWaiting::Blocked(Blocked::Locked { .. }) => self.show_view(cx, key, own, problem),
            AfterWaiting::Blocked(why) if !is_in => self.get_stuck(cx, key, why),
            AfterWaiting::Blocked(why) => self.stop(cx, key, &why.into()),
            AfterWaiting::Stop(stop) => self.stop(cx, key, &stop),
        }
    }
}
