//! Where sessions are kept: in memory only, under a hash of what the browser holds, so that a look into this process's
//! memory dump or a log yields no cookie that works.

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
    /// How many are released.
    pub fn count_released(&self) -> usize {
        self.sessions().released
    }

    /// Keeps a session that begins at `now`, and gives what the browser shall hold.
    ///
    /// # Errors
    /// When the system has no random bytes; the session is then gone.
    pub fn insert(&self, state: State, now: Instant) -> Result<Token, getrandom::Error> {
        let token = Token::new()?;
        let key = token.key();
        let entry = Entry { state, began: now };
        let mut sessions = self.sessions();
        sessions.make_room(&entry.state.context().mailbox, entry.is_released(), now);
        sessions.put(key, entry);
        Ok(token)
    }

    /// Looks at a session, or changes something in it, if it is still there; for a released one that counts as use.
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

    /// The stage of the session that a browser names.
    pub fn stage(&self, key: Option<&Key>, now: Instant) -> Stage {
        match key {
            None => Stage::Anonymous,
            Some(key) => self.with(key, now, |state| state.stage()).unwrap_or(Stage::Stale),
        }
    }

    /// Ends a session for this reason, and gives what it held.
    pub fn remove(&self, key: &Key, why: Ended) -> Option<State> {
        self.sessions().take(key, why).map(|entry| entry.state)
    }

    /// Why the session that a browser names is over.
    pub fn why_ended(&self, key: &Key) -> Ended {
        let sessions = self.sessions();
        match sessions.all.contains_key(key) {
            // It waits for the daemon's word on that.
            true => Ended::AccountChanged,
            false => sessions.ends.why.get(key).copied().unwrap_or(Ended::Unknown),
        }
    }

    /// Consumes the session if it is still at the stage `from`. The next state begins anew under another token; the
    /// old one leads nowhere from then on. None: there is no such session any more.
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

    /// The sessions that a verdict has let in, of `mailbox` or of all.
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

    /// Ends a session that rests on `standing`, which is gone; gives what it held. One that has asked for a change of the
    /// account by itself is of no use from now on, until the change is [settled](Self::settle).
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

    /// What became of a change that this session has asked for: what it rests on from now on, if it was made.
    pub fn settle(&self, key: &Key, made: Option<(String, Option<Secret>)>) {
        let mut sessions = self.sessions();
        if let Some(Entry { state: State::Released(released), .. }) = sessions.all.get_mut(key)
            && !released.changed(made)
        {
            sessions.take(key, Ended::AccountChanged);
        }
    }

    /// The sessions of `mailbox` in which the webmail is open.
    pub fn released<T>(&self, mailbox: &str, look: impl Fn(&Key, &Released) -> T) -> Vec<T> {
        let sessions = self.sessions();
        let look = |(key, entry): (&Key, &Entry)| match &entry.state {
            State::Released(released) => Some(look(key, released)),
            _ => None,
        };
        sessions.own(mailbox).filter_map(look).collect()
    }

    /// Ends all sessions of `mailbox` that a verdict has let in, but this one; gives what they held.
    pub fn end_others(&self, mailbox: &str, key: &Key) -> Vec<State> {
        let mut sessions = self.sessions();
        let is_other = |(other, entry): &(&Key, &Entry)| *other != key && entry.state.standing().is_some();
        let others: Vec<Key> = sessions.own(mailbox).filter(is_other).map(|(other, _)| *other).collect();
        others.iter().filter_map(|other| sessions.take(other, Ended::SignedOutElsewhere)).map(|it| it.state).collect()
    }

    /// Ends the sessions of `mailbox` that began with another password; gives how many.
    pub fn end_with_other_password(&self, mailbox: &str, fingerprint: &PasswordFingerprint) -> usize {
        let mut sessions = self.sessions();
        let same = |entry: &Entry| bool::from(entry.state.context().fingerprint.bytes().ct_eq(fingerprint.bytes()));
        let others: Vec<Key> = sessions.own(mailbox).filter(|(_, entry)| !same(entry)).map(|(key, _)| *key).collect();
        others.iter().filter_map(|key| sessions.take(key, Ended::OtherPassword)).count()
    }

    /// Drops what is over. A long transfer touches its session only when it begins, so this is also what ends it.
    pub fn sweep(&self, now: Instant) {
        self.sessions().sweep(now);
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        // A panic while it was held can have left out a session, never let one in.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
