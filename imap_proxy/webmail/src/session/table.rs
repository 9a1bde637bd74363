//! The sessions of one front, grouped by mailbox, and which sessions are evicted when a limit is reached.

use super::limits::{MAX_ENDS, MAX_PENDING, MAX_PENDING_PER_MAILBOX, MAX_RELEASED, MAX_RELEASED_PER_MAILBOX};
use super::state::State;
use super::token::Key;
use postern_front::source::{Source, sources};
use postern_portal::Ended;
use std::collections::{HashMap, VecDeque};
use std::time::Instant;

/// A session, and when it began.
pub(super) struct Entry {
    pub(super) state: State,
    pub(super) began: Instant,
}

impl Entry {
    /// The sources from which it was begun.
    fn sources(&self) -> impl Iterator<Item = Source> {
        sources(self.state.context().client.address).map(|(source, _)| source)
    }

    /// Whether it shows data once: a factor was accepted for it, so a sign-in without a factor does not evict it.
    fn is_saving(&self) -> bool {
        matches!(self.state, State::SavingCodes(_))
    }

    pub(super) fn is_released(&self) -> bool {
        matches!(self.state, State::Released(_))
    }

    /// When it was last used; if it is not released, when it began.
    fn last_use(&self) -> Instant {
        match &self.state {
            State::Released(released) => released.used,
            _ => self.began,
        }
    }

    /// Why it has expired, if it has.
    pub(super) fn time_is_over(&self, now: Instant) -> Option<Ended> {
        let lives = self.state.context().lives;
        let age = |since| now.saturating_duration_since(since);
        match &self.state {
            State::Released(released) if age(released.used) >= lives.idle => Some(Ended::Idle),
            State::Released(_) => (age(self.began) >= lives.whole).then_some(Ended::Old),
            State::SavingCodes(_) => (age(self.began) >= lives.saving).then_some(Ended::SlowSignIn),
            _ => (age(self.began) >= lives.sign_in).then_some(Ended::SlowSignIn),
        }
    }
}

/// Why sessions have ended, for browsers that still send the cookie of one: the last [`MAX_ENDS`].
#[derive(Default)]
pub(super) struct Ends {
    pub(super) why: HashMap<Key, Ended>,
    pub(super) order: VecDeque<Key>,
}

impl Ends {
    fn note(&mut self, key: Key, why: Ended) {
        if self.why.insert(key, why).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > MAX_ENDS
            && let Some(oldest) = self.order.pop_front()
        {
            self.why.remove(&oldest);
        }
    }
}

/// All sessions, grouped by mailbox.
#[derive(Default)]
pub(super) struct Sessions {
    pub(super) all: HashMap<Key, Entry>,
    pub(super) of: HashMap<String, Vec<Key>>,
    pub(super) released: usize,
    pub(super) ends: Ends,
}

impl Sessions {
    pub(super) fn put(&mut self, key: Key, entry: Entry) {
        self.released += usize::from(entry.is_released());
        self.of.entry(entry.state.context().mailbox.clone()).or_default().push(key);
        self.all.insert(key, entry);
    }

    pub(super) fn take(&mut self, key: &Key, why: Ended) -> Option<Entry> {
        let entry = self.all.remove(key)?;
        self.ends.note(*key, why);
        self.released -= usize::from(entry.is_released());
        let mailbox = &entry.state.context().mailbox;
        if let Some(own) = self.of.get_mut(mailbox) {
            own.retain(|other| other != key);
            if own.is_empty() {
                self.of.remove(mailbox);
            }
        }
        Some(entry)
    }

    /// Removes expired sessions.
    pub(super) fn sweep(&mut self, now: Instant) {
        let over = |(key, entry): (&Key, &Entry)| Some((*key, entry.time_is_over(now)?));
        let over: Vec<(Key, Ended)> = self.all.iter().filter_map(over).collect();
        for (key, why) in over {
            self.take(&key, why);
        }
    }

    /// The sessions of a mailbox.
    pub(super) fn own(&self, mailbox: &str) -> impl Iterator<Item = (&Key, &Entry)> {
        self.of.get(mailbox).into_iter().flatten().filter_map(|key| self.all.get_key_value(key))
    }

    /// Makes room for one more session: first among those of the mailbox, and among all only if the total limit is
    /// reached.
    pub(super) fn make_room(&mut self, mailbox: &str, released: bool, now: Instant) {
        let (max, max_of_one) = match released {
            true => (MAX_RELEASED, MAX_RELEASED_PER_MAILBOX),
            false => (MAX_PENDING, MAX_PENDING_PER_MAILBOX),
        };
        let own = || self.own(mailbox).filter(|(_, entry)| entry.is_released() == released);
        if own().count() >= max_of_one {
            // Evicts from the source with the most sessions: a client that signs in repeatedly does not evict the
            // owner, who uses another network and is looking for the phone.
            let mut from: HashMap<Source, usize> = HashMap::new();
            own().flat_map(|(_, entry)| entry.sources()).for_each(|source| *from.entry(source).or_default() += 1);
            let count = |source| from.get(&source).copied().unwrap_or_default();
            let crowd = |entry: &Entry| std::cmp::Reverse(entry.sources().map(count).max());
            let rank = |entry: &Entry| (entry.is_saving(), crowd(entry), entry.last_use());
            let oldest = own().min_by_key(|(_, entry)| rank(entry)).map(|(key, _)| *key);
            oldest.and_then(|key| self.take(&key, Ended::TooMany));
        }
        let count = |sessions: &Self| match released {
            true => sessions.released,
            false => sessions.all.len() - sessions.released,
        };
        if count(self) >= max {
            self.sweep(now);
        }
        if count(self) >= max {
            let same = self.all.iter().filter(|(_, entry)| entry.is_released() == released);
            let oldest = same.min_by_key(|(_, entry)| entry.last_use()).map(|(key, _)| *key);
            oldest.and_then(|key| self.take(&key, Ended::TooMany));
        }
    }
}
