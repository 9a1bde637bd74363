//! Methods that must be prepared before they can be answered: a code is sent, or a challenge is created for a security
//! key. This is always started by a form, never by showing a page.

use super::view::{self, answered_with};
use crate::context::RequestContext;
use crate::routes::PortalRoute;
use crate::session::challenge::{Challenge, Prepared};
use crate::session::handle::SessionHandle;
use crate::verdict::{AfterPrepare, Denial, after_prepare};
use postern_front::daemon::Daemon;
use postern_portal::{MethodKind, Problem};
use postern_wire::auth::{Channel, Offer, Prepare};

/// Makes the daemon prepare methods.
#[derive(Clone)]
pub(crate) struct Preparation {
    pub(crate) daemon: Daemon,
    /// The origin of the pages, to which security keys are bound.
    pub(crate) site: String,
}

impl Preparation {
    /// At the beginning of a sign-in, prepares the method that its first page asks for, if necessary.
    pub(crate) async fn first(
        &self,
        cx: &RequestContext,
        mailbox: &str,
        challenge: &mut Challenge,
    ) -> Result<(), Denial> {
        let first = answered_with(challenge, PortalRoute::Code).filter(|offer| is_needed(offer)).cloned();
        if let Some(offer) = first {
            let prepared = self.prepare(cx, mailbox, &offer, Prepared::default()).await?;
            challenge.set_prepared(&offer.id, prepared);
        }
        Ok(())
    }

    /// Prepares this method, if necessary and not done yet.
    pub(crate) async fn once(&self, cx: &RequestContext, session: &SessionHandle, offer: &Offer) -> Result<(), Denial> {
        let waits = |asked: &mut Challenge| asked.prepared(&offer.id).is_none_or(|known| known.challenge.is_none());
        if is_needed(offer) && session.with_challenge(waits) == Some(true) {
            self.again(cx, session, offer).await?;
        }
        Ok(())
    }

    /// Prepares this method, even if it is prepared already.
    pub(crate) async fn again(
        &self,
        cx: &RequestContext,
        session: &SessionHandle,
        offer: &Offer,
    ) -> Result<(), Denial> {
        let before = |asked: &mut Challenge| asked.prepared(&offer.id).cloned().unwrap_or_default();
        let before = session.with_challenge(before).ok_or(Denial::Ended)?;
        let mailbox = session.mailbox().ok_or(Denial::Ended)?;
        let prepared = self.prepare(cx, &mailbox, offer, before).await?;
        session.with_challenge(|asked| asked.set_prepared(&offer.id, prepared)).ok_or(Denial::Ended)
    }

    /// An earlier preparation stays valid if there is no new one.
    async fn prepare(
        &self,
        cx: &RequestContext,
        mailbox: &str,
        offer: &Offer,
        before: Prepared,
    ) -> Result<Prepared, Denial> {
        let prepare = Prepare {
            name: mailbox.to_owned(),
            channel: Channel::Webmail,
            origin: cx.origin(),
            method: offer.id.clone(),
            challenge: before.challenge.clone(),
            language: Some(cx.language.tag().to_owned()),
            site: Some(self.site.clone()),
        };
        let reply = self.daemon.prepare(&prepare).await;
        let reply = reply.inspect_err(|error| tracing::warn!(%error, "a method cannot be prepared"));
        match after_prepare(reply, mailbox, view::kind(offer), cx.now.wall) {
            AfterPrepare::Sent { challenge, again } => {
                Ok(Prepared { challenge: Some(challenge), again: Some(again), ..Prepared::default() })
            }
            AfterPrepare::Key { challenge, options } => {
                Ok(Prepared { challenge: Some(challenge), options: Some(options), ..Prepared::default() })
            }
            AfterPrepare::Problem(problem) => {
                let again = match problem {
                    Problem::TooSoon { until } => Some(until),
                    Problem::TooMany { until } => until,
                    _ => before.again,
                };
                Ok(Prepared { again, problem: Some(problem), ..before })
            }
            AfterPrepare::Denied(denial) => Err(denial),
        }
    }
}

/// Whether a method of this kind must be prepared before it can be answered.
pub(crate) fn is_needed(offer: &Offer) -> bool {
    matches!(view::kind(offer), MethodKind::Sms | MethodKind::Email | MethodKind::Key)
}
