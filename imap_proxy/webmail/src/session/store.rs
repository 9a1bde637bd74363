//! Where sessions are kept: in memory only, under a hash of what the browser holds, so that a look into this process's
//! memory dump or a log yields no cookie that works.

use super::state::{PasswordFingerprint, Released, SessionContext, Stage, State};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postern_front::source::{Source, sources};
use postern_portal::Ended;
use postern_wire::Secret;
use postern_wire::auth::Session;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq;
use zeroize::ZeroizeOnDrop;

/// How long a sign-in may take once the password is accepted.
pub const PENDING_LIFE: Duration = Duration::from_secs(15 * 60);
/// How long new backup codes are shown: they are to be written down, or printed.
pub const SAVING_LIFE: Duration = Duration::from_secs(3600);
/// How long a released session may rest.
pub const IDLE_LIFE: Duration = Duration::from_secs(8 * 3600);
/// How long a released session may last at all.
pub const WHOLE_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);
/// Sign-ins that may be under way; the oldest makes room for the next.
pub const MAX_PENDING: usize = 4096;
/// Released sessions; the one unused for longest makes room for the next.
pub const MAX_RELEASED: usize = 32_768;
/// The same for one mailbox, so that whoever has its password ends nobody else's sessions.
pub const MAX_PENDING_PER_MAILBOX: usize = 32;
/// The same for one mailbox.
pub const MAX_RELEASED_PER_MAILBOX: usize = 64;
/// Sessions that are over of which it is known why.
pub const MAX_ENDS: usize = 16_384;

/// Random bytes of a cookie.
const TOKEN_BYTES: usize = 32;
/// The same in base64url.
pub(crate) const TOKEN_LENGTH: usize = 43;

/// What the browser holds: 256 random bits.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Token(String);

impl Token {
    /// Draws one.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The text of the cookie.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Under which a session is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// The hash itself.
    pub(crate) fn bytes(&self) -> [u8; 32] {
        self.0
    }

    /// The key for what a browser sent; none when it cannot be one of our tokens.
    pub fn of(cookie: &str) -> Option<Self> {
        (cookie.len() == TOKEN_LENGTH).then(|| Self(Sha256::digest(cookie.as_bytes()).into()))
    }
}

struct Entry {
    state: State,
    began: Instant,
}

impl Entry {
    /// From where it was begun.
    fn sources(&self) -> impl Iterator<Item = Source> {
        sources(self.state.held().client.address).map(|(source, _)| source)
    }

    /// Whether it shows what is shown once: a factor was brought for it, and nobody who has not pushes it out.
    fn is_saving(&self) -> bool {
        matches!(self.state, State::SavingCodes(_))
    }

    fn is_released(&self) -> bool {
        matches!(self.state, State::Released(_))
    }

    /// When it is over, whatever happens.
    fn last_use(&self) -> Instant {
        match &self.state {
            State::Released(released) => released.used,
            _ => self.began,
        }
    }

    /// Why its time is over, if it is.
    fn time_is_over(&self, now: Instant) -> Option<Ended> {
        let age = |since| now.saturating_duration_since(since);
        match &self.state {
            State::Released(released) if age(released.used) >= IDLE_LIFE => Some(Ended::Idle),
            State::Released(_) => (age(self.began) >= WHOLE_LIFE).then_some(Ended::Old),
            State::SavingCodes(_) => (age(self.began) >= SAVING_LIFE).then_some(Ended::SlowSignIn),
            _ => (age(self.began) >= PENDING_LIFE).then_some(Ended::SlowSignIn),
        }
    }
}

