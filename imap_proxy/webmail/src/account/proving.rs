//! Asking for a factor in a signed-in session: a change that grants or removes access to the mailbox requires a factor
//! entered for that change. The pages are those of a sign-in, and state what the code is for. The proof is sent to the
//! daemon with that one change, and is not kept.

use super::change_form::form_of;
use crate::ask::ask;
use crate::challenge::prepare::Preparation;
use crate::challenge::transitions::Transitions;
use crate::challenge::view;
use crate::context::RequestContext;
use crate::next::{Changing, Next, Proven};
use crate::pages::{self, Pages};
use crate::session::challenge::Challenge;
use crate::session::handle::SessionHandle;
use crate::session::pending_action::{AfterProof, PendingAction};
use crate::session::released::Released;
use crate::verdict::{AfterPassword, Denial, after_password};
use http::{Response, StatusCode};
use postern_front::daemon::Daemon;
use postern_http::body::Body;
use postern_portal::{ChangeKind, Page, fields, paths};
use postern_products::form;
use postern_wire::auth::Offer;

/// Asks for a factor, and continues with what it was asked for.
#[derive(Clone)]
pub(crate) struct Proving {
    pub(crate) daemon: Daemon,
    pub(crate) pages: Pages,
    pub(crate) transitions: Transitions,
    pub(crate) preparation: Preparation,
}

impl Proving {
    /// Asks for a factor; `then` follows it.
    pub(crate) async fn prove(&self, cx: &RequestContext, session: &SessionHandle, then: AfterProof) -> Response<Body> {
        let Some(mailbox) = session.mailbox() else { return self.pages.ended(cx) };
        let mut challenge = match self.second_factor(cx, &mailbox).await {
            Ok(Some(methods)) => Challenge::new(methods),
            Ok(None) => return self.pages.security_off(cx, session),
            Err(denial) => return self.transitions.deny(cx, session, &denial),
        };
        if let Err(denial) = self.preparation.first(cx, &mailbox, &mut challenge).await {
            return self.transitions.deny(cx, session, &denial);
        }
        session.begin_action(PendingAction::Proving { challenge, then });
        pages::see_other(paths::CODE)
    }

    /// The page for a session that was released without a factor: it explains how to obtain a proof, or that none is
    /// available.
    pub(crate) async fn without_proof(&self, cx: &RequestContext, session: &SessionHandle) -> Response<Body> {
        let Some(mailbox) = session.mailbox() else { return self.pages.ended(cx) };
        match self.second_factor(cx, &mailbox).await {
            Ok(Some(_)) => self.pages.reader(cx).page(StatusCode::OK, &Page::ProveFirst, Some(&mailbox)),
            Ok(None) => self.pages.security_off(cx, session),
            Err(denial) => self.transitions.deny(cx, session, &denial),
        }
    }

    /// The methods that can be asked for, as in a browser that is not trusted; none: the account has no second factor,
    /// or the second factor is suspended or switched off. There is no factor to ask for then, and without one nothing
    /// is changed.
    async fn second_factor(&self, cx: &RequestContext, mailbox: &str) -> Result<Option<Vec<Offer>>, Denial> {
        match after_password(ask(&self.daemon, cx.origin_without_browser(), mailbox, &[]).await, &[]) {
            // A code that is sent because a sign-in looks unusual is not a second factor.
            AfterPassword::Challenge { mailbox: same, methods, .. } if same == mailbox => {
                Ok(Some(methods).filter(|methods| !view::is_unusual(methods)))
            }
            AfterPassword::Challenge { .. } => Err(Denial::Refused),
            AfterPassword::Release { .. } | AfterPassword::Enrol { .. } | AfterPassword::Denied(Denial::Unusual) => {
                Ok(None)
            }
            AfterPassword::Blocked { why, .. } => Err(why.into()),
            AfterPassword::Denied(denial) => Err(denial),
        }
    }

    /// The factor was accepted: continues with what it was asked for.
    pub(crate) fn proven(
        &self,
        cx: &RequestContext,
        session: &SessionHandle,
        Proven { standing, proof, .. }: Proven,
    ) -> Next {
        let prove = |state: &mut Released| {
            let pending_action = state.end_action();
            let is_to_look = matches!(pending_action, Some(PendingAction::Proving { then: AfterProof::Look, .. }));
            // The proof for a change is valid only for that change.
            state.prove(standing, proof.clone().filter(|_| is_to_look));
            pending_action
        };
        let then = match session.with_released(prove) {
            Some(Some(PendingAction::Proving { then, .. })) => then,
            Some(_) => return pages::see_other(paths::SECURITY).into(),
            None => return self.pages.ended(cx).into(),
        };
        match (then, proof) {
            (AfterProof::Look, _) => pages::see_other(paths::SECURITY).into(),
            (_, None) => self.pages.denied(cx, &Denial::Unavailable).into(),
            (AfterProof::Change(change), proof) => {
                let form = form_of(&change);
                Next::Change(Changing { change, proof, form })
            }
            (AfterProof::Add { kind, to }, proof) => Next::Add { kind, to, proof },
            (AfterProof::MakeAppPassword { description }, Some(proof)) => {
                session.begin_action(PendingAction::MakingAppPassword { proof });
                let fixed = (fields::CHANGE, ChangeKind::CreateAppPassword.tag());
                let query = form::write(&[fixed, (fields::DESCRIPTION, &description)]);
                pages::see_other(&format!("{}?{query}", paths::SECURITY_CHANGE)).into()
            }
        }
    }
}
