//! A session in which the webmail is open.

use super::context::{Moment, SessionContext};
use super::limits::PENDING_LIFE;
use super::pending_action::PendingAction;
use jiff::Timestamp;
use postern_front::session_registry::{Cancellation, CancellationToken};
use postern_portal::Done;
use postern_wire::Secret;
use postern_wire::security::Proves;
use std::time::Instant;

/// The browser and the webmail talk.
pub struct Released {
    /// What every state holds.
    pub context: SessionContext,
    /// For rechecks.
    pub standing: String,
    /// The proof that the user has signed in with a second factor, for the Security page; none where none was required.
    pub proof: Option<Secret>,
    /// Since when.
    pub since: Timestamp,
    /// When it was used last.
    pub used: Instant,
    /// What is pending on the Security page, and since when.
    pending_action: Option<(PendingAction, Instant)>,
    /// What is still to be shown once, after what is shown now.
    to_show: Vec<PendingAction>,
    /// What was done there last, to be said once.
    pub done: Option<Done>,
    /// Changes of the account that this session has asked for and has no answer to yet.
    changes: u32,
    /// What it rests on is gone, maybe by such a change: until its answer comes, the session is of no use.
    in_doubt: bool,
    /// Of what runs in it.
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

    /// The same, open from now on.
    pub(super) fn opened_at(self, now: Moment) -> Self {
        Self { used: now.tick, since: now.wall, ..self }
    }

    /// It is used now. A pending action that has taken too long is over, unless it shows what is shown once.
    pub fn touch(&mut self, now: Instant) {
        self.used = now;
        let is_late = |began: Instant| now.saturating_duration_since(began) >= PENDING_LIFE;
        self.pending_action.take_if(|(pending_action, began)| pending_action.shown_once().is_none() && is_late(*began));
    }

    /// Where that is shown which is shown once, until the user confirms it.
    pub fn not_confirmed(&self) -> Option<&'static str> {
        self.pending_action().and_then(PendingAction::shown_once)
    }

    /// What is pending on the Security page.
    pub fn pending_action(&self) -> Option<&PendingAction> {
        self.pending_action.as_ref().map(|(pending_action, _)| pending_action)
    }

    /// The same, to go on with it.
    pub fn pending_action_mut(&mut self) -> Option<&mut PendingAction> {
        self.pending_action.as_mut().map(|(pending_action, _)| pending_action)
    }

    /// The user begins with this, in place of anything else but what is shown once: new backup codes take the place of
    /// others, since those are not valid any more; the rest comes one after the other.
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

    /// What a factor is asked for at the moment; none: nothing, or to see the account.
    pub fn proves(&mut self) -> Option<Proves> {
        match self.pending_action()? {
            PendingAction::Proving { then, .. } => then.proves(),
            _ => None,
        }
    }

    /// It is done, or given up. What is shown once stays.
    pub fn end_action(&mut self) -> Option<PendingAction> {
        if self.not_confirmed().is_some() { None } else { self.end_shown() }
    }

    /// The user has seen it, and says so.
    pub fn end_shown(&mut self) -> Option<PendingAction> {
        let next = if self.to_show.is_empty() { None } else { Some((self.to_show.remove(0), self.used)) };
        std::mem::replace(&mut self.pending_action, next).map(|(pending_action, _)| pending_action)
    }

    /// The daemon has vouched for the user again; without a new proof the old one stays valid.
    pub fn prove(&mut self, standing: String, proof: Option<Secret>) {
        self.standing = standing;
        self.proof = proof.or_else(|| self.proof.take());
    }

    /// A change of the account that may end its sessions is on its way: see [`Self::changed`].
    pub fn begin_change(&mut self) {
        self.changes = self.changes.saturating_add(1);
    }

    /// The change has been made, and this session stands on this now; or none has been made. False: the session is over.
    pub fn changed(&mut self, made: Option<(String, Option<Secret>)>) -> bool {
        self.changes = self.changes.saturating_sub(1);
        if let Some((standing, proof)) = made {
            (self.standing, self.proof, self.in_doubt) = (standing, proof, false);
        }
        self.changes > 0 || !self.in_doubt
    }

    /// What it rests on is gone. False: the session is over; true: a change of its own may be why, so it waits for that.
    pub fn doubt(&mut self) -> bool {
        self.in_doubt = true;
        // What runs in it is cut at once, as it would be at its end.
        self.cancellation = Cancellation::default();
        self.changes > 0
    }

    /// Whether it waits for the daemon's word on whether it is over.
    pub fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// To be held by what must not outlast the session.
    pub fn token(&self) -> CancellationToken {
        self.cancellation.token()
    }
}