/// Why sessions are over, for whoever comes with the cookie of one: the last [`MAX_ENDS`].
#[derive(Default)]
struct Ends {
    why: HashMap<Key, Ended>,
    order: VecDeque<Key>,
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

/// All sessions, and which are whose.
#[derive(Default)]
struct Sessions {
    all: HashMap<Key, Entry>,
    of: HashMap<String, Vec<Key>>,
    released: usize,
    ends: Ends,
}

impl Sessions {
    fn put(&mut self, key: Key, entry: Entry) {
        self.released += usize::from(entry.is_released());
        self.of.entry(entry.state.held().mailbox.clone()).or_default().push(key);
        self.all.insert(key, entry);
    }

    fn take(&mut self, key: &Key, why: Ended) -> Option<Entry> {
        let entry = self.all.remove(key)?;
        self.ends.note(*key, why);
        self.released -= usize::from(entry.is_released());
        let mailbox = &entry.state.held().mailbox;
        if let Some(own) = self.of.get_mut(mailbox) {
            own.retain(|other| other != key);
            if own.is_empty() {
                self.of.remove(mailbox);
            }
        }
        Some(entry)
    }

    /// Takes what is over by its time.
    fn sweep(&mut self, now: Instant) {
        let over = |(key, entry): (&Key, &Entry)| Some((*key, entry.time_is_over(now)?));
        let over: Vec<(Key, Ended)> = self.all.iter().filter_map(over).collect();
        for (key, why) in over {
            self.take(&key, why);
        }
    }

    /// The sessions of a mailbox.
    fn own(&self, mailbox: &str) -> impl Iterator<Item = (&Key, &Entry)> {
        self.of.get(mailbox).into_iter().flatten().filter_map(|key| self.all.get_key_value(key))
    }

