//! The session that a request belongs to. Each access locks the store briefly and sees the current state of the
//! session; between two accesses the session may have advanced or ended.

use super::challenge::Challenge;
use super::context::SessionContext;
use super::enrolment::Enrolment;
use super::pending_action::PendingAction;
use super::released::Released;
use super::stage::Stage;
use super::state::State;
use super::store::Store;
use super::token::{Key, Token};
use postern_portal::{Done, Ended};
use postern_wire::Secret;
use std::sync::Arc;
use std::time::Instant;

/// Identifies one session of the store, at the time of one request.
#[derive(Clone)]
pub(crate) struct SessionHandle {
    store: Arc<Store>,
    key: Key,
    now: Instant,
}

impl SessionHandle {
    /// A handle of the session under `key`, whether that exists or not.
    pub(crate) fn new(store: Arc<Store>, key: Key, now: Instant) -> Self {
        Self { store, key, now }
    }

    /// The handle of the session that this one has [advanced](Self::advance) to.
    pub(crate) fn successor(&self, key: Key) -> Self {
        Self { key, ..self.clone() }
    }

    /// The key under which it is stored.
    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// See [`Store::stage`].
    pub(crate) fn stage(&self) -> Stage {
        self.store.stage(Some(&self.key), self.now)
    }

    /// See [`Store::with`].
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> Option<T> {
        self.store.with(&self.key, self.now, look)
    }

    /// See [`Store::with_released`].
    pub(crate) fn with_released<T>(&self, look: impl FnOnce(&mut Released) -> T) -> Option<T> {
        self.store.with_released(&self.key, self.now, look)
    }

    /// Accesses the pending challenge; none if there is none.
    pub(crate) fn with_challenge<T>(&self, look: impl FnOnce(&mut Challenge) -> T) -> Option<T> {
        self.with(|state| state.challenge().map(look)).flatten()
    }

    /// Accesses the set-up in progress; none if there is none.
    pub(crate) fn with_enrolment<T>(&self, look: impl FnOnce(&mut Enrolment) -> T) -> Option<T> {
        self.with(|state| state.enrolment().map(look)).flatten()
    }

    /// Copies a value from the data of every state.
    fn read<T>(&self, read: impl FnOnce(&SessionContext) -> T) -> Option<T> {
        self.with(|state| read(state.context()))
    }

    /// The mailbox that the session is bound to.
    pub(crate) fn mailbox(&self) -> Option<String> {
        self.read(|context| context.mailbox.clone())
    }

    /// The token by which the daemon knows its browser, if there is one.
    pub(crate) fn browser(&self) -> Option<Secret> {
        self.read(|context| context.browser.clone()).flatten()
    }

    /// See [`Released::begin_action`].
    pub(crate) fn begin_action(&self, action: PendingAction) {
        self.with_released(|state| state.begin_action(action));
    }

    /// Ends the pending action; the Security page confirms it once.
    pub(crate) fn done(&self, done: Done) {
        let note = |state: &mut Released| {
            state.end_action();
            state.done = Some(done);
        };
        self.with_released(note);
    }

    /// See [`Store::advance`].
    pub(crate) fn advance(
        &self,
        from: Stage,
        next: impl FnOnce(State) -> Option<State>,
    ) -> Result<Option<Token>, getrandom::Error> {
        self.store.advance(&self.key, self.now, from, next)
    }

    /// See [`Store::settle`].
    pub(crate) fn settle(&self, made: Option<(String, Option<Secret>)>) {
        self.store.settle(&self.key, made);
    }

    /// See [`Store::end_others`].
    pub(crate) fn end_others(&self, mailbox: &str) -> Vec<State> {
        self.store.end_others(mailbox, &self.key)
    }

    /// See [`Store::released`]: the sessions of `mailbox`, each with whether it is this one.
    pub(crate) fn released_of<T>(&self, mailbox: &str, look: impl Fn(&Released, bool) -> T) -> Vec<T> {
        self.store.released(mailbox, |key, state| look(state, *key == self.key))
    }

    /// See [`Store::remove`].
    pub(crate) fn remove(&self, why: Ended) -> Option<State> {
        self.store.remove(&self.key, why)
    }

    /// See [`Store::why_ended`].
    pub(crate) fn why_ended(&self) -> Ended {
        self.store.why_ended(&self.key)
    }
}
