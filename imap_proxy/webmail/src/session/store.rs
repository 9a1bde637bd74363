//! The store of sessions: in memory only, keyed by a hash of the browser's token, so that neither a memory dump of this
//! process nor a log reveals a valid cookie.

use super::context::{PasswordFingerprint, SessionContext};
use super::released::Released;
use super::stage::Stage;
use super::state::State;
use super::table::{Entry, Sessions};
use super::token::{Key, Token};
use postern_portal::Ended;
use postern_wire::Secret;
use postern_wire::auth::Session;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use subtle::ConstantTimeEq;

/// The sessions of one front.
#[derive(Default)]
pub struct Store(Mutex<Sessions>);

impl Store {
    /// The number of released sessions.
    pub fn count_released(&self) -> usize {
        self.sessions().released
    }

    /// Stores a session that begins at `now`, and returns the token for the browser.
    ///
    /// # Errors
    /// When the system provides no random bytes; the session is then lost.
    pub fn insert(&self, state: State, now: Instant) -> Result<Token, getrandom::Error> {
        let token = Token::new()?;
        let key = token.key();
        let entry = Entry { state, began: now };
        let mut sessions = self.sessions();
        sessions.make_room(&entry.state.context().mailbox, entry.is_released(), now);
        sessions.put(key, entry);
        Ok(token)
    }

    /// Reads or changes a session, if it still exists; for a released session this counts as use.
    pub fn with<T>(&self, key: &Key, now: Instant, look: impl FnOnce(&mut State) -> T) -> Option<T> {
        let mut sessions = self.sessions();
        if let Some(why) = sessions.all.get(key)?.time_is_over(now) {
            sessions.take(key, why);
            return None;
        }
        let state = &mut sessions.all.get_mut(key)?.state;
        if let State::Released(released) = state {
            if released.is_in_doubt() {
                return None;
            }
            released.touch(now);
        }
        Some(look(state))
    }

    /// The same for a released session.
    pub fn with_released<T>(&self, key: &Key, now: Instant, look: impl FnOnce(&mut Released) -> T) -> Option<T> {
        let look = |state: &mut State| match state {
            State::Released(released) => Some(look(released)),
            _ => None,
        };
        self.with(key, now, look).flatten()
    }

    /// The stage of the session that a browser's cookie names.
    pub fn stage(&self, key: Option<&Key>, now: Instant) -> Stage {
        match key {
            None => Stage::Anonymous,
            Some(key) => self.with(key, now, |state| state.stage()).unwrap_or(Stage::Stale),
        }
    }

    /// Ends a session for this reason, and returns its state.
    pub fn remove(&self, key: &Key, why: Ended) -> Option<State> {
        self.sessions().take(key, why).map(|entry| entry.state)
    }

    /// Why the session that a browser's cookie names has ended.
    pub fn why_ended(&self, key: &Key) -> Ended {
        let sessions = self.sessions();
        match sessions.all.contains_key(key) {
            // It waits for the daemon's response.
            true => Ended::AccountChanged,
            false => sessions.ends.why.get(key).copied().unwrap_or(Ended::Unknown),
        }
    }

    /// Consumes the session if it is still at the stage `from`. The next state is stored under a new token; the old one
    /// is invalid from then on. None: the session no longer exists.
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub fn advance(
        &self,
        key: &Key,
        now: Instant,
        from: Stage,
        next: impl FnOnce(State) -> Option<State>,
    ) -> Result<Option<Token>, getrandom::Error> {
        let entry = {
            let mut sessions = self.sessions();
            if sessions.all.get(key).is_none_or(|it| it.time_is_over(now).is_some() || it.state.stage() != from) {
                return Ok(None);
            }
            sessions.take(key, Ended::GoneOn)
        };
        entry.and_then(|entry| next(entry.state)).map(|state| self.insert(state, now)).transpose()
    }

    /// The sessions that a verdict has admitted, of `mailbox` or of all.
    pub fn admitted(&self, mailbox: Option<&str>) -> Vec<(Key, Session)> {
        let sessions = self.sessions();
        let session = |(key, entry): (&Key, &Entry)| {
            let SessionContext { mailbox, .. } = entry.state.context();
            let standing = entry.state.standing()?.to_owned();
            Some((*key, Session { mailbox: mailbox.clone(), standing }))
        };
        match mailbox {
            Some(mailbox) => sessions.own(mailbox).filter_map(session).collect(),
            None => sessions.all.iter().filter_map(session).collect(),
        }
    }

    /// Ends a session whose `standing` is no longer valid, and returns its state. A session that has requested an
    /// account change itself is not usable from now on, until the change is [settled](Self::settle).
    pub fn end(&self, key: &Key, standing: &str) -> Option<State> {
        let mut sessions = self.sessions();
        let entry = sessions.all.get_mut(key).filter(|entry| entry.state.standing() == Some(standing))?;
        if let State::Released(released) = &mut entry.state
            && released.doubt()
        {
            return None;
        }
        sessions.take(key, Ended::AccountChanged).map(|entry| entry.state)
    }

    /// Records the outcome of a change that this session has requested: its new standing, if the change was made.
    pub fn settle(&self, key: &Key, made: Option<(String, Option<Secret>)>) {
        let mut sessions = self.sessions();
        if let Some(Entry { state: State::Released(released), .. }) = sessions.all.get_mut(key)
            && !released.changed(made)
        {
            sessions.take(key, Ended::AccountChanged);
        }
    }

    /// The released sessions of `mailbox`.
    pub fn released<T>(&self, mailbox: &str, look: impl Fn(&Key, &Released) -> T) -> Vec<T> {
        let sessions = self.sessions();
        let look = |(key, entry): (&Key, &Entry)| match &entry.state {
            State::Released(released) => Some(look(key, released)),
            _ => None,
        };
        sessions.own(mailbox).filter_map(look).collect()
    }

    /// Ends all other sessions of `mailbox` that a verdict has admitted, and returns their states.
    pub fn end_others(&self, mailbox: &str, key: &Key) -> Vec<State> {
        let mut sessions = self.sessions();
        let is_other = |(other, entry): &(&Key, &Entry)| *other != key && entry.state.standing().is_some();
        let others: Vec<Key> = sessions.own(mailbox).filter(is_other).map(|(other, _)| *other).collect();
        others.iter().filter_map(|other| sessions.take(other, Ended::SignedOutElsewhere)).map(|it| it.state).collect()
    }

    /// Ends the sessions of `mailbox` that began with another password, and returns their number.
    pub fn end_with_other_password(&self, mailbox: &str, fingerprint: &PasswordFingerprint) -> usize {
        let mut sessions = self.sessions();
        let same = |entry: &Entry| bool::from(entry.state.context().fingerprint.bytes().ct_eq(fingerprint.bytes()));
        let others: Vec<Key> = sessions.own(mailbox).filter(|(_, entry)| !same(entry)).map(|(key, _)| *key).collect();
        others.iter().filter_map(|key| sessions.take(key, Ended::OtherPassword)).count()
    }

    /// Removes expired sessions. A long transfer counts as use only when it begins, so this also ends it.
    pub fn sweep(&self, now: Instant) {
        self.sessions().sweep(now);
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        // A panic while it was locked can have lost a session, never admitted one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