    /// Makes room for one more: first among the mailbox's own, and only where all are too many among all.
    fn make_room(&mut self, mailbox: &str, released: bool, now: Instant) {
        let (max, max_of_one) = match released {
            true => (MAX_RELEASED, MAX_RELEASED_PER_MAILBOX),
            false => (MAX_PENDING, MAX_PENDING_PER_MAILBOX),
        };
        let own = || self.own(mailbox).filter(|(_, entry)| entry.is_released() == released);
        if own().count() >= max_of_one {
            // From where most of them come: who signs in again and again does not push out the owner, who is elsewhere
            // and looks for the phone.
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
        let key = Key(Sha256::digest(token.reveal().as_bytes()).into());
        let entry = Entry { state, began: now };
        let mut sessions = self.sessions();
        sessions.make_room(&entry.state.held().mailbox, entry.is_released(), now);
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
    pub fn why_ended(&self, key: Option<&Key>) -> Ended {
        let sessions = self.sessions();
        let known = key.and_then(|key| match sessions.all.contains_key(key) {
            // It waits to hear whether it is.
            true => Some(Ended::AccountChanged),
            false => sessions.ends.why.get(key).copied(),
        });
        known.unwrap_or(Ended::Unknown)
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
    pub fn let_in(&self, mailbox: Option<&str>) -> Vec<(Key, Session)> {
        let sessions = self.sessions();
        let session = |(key, entry): (&Key, &Entry)| {
            let SessionContext { mailbox, .. } = entry.state.held();
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
    pub fn end_with_other_password(&self, mailbox: &str, print: &PasswordFingerprint) -> usize {
        let mut sessions = self.sessions();
        let same = |entry: &Entry| bool::from(entry.state.held().print.bytes().ct_eq(print.bytes()));
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
mod tests {
    use super::*;
    use crate::jar::Jar;
    use crate::session::pending_action::PendingAction;
    use crate::session::state::{Client, Moment, PasswordAccepted, Question, UpstreamSession};
    use postern_front::clock;
    use postern_portal::{self as portal, paths};

    fn now() -> Moment {
        Moment { tick: clock::monotonic(), wall: clock::wall() }
    }

    fn print(password: &str) -> PasswordFingerprint {
        PasswordFingerprint::new(&[7; 32], &Secret::from(password))
    }

    fn accepted(password: &str) -> PasswordAccepted {
        let behind = UpstreamSession { jar: Jar::default(), landing: "/".into(), goodbye: None, unopened: false };
        let client = Client { address: [127, 0, 0, 1].into(), agent: None };
        PasswordAccepted { behind, print: print(password), client, browser: None }
    }

    fn pending_from(mailbox: &str, address: &str) -> State {
        let client = Client { address: address.parse().unwrap(), agent: None };
        let accepted = PasswordAccepted { client, ..accepted("old") };
        State::Challenged(accepted.challenge(mailbox.into(), Question::new(Vec::new())))
    }

    #[test]
    fn who_signs_in_again_and_again_does_not_push_out_somebody_elsewhere() {
        let (store, now) = (Store::default(), now());
        let owner = store.insert(pending_from("bob", "192.0.2.7"), now.tick).unwrap();
        for number in 0..2 * MAX_PENDING_PER_MAILBOX {
            // Addresses of one site are one crowd, each from a network of its own too.
            let thief = pending_from("bob", &format!("2001:db8:0:{number:x}::1"));
            store.insert(thief, now.tick + Duration::from_secs(1)).unwrap();
        }
        assert_eq!(store.stage(Some(&key(&owner)), now.tick), Stage::Challenged);
    }

    fn pending(mailbox: &str) -> State {
        State::Challenged(accepted("old").challenge(mailbox.into(), Question::new(Vec::new())))
    }

    fn released(mailbox: &str, now: Moment) -> State {
        State::Released(accepted("old").release(mailbox.into(), "s".into(), now))
    }

    fn key(token: &Token) -> Key {
        Key::of(token.reveal()).unwrap()
    }

    #[test]
    fn a_step_up_kills_the_old_cookie() {
        let (store, now) = (Store::default(), now());
        let old = store.insert(pending("bob"), now.tick).unwrap();
        let step = |token: &Token| {
            store.advance(&key(token), now.tick, Stage::Challenged, |state| match state {
                State::Challenged(state) => Some(State::Released(state.release("s".into(), None, now))),
                _ => None,
            })
        };
        let new = step(&old).unwrap().unwrap();
        assert_eq!(store.stage(Some(&key(&old)), now.tick), Stage::Stale);
        assert_eq!(store.stage(Some(&key(&new)), now.tick), Stage::Released);
        assert!(step(&old).unwrap().is_none());
        // A released session is not a challenged one: it stays as it is.
        assert!(step(&new).unwrap().is_none());
        assert_eq!(store.stage(Some(&key(&new)), now.tick), Stage::Released);
    }

    #[test]
    fn sessions_expire_each_in_its_time() {
        let (store, start) = (Store::default(), now());
        let waits = store.insert(pending("bob"), start.tick).unwrap();
        let rests = store.insert(released("bob", start), start.tick).unwrap();
        let busy = store.insert(released("bob", start), start.tick).unwrap();
        let at = |after: Duration| start.tick + after;
        let just_before = Duration::from_secs(1);
        assert_eq!(store.stage(Some(&key(&waits)), at(PENDING_LIFE - just_before)), Stage::Challenged);
        assert_eq!(store.stage(Some(&key(&waits)), at(PENDING_LIFE)), Stage::Stale);
        let mut used = Duration::ZERO;
        while used + IDLE_LIFE < WHOLE_LIFE {
            used += IDLE_LIFE - just_before;
            assert_eq!(store.stage(Some(&key(&busy)), at(used)), Stage::Released);
        }
        assert_eq!(store.stage(Some(&key(&rests)), at(used)), Stage::Stale);
        assert_eq!(store.stage(Some(&key(&busy)), at(WHOLE_LIFE)), Stage::Stale);
    }

    #[test]
    fn pending_sessions_make_room_among_themselves() {
        let (store, start) = (Store::default(), now());
        let inside = store.insert(released("bob", start), start.tick).unwrap();
        let at = |n: usize| start.tick + Duration::from_millis(n as u64);
        let tokens: Vec<Token> =
            (0..=MAX_PENDING).map(|n| store.insert(pending(&format!("eve{n}")), at(n)).unwrap()).collect();
        let end = at(MAX_PENDING);
        assert_eq!(store.stage(Some(&key(&tokens[0])), end), Stage::Stale);
        assert_eq!(store.stage(Some(&key(&tokens[1])), end), Stage::Challenged);
        assert_eq!(store.stage(Some(&key(&tokens[MAX_PENDING])), end), Stage::Challenged);
        assert_eq!(store.stage(Some(&key(&inside)), end), Stage::Released);
    }

    #[test]
    fn released_sessions_make_room_by_their_last_use() {
        let (store, start) = (Store::default(), now());
        let at = |n: usize| start.tick + Duration::from_micros(n as u64);
        let tokens: Vec<Token> = (0..MAX_RELEASED)
            .map(|n| store.insert(released(&format!("bob{n}"), Moment { tick: at(n), ..start }), at(n)).unwrap())
            .collect();
        let end = at(MAX_RELEASED);
        assert_eq!(store.stage(Some(&key(&tokens[0])), end), Stage::Released);
        let newest = store.insert(released("bob", Moment { tick: end, ..start }), end).unwrap();
        assert_eq!(store.stage(Some(&key(&tokens[0])), end), Stage::Released);
        assert_eq!(store.stage(Some(&key(&tokens[1])), end), Stage::Stale);
        assert_eq!(store.stage(Some(&key(&newest)), end), Stage::Released);
    }

    #[test]
    fn a_mailbox_makes_room_among_its_own() {
        let (store, start) = (Store::default(), now());
        let at = |n: usize| start.tick + Duration::from_millis(n as u64);
        let bob = [store.insert(released("bob", start), at(0)).unwrap(), store.insert(pending("bob"), at(0)).unwrap()];
        let stages =
            |tokens: &[Token]| tokens.iter().map(|token| store.stage(Some(&key(token)), at(1000))).collect::<Vec<_>>();
        let eve = |n| Moment { tick: at(n), ..start };
        let inside: Vec<Token> =
            (1..=MAX_RELEASED_PER_MAILBOX + 1).map(|n| store.insert(released("eve", eve(n)), at(n)).unwrap()).collect();
        let waiting: Vec<Token> =
            (1..=MAX_PENDING_PER_MAILBOX + 1).map(|n| store.insert(pending("eve"), at(n)).unwrap()).collect();
        assert_eq!(stages(&bob), [Stage::Released, Stage::Challenged]);
        let (first, rest) = (stages(&inside), stages(&waiting));
        assert_eq!((first[0], rest[0]), (Stage::Stale, Stage::Stale));
        assert!(first[1..].iter().all(|stage| *stage == Stage::Released) && first.len() == 65);
        assert!(rest[1..].iter().all(|stage| *stage == Stage::Challenged) && rest.len() == MAX_PENDING_PER_MAILBOX + 1);
        for token in inside.iter().chain(&waiting).chain(&bob) {
            store.remove(&key(token), Ended::SignedOut);
        }
        let sessions = store.sessions();
        assert_eq!((sessions.all.len(), sessions.of.len(), sessions.released), (0, 0, 0));
    }

    #[test]
    fn another_password_ends_the_sessions_of_its_mailbox() {
        let (store, now) = (Store::default(), now());
        let bob = store.insert(released("bob", now), now.tick).unwrap();
        let eve = store.insert(released("eve", now), now.tick).unwrap();
        assert_eq!(store.end_with_other_password("bob", &print("old")), 0);
        assert_eq!(store.end_with_other_password("bob", &print("new")), 1);
        assert_eq!(store.stage(Some(&key(&bob)), now.tick), Stage::Stale);
        assert_eq!(store.stage(Some(&key(&eve)), now.tick), Stage::Released);
    }

    #[tokio::test]
    async fn whoever_waits_on_a_session_hears_of_its_end() {
        let (store, now) = (Store::default(), now());
        let token = store.insert(released("bob", now), now.tick).unwrap();
        let token = store.with(&key(&token), now.tick, |state| match state {
            State::Released(state) => state.token(),
            _ => unreachable!("it was released"),
        });
        let waiting = tokio::spawn(token.unwrap().cut());
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        store.sweep(now.tick + WHOLE_LIFE);
        waiting.await.unwrap();
    }

    #[test]
    fn a_session_outlives_the_change_that_it_asked_for_and_no_other() {
        let (store, now) = (Store::default(), now());
        let key = || key(&store.insert(released("bob", now), now.tick).unwrap());
        let stage = |key: &Key| store.stage(Some(key), now.tick);
        let made = || Some(("new".to_owned(), None));
        let begin = |key: &Key| store.with_released(key, now.tick, Released::begin_change).unwrap();

        // The news comes before the answer: it is of no use until that comes.
        let [own, other, both, failed, waits] = [key(), key(), key(), key(), key()];
        begin(&own);
        store.end(&own, "s");
        assert!(store.end(&other, "s").is_some());
        assert_eq!((stage(&own), stage(&other)), (Stage::Stale, Stage::Stale));
        store.settle(&own, made());
        assert_eq!(stage(&own), Stage::Released);
        // What is over is what it rested on before.
        assert!(store.end(&own, "s").is_none());
        assert_eq!(stage(&own), Stage::Released);
        assert!(store.end(&own, "new").is_some());

        // A change that was not made saves nothing.
        begin(&failed);
        store.end(&failed, "s");
        store.settle(&failed, None);
        begin(&waits);
        store.settle(&waits, None);
        assert_eq!((stage(&failed), stage(&waits)), (Stage::Stale, Stage::Released));

        // Sent twice: the second is refused, whichever answer comes first.
        begin(&both);
        begin(&both);
        store.end(&both, "s");
        store.settle(&both, None);
        assert_eq!(stage(&both), Stage::Stale);
        store.settle(&both, made());
        assert_eq!(stage(&both), Stage::Released);
    }

    #[test]
    fn whoever_signs_out_the_others_stays() {
        let (store, now) = (Store::default(), now());
        let mut keys = ["bob", "bob", "eve"].map(|name| key(&store.insert(released(name, now), now.tick).unwrap()));
        let waits = key(&store.insert(pending("bob"), now.tick).unwrap());
        assert_eq!(store.released("bob", |_, _| ()).len(), 2);
        assert_eq!(store.end_others("bob", &keys[0]).len(), 1);
        keys[1] = waits;
        let stages = keys.map(|key| store.stage(Some(&key), now.tick));
        assert_eq!(stages, [Stage::Released, Stage::Challenged, Stage::Released]);
    }

    #[test]
    fn an_errand_does_not_wait_for_ever() {
        let (store, now) = (Store::default(), now());
        let key = key(&store.insert(released("bob", now), now.tick).unwrap());
        let few = |after| {
            let look = |released: &mut Released| released.pending_action().is_some();
            store.with_released(&key, now.tick + after, look).unwrap()
        };
        store.with_released(&key, now.tick, |released| released.begin_errand(PendingAction::FewCodes(3)));
        assert!(few(PENDING_LIFE - Duration::from_secs(1)));
        assert!(!few(PENDING_LIFE) && !few(Duration::ZERO));
    }

    #[test]
    fn what_is_shown_once_is_shown_until_it_is_confirmed() {
        let (store, now) = (Store::default(), now());
        let key = key(&store.insert(released("bob", now), now.tick).unwrap());
        let codes = |code: &str| PendingAction::Codes(vec![portal::Secret::new(code)]);
        let app_password = || {
            let (description, app_password) = ("phone".to_owned(), portal::Secret::new("abcd"));
            PendingAction::AppPassword(portal::NewAppPassword { description, app_password })
        };
        let act = |after: Duration, act: &dyn Fn(&mut Released)| {
            let look = |released: &mut Released| {
                act(released);
                released.not_confirmed()
            };
            store.with_released(&key, now.tick + after, look).unwrap()
        };
        let (codes_page, app_page) = (Some(paths::BACKUP_CODES), Some(paths::APP_PASSWORD));
        assert_eq!(act(Duration::ZERO, &|it| it.begin_errand(codes("old"))), codes_page);
        // Nothing else that the person begins or ends takes it away, nor time.
        assert_eq!(act(Duration::ZERO, &|it| it.begin_errand(PendingAction::FewCodes(3))), codes_page);
        assert_eq!(act(Duration::ZERO, &|it| drop(it.end_errand())), codes_page);
        assert_eq!(act(PENDING_LIFE * 2, &|_| ()), codes_page);
        // One after the other; but of backup codes only the last are good for anything.
        act(PENDING_LIFE, &|it| it.begin_errand(app_password()));
        assert_eq!(act(PENDING_LIFE, &|it| it.begin_errand(codes("new"))), codes_page);
        assert_eq!(act(PENDING_LIFE, &|it| drop(it.end_shown())), app_page);
        assert_eq!(act(PENDING_LIFE, &|it| drop(it.end_shown())), None);
    }

    #[test]
    fn it_is_known_why_a_session_is_over() {
        let (store, start) = (Store::default(), now());
        let why = |token: &Token| store.why_ended(Some(&key(token)));
        let [waits, rests, steps, gone, old] =
            [pending("bob"), released("bob", start), pending("bob"), released("bob", start), released("carol", start)]
                .map(|state| store.insert(state, start.tick).unwrap());
        store.advance(&key(&steps), start.tick, Stage::Challenged, |_| None).unwrap();
        store.remove(&key(&gone), Ended::SignedOut);
        store.sweep(start.tick + PENDING_LIFE);
        store.end_with_other_password("carol", &print("new"));
        store.sweep(start.tick + IDLE_LIFE);
        assert_eq!((why(&waits), why(&rests)), (Ended::SlowSignIn, Ended::Idle));
        assert_eq!((why(&steps), why(&gone), why(&old)), (Ended::GoneOn, Ended::SignedOut, Ended::OtherPassword));
        assert_eq!((why(&Token::new().unwrap()), store.why_ended(None)), (Ended::Unknown, Ended::Unknown));
        // Of so many, and no more.
        for _ in 0..MAX_ENDS {
            let token = store.insert(pending("eve"), start.tick).unwrap();
            store.remove(&key(&token), Ended::SignedOut);
        }
        assert_eq!(why(&rests), Ended::Unknown);
        let sessions = store.sessions();
        assert_eq!((sessions.ends.why.len(), sessions.ends.order.len()), (MAX_ENDS, MAX_ENDS));
    }

    #[test]
    fn only_those_let_in_are_rechecked() {
        let (store, now) = (Store::default(), now());
        store.insert(pending("bob"), now.tick).unwrap();
        store.insert(released("bob", now), now.tick).unwrap();
        store.insert(released("eve", now), now.tick).unwrap();
        let names = |mailbox| store.let_in(mailbox).into_iter().map(|(_, session)| session.mailbox).collect::<Vec<_>>();
        assert_eq!(names(Some("bob")), ["bob"]);
        assert_eq!(names(None).len(), 2);
        assert!(names(Some("BOB")).is_empty());
    }

    #[test]
    fn a_cookie_that_is_none_of_ours_has_no_key() {
        assert!(Key::of("").is_none());
        assert!(Key::of(&"x".repeat(TOKEN_LENGTH - 1)).is_none());
        let token = Token::new().unwrap();
        assert_eq!(token.reveal().len(), TOKEN_LENGTH);
        assert_eq!(format!("{token:?}"), "[redacted]");
    }
}
