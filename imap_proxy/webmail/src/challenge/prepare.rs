//! Methods that have to begin before they can be answered: a code is sent, or a security key gets a question. It is
//! always a form that makes one begin, never a page that is shown.

use super::code::note_trust;
use crate::classify::PortalRoute;
use crate::context::RequestContext;
use crate::form::Form;
use crate::front::WebmailFront;
use crate::pages::{self, answered_with};
use crate::session::state::{Begun, Question};
use crate::session::store::Key;
use crate::verdict::{AfterPrepare, Stop, after_prepare};
use http::Response;
use postern_http::body::Body;
use postern_portal::{MethodKind, Problem, fields, paths};
use postern_wire::auth::{Channel, Offer, Prepare};

impl WebmailFront {
    /// For a sign-in that begins: the method that its first page asks for begins, if it has to.
    pub(crate) async fn begin_first(
        &self,
        cx: &RequestContext,
        mailbox: &str,
        question: &mut Question,
    ) -> Result<(), Stop> {
        let first = answered_with(question, PortalRoute::Code).filter(|offer| has_to_begin(offer)).cloned();
        if let Some(offer) = first {
            let begun = self.prepare(cx, mailbox, &offer, Begun::default()).await?;
            question.begin(&offer.id, begun);
        }
        Ok(())
    }

    /// This method begins, if it has to and has not.
    pub(crate) async fn begin_once(&self, cx: &RequestContext, key: &Key, offer: &Offer) -> Result<(), Stop> {
        let waits = |asked: &mut Question| asked.begun(&offer.id).is_none_or(|begun| begun.challenge.is_none());
        if has_to_begin(offer) && self.asked(cx, key, waits) == Some(true) {
            self.begin_anew(cx, key, offer).await?;
        }
        Ok(())
    }

    /// This method begins, again if it has begun before.
    pub(crate) async fn begin_anew(&self, cx: &RequestContext, key: &Key, offer: &Offer) -> Result<(), Stop> {
        let before = |asked: &mut Question| asked.begun(&offer.id).cloned().unwrap_or_default();
        let before = self.asked(cx, key, before).ok_or(Stop::Ended)?;
        let mailbox = self.mailbox(cx, key).ok_or(Stop::Ended)?;
        let begun = self.prepare(cx, &mailbox, offer, before).await?;
        self.asked(cx, key, |asked| asked.begin(&offer.id, begun)).ok_or(Stop::Ended)
    }

    /// The person wants another code, or another question for the key.
    pub(crate) async fn send_another(&self, cx: &RequestContext, key: &Key, form: &Form) -> Response<Body> {
        let wanted = |asked: &mut Question| {
            // The page with a field for the code has the offer to trust the browser, too.
            if form.field(fields::CODE).is_some() {
                note_trust(asked, form);
            }
            answered_with(asked, PortalRoute::Code).cloned()
        };
        let Some(offer) = self.asked(cx, key, wanted).flatten() else { return self.not_there(cx) };
        if has_to_begin(&offer)
            && let Err(stop) = self.begin_anew(cx, key, &offer).await
        {
            return self.stop(cx, key, &stop);
        }
        pages::see_other(paths::CODE)
    }

    /// Has the daemon begin. What has begun before stays good where nothing else does.
    async fn prepare(&self, cx: &RequestContext, mailbox: &str, offer: &Offer, before: Begun) -> Result<Begun, Stop> {
        let prepare = Prepare {
            name: mailbox.to_owned(),
            channel: Channel::Webmail,
            origin: cx.origin(),
            method: offer.id.clone(),
            challenge: before.challenge.clone(),
            language: Some(cx.language.tag().to_owned()),
            site: Some(self.origin.clone()),
        };
        let reply = self.daemon.prepare(&prepare).await;
        let reply = reply.inspect_err(|error| tracing::warn!(%error, "a method cannot begin"));
        match after_prepare(reply, mailbox, pages::kind(offer), cx.now.wall) {
            AfterPrepare::Sent { challenge, again } => {
                Ok(Begun { challenge: Some(challenge), again: Some(again), ..Begun::default() })
            }
            AfterPrepare::Key { challenge, options } => {
                Ok(Begun { challenge: Some(challenge), options: Some(options), ..Begun::default() })
            }
            AfterPrepare::Problem(problem) => {
                let again = match problem {
                    Problem::TooSoon { until } => Some(until),
                    Problem::TooMany { until } => until,
                    _ => before.again,
                };
                Ok(Begun { again, problem: Some(problem), ..before })
            }
            AfterPrepare::Stop(stop) => Err(stop),
        }
    }
}

/// Whether a method of this kind has to begin before it can be answered.
pub(crate) fn has_to_begin(offer: &Offer) -> bool {
    matches!(pages::kind(offer), MethodKind::Sms | MethodKind::Email | MethodKind::Key)
}
