//! A session with access to the webmail.

use super::context::{Moment, SessionContext};
use super::pending_action::PendingAction;
use jiff::Timestamp;
use postern_front::session_registry::{Cancellation, CancellationToken};
use postern_portal::Done;
use postern_wire::Secret;
use postern_wire::security::Proves;
use std::time::Instant;

/// A released session: the browser communicates with the webmail.
pub struct Released {
    /// The data of every state.
    pub context: SessionContext,
    /// For rechecks.
    pub standing: String,
    /// The proof that the user has signed in with a second factor, for the Security page; none if none was required.
    pub proof: Option<Secret>,
    /// When it was released.
    pub since: Timestamp,
    /// When it was used last.
    pub used: Instant,
    /// The pending action on the Security page, and when it began.
    pending_action: Option<(PendingAction, Instant)>,
    /// Data that is to be shown once, after the data shown now.
    to_show: Vec<PendingAction>,
    /// The last change on the Security page, to be confirmed once.
    pub done: Option<Done>,
    /// Number of account changes that this session has requested and that have not been answered.
    changes: u32,
    /// Its standing is no longer valid, possibly because of such a change: until the response arrives, the session is
    /// not usable.
    in_doubt: bool,
    /// Cancels what runs in the session.
    cancellation: Cancellation,
}

impl Released {
    pub(super) fn new(context: SessionContext, standing: String, proof: Option<Secret>, now: Moment) -> Self {
        Self {
            context,
            standing,
            proof,
            since: now.wall,
            used: now.tick,
            pending_action: None,
            to_show: Vec::new(),
            done: None,
            changes: 0,
            in_doubt: false,
            cancellation: Cancellation::default(),
        }
    }

    /// A session that is released from now on.
    pub(super) fn opened_at(self, now: Moment) -> Self {
        Self { used: now.tick, since: now.wall, ..self }
    }

    /// Records a use of the session. A pending action that has taken too long is dropped, unless it shows data once.
    pub fn touch(&mut self, now: Instant) {
        self.used = now;
        let life = self.context.lives.sign_in;
        let is_late = |began: Instant| now.saturating_duration_since(began) >= life;
        self.pending_action.take_if(|(pending_action, began)| pending_action.shown_once().is_none() && is_late(*began));
    }

    /// The page that shows data once, until the user confirms it.
    pub fn not_confirmed(&self) -> Option<&'static str> {
        self.pending_action().and_then(PendingAction::shown_once)
    }

    /// The pending action on the Security page.
    pub fn pending_action(&self) -> Option<&PendingAction> {
        self.pending_action.as_ref().map(|(pending_action, _)| pending_action)
    }

    /// The same, mutable.
    pub fn pending_action_mut(&mut self) -> Option<&mut PendingAction> {
        self.pending_action.as_mut().map(|(pending_action, _)| pending_action)
    }

    /// Begins an action, replacing any other except one that shows data once: new backup codes replace earlier ones,
    /// since those are no longer valid; the others follow one after the other.
    pub fn begin_action(&mut self, pending_action: PendingAction) {
        if matches!(pending_action, PendingAction::Codes(_)) {
            self.to_show.retain(|other| !matches!(other, PendingAction::Codes(_)));
            self.pending_action.take_if(|(other, _)| matches!(other, PendingAction::Codes(_)));
        }
        match (self.not_confirmed(), pending_action.shown_once()) {
            (None, _) => self.pending_action = Some((pending_action, self.used)),
            (Some(_), Some(_)) => self.to_show.push(pending_action),
            (Some(_), None) => {}
        }
    }

    /// The change for which a factor is asked at the moment; none: no factor is asked for, or only to view the account.
    pub fn proves(&mut self) -> Option<Proves> {
        match self.pending_action()? {
            PendingAction::Proving { then, .. } => then.proves(),
            _ => None,
        }
    }

    /// Ends the pending action, completed or cancelled. Data that is shown once stays.
    pub fn end_action(&mut self) -> Option<PendingAction> {
        if self.not_confirmed().is_some() { None } else { self.end_shown() }
    }

    /// The user confirms having seen the data.
    pub fn end_shown(&mut self) -> Option<PendingAction> {
        let next = if self.to_show.is_empty() { None } else { Some((self.to_show.remove(0), self.used)) };
        std::mem::replace(&mut self.pending_action, next).map(|(pending_action, _)| pending_action)
    }

    /// The daemon has confirmed the user again; without a new proof the old one stays valid.
    pub fn prove(&mut self, standing: String, proof: Option<Secret>) {
        self.standing = standing;
        self.proof = proof.or_else(|| self.proof.take());
    }

    /// An account change that may end its sessions was requested: see [`Self::changed`].
    pub fn begin_change(&mut self) {
        self.changes = self.changes.saturating_add(1);
    }

    /// The change was made, and the session has this new standing; or none was made. False: the session has ended.
    pub fn changed(&mut self, made: Option<(String, Option<Secret>)>) -> bool {
        self.changes = self.changes.saturating_sub(1);
        if let Some((standing, proof)) = made {
            (self.standing, self.proof, self.in_doubt) = (standing, proof, false);
        }
        self.changes > 0 || !self.in_doubt
    }

    /// Its standing is no longer valid. False: the session has ended; true: a change of its own may be the cause, so it
    /// waits for the response.
    pub fn doubt(&mut self) -> bool {
        self.in_doubt = true;
        // What runs in it is cancelled at once, as at its end.
        self.cancellation = Cancellation::default();
        self.changes > 0
    }

    /// Whether it waits for the daemon's response on whether it has ended.
    pub fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// A token for everything that must not outlast the session.
    pub fn token(&self) -> CancellationToken {
        self.cancellation.token()
    }
}
