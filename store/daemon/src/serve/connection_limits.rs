//! Who may be connected to a socket: so many in all, so many of one user, and of all users but the fronts' so many that
//! the fronts always find a place.
//!
//! Where there is none left, the connection that has been idle for the longest time makes room. A connection is idle
//! while no call runs on it, so no number of silent or slow peers keeps others out. A call that runs is never ended:
//! where all that could make room are in calls, the newcomer is turned away. Where one of them will be idle for long
//! enough in a moment, the newcomer waits; few do at a time, and nobody else waits for them.

use crate::clock::Stopwatch;
use nix::unistd::Uid;
use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

/// Connections to one socket at a time.
pub const CONNECTIONS_MAX: usize = 1024;
/// The same, of one user.
pub const CONNECTIONS_PER_USER_MAX: usize = 512;
/// How many of them nobody takes but the fronts' user.
pub const FRONTS_RESERVE: usize = 256;
/// For which a connection is idle before it has to make room: who has just connected is about to call.
pub const IDLE_MIN: Duration = Duration::from_millis(250);
/// For which a newcomer waits for a place at most: twice, since who was about to make room may make a call instead.
pub const WAIT_MAX: Duration = IDLE_MIN.saturating_mul(2);
/// Newcomers to one socket that wait for a place at a time.
pub const WAITING_MAX: usize = 768;
/// The same, of one user.
pub const WAITING_PER_USER_MAX: usize = 512;

/// The places at one socket.
#[derive(Clone)]
pub struct ConnectionLimits {
    taken: Arc<Mutex<Taken>>,
    /// Tells one of those who wait that a place was given back; the others look again by themselves.
    changed: Arc<Notify>,
}

#[derive(Default)]
struct Taken {
    next: u64,
    all: HashMap<u64, Held>,
    /// The users of the newcomers that wait.
    waiting: Vec<Uid>,
    /// The user that the fronts run as, once it is known.
    fronts: Option<Uid>,
}

struct Held {
    user: Uid,
    /// None while a call runs.
    idle: Option<Stopwatch>,
    /// Dropping it ends the connection.
    _end: oneshot::Sender<()>,
}

/// A connection's place; it is given back when this is dropped.
pub struct ConnectionPermit {
    connection_limits: ConnectionLimits,
    id: u64,
    lost: oneshot::Receiver<()>,
}

/// What a newcomer finds.
enum Found {
    ConnectionPermit(u64, oneshot::Receiver<()>),
    /// Only connections that will have been idle for long enough after this time.
    Wait(Duration),
    Nothing,
}

/// A connection that was accepted, and has a place or may wait for one.
pub enum Newcomer {
    /// There was one.
    Placed(ConnectionPermit),
    /// There may be one in a moment.
    Waiting(Waiting),
}

/// A newcomer that waits for a place; it is counted until this is dropped.
pub struct Waiting {
    connection_limits: ConnectionLimits,
    user: Uid,
}

impl ConnectionLimits {
    /// All are free. `fronts` is the user that the fronts run as, where there is one already.
    pub fn new(fronts: Option<Uid>) -> Self {
        let taken = Taken { next: 0, all: HashMap::new(), waiting: Vec::new(), fronts };
        Self { taken: Arc::new(Mutex::new(taken)), changed: Arc::default() }
    }

    /// A place for a connection of `user`, or the right to wait for one; never waits itself. None: all that could make
    /// room are in calls, or too many wait already. Where they wait for the user's own, the longest idle of these makes
    /// room at once: of a crowd that says nothing, the last one is heard.
    pub fn ask(&self, user: Uid) -> Option<Newcomer> {
        let mut taken = self.lock();
        let least = if taken.may_wait(user) { IDLE_MIN } else { Duration::ZERO };
        match taken.find(user, least) {
            Found::ConnectionPermit(id, lost) => Some(Newcomer::Placed(self.place(id, lost))),
            Found::Wait(_) if taken.may_wait(user) => {
                taken.waiting.push(user);
                Some(Newcomer::Waiting(Waiting { connection_limits: self.clone(), user }))
            }
            Found::Wait(_) | Found::Nothing => None,
        }
    }

    fn place(&self, id: u64, lost: oneshot::Receiver<()>) -> ConnectionPermit {
        ConnectionPermit { connection_limits: self.clone(), id, lost }
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        // Each change is one insertion or removal.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Newcomer {
    /// The place; waits for [`WAIT_MAX`] at most. None: all that could make room are in calls, or have been lately.
    pub async fn place(self) -> Option<ConnectionPermit> {
        match self {
            Self::Placed(place) => Some(place),
            Self::Waiting(waiting) => timeout(WAIT_MAX, waiting.place()).await.ok().flatten(),
        }
    }
}

impl Waiting {
    async fn place(&self) -> Option<ConnectionPermit> {
        loop {
            // From here on it is told. Where it finds a place without having been, the next one is told instead.
            let mut changed = pin!(self.connection_limits.changed.notified());
            changed.as_mut().enable();
            let found = self.connection_limits.lock().find(self.user, IDLE_MIN);
            match found {
                Found::ConnectionPermit(id, lost) => return Some(self.connection_limits.place(id, lost)),
                Found::Wait(time) => drop(timeout(time, changed).await),
                Found::Nothing => return None,
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut taken = self.connection_limits.lock();
        if let Some(at) = taken.waiting.iter().position(|user| *user == self.user) {
            taken.waiting.swap_remove(at);
        }
    }
}

impl Taken {
    /// Whether one more newcomer of `user` may wait.
    fn may_wait(&self, user: Uid) -> bool {
        let of_user = self.waiting.iter().filter(|waiting| **waiting == user).count();
        self.waiting.len() < WAITING_MAX && of_user < WAITING_PER_USER_MAX
    }

    /// `least` is for how long one of the user's own must have been idle.
    fn find(&mut self, user: Uid, least: Duration) -> Found {
        if let Err(found) = self.make_room(user, least) {
            return found;
        }
        let id = self.next;
        self.next += 1;
        let (end, lost) = oneshot::channel();
        self.all.insert(id, Held { user, idle: Some(Stopwatch::start()), _end: end });
        Found::ConnectionPermit(id, lost)
    }

    /// Ends a connection if there have to be fewer before `user` may have one more.
    fn make_room(&mut self, user: Uid, least: Duration) -> Result<(), Found> {
        let is_other = |of: Uid| Some(of) != self.fronts;
        let count = |wanted: &dyn Fn(Uid) -> bool| self.all.values().filter(|held| wanted(held.user)).count();
        let is_users_crowd = count(&|of| of == user) >= CONNECTIONS_PER_USER_MAX;
        let is_others_crowd = is_other(user) && count(&is_other) >= CONNECTIONS_MAX - FRONTS_RESERVE;
        if !is_users_crowd && !is_others_crowd && self.all.len() < CONNECTIONS_MAX {
            return Ok(());
        }
        let crowd = |of: Uid| if is_users_crowd { of == user } else { !is_others_crowd || is_other(of) };
        let idle = |(id, held): (&u64, &Held)| held.idle.filter(|_| crowd(held.user)).map(|idle| (idle, *id));
        let (longest, id) = self.all.iter().filter_map(idle).min().ok_or(Found::Nothing)?;
        let least = if is_users_crowd { least } else { IDLE_MIN };
        match least.checked_sub(longest.elapsed()).filter(|left| !left.is_zero()) {
            Some(left) => Err(Found::Wait(left)),
            None => {
                self.all.remove(&id);
                Ok(())
            }
        }
    }
}

impl ConnectionPermit {
    /// The user of this connection is the one that the fronts run as.
    pub fn is_of_a_front(&self) {
        let mut taken = self.connection_limits.lock();
        taken.fronts = taken.all.get(&self.id).map(|held| held.user).or(taken.fronts);
    }

    /// A call runs from now on.
    pub fn begin_call(&self) {
        self.set_idle(None);
    }

    /// No call runs any more.
    pub fn end_call(&self) {
        self.set_idle(Some(Stopwatch::start()));
    }

    fn set_idle(&self, idle: Option<Stopwatch>) {
        if let Some(held) = self.connection_limits.lock().all.get_mut(&self.id) {
            held.idle = idle;
        }
    }

    /// Waits until the place is needed for somebody else.
    pub async fn lost(&mut self) {
        let _ = (&mut self.lost).await;
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.connection_limits.lock().all.remove(&self.id);
        self.connection_limits.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRONTS: Uid = Uid::from_raw(990);

    fn is_lost(place: &mut ConnectionPermit) -> bool {
        place.lost.try_recv() == Err(oneshot::error::TryRecvError::Closed)
    }

    async fn one(connection_limits: &ConnectionLimits, user: u32) -> Option<ConnectionPermit> {
        connection_limits.ask(Uid::from_raw(user))?.place().await
    }

    async fn take(connection_limits: &ConnectionLimits, user: u32, count: usize) -> Vec<ConnectionPermit> {
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(one(connection_limits, user).await.unwrap());
        }
        all
    }

    fn lost(connection_limits: &mut [ConnectionPermit]) -> Vec<usize> {
        let lost = |(at, place): (usize, &mut ConnectionPermit)| is_lost(place).then_some(at);
        connection_limits.iter_mut().enumerate().filter_map(lost).collect()
    }

    #[tokio::test]
    async fn the_longest_idle_of_a_user_makes_room_for_one_more_of_that_user() {
        assert_eq!((CONNECTIONS_MAX, CONNECTIONS_PER_USER_MAX, FRONTS_RESERVE), (1024, 512, 256));
        let connection_limits = ConnectionLimits::new(None);
        let mut other = take(&connection_limits, 2, 1).await;
        let mut own = take(&connection_limits, 1, CONNECTIONS_PER_USER_MAX).await;
        own[0].begin_call();
        own[1].begin_call();
        own[1].end_call();
        own.extend(take(&connection_limits, 1, 1).await);
        assert_eq!((lost(&mut own), lost(&mut other)), (vec![2], vec![]));
        drop((own, other));
        assert!(connection_limits.lock().all.is_empty());
    }

    #[tokio::test]
    async fn who_is_in_a_call_stays_and_the_newcomer_is_turned_away() {
        let connection_limits = ConnectionLimits::new(None);
        let mut busy = take(&connection_limits, 1, CONNECTIONS_PER_USER_MAX).await;
        busy.iter().for_each(ConnectionPermit::begin_call);
        assert!(one(&connection_limits, 1).await.is_none());
        assert!(one(&connection_limits, 2).await.is_some() && lost(&mut busy).is_empty());
        busy.pop();
        assert!(one(&connection_limits, 1).await.is_some());
    }

    #[tokio::test]
    async fn who_has_just_connected_is_waited_for() {
        let connection_limits = ConnectionLimits::new(None);
        let mut young = take(&connection_limits, 1, CONNECTIONS_PER_USER_MAX).await;
        assert!(timeout(Duration::ZERO, one(&connection_limits, 1)).await.is_err());
        let waiting = tokio::spawn({
            let connection_limits = connection_limits.clone();
            async move { one(&connection_limits, 1).await.is_some() }
        });
        tokio::task::yield_now().await;
        young.pop();
        assert!(waiting.await.unwrap() && lost(&mut young).is_empty());
    }

    #[tokio::test]
    async fn who_waits_in_vain_is_turned_away_and_few_wait() {
        let connection_limits = ConnectionLimits::new(None);
        let mut all = take(&connection_limits, 1, CONNECTIONS_PER_USER_MAX).await;
        all.iter().for_each(ConnectionPermit::begin_call);
        // The one that could make room is never idle for long.
        let calls = async {
            loop {
                all[0].begin_call();
                all[0].end_call();
                tokio::task::yield_now().await;
            }
        };
        let user = Uid::from_raw(1);
        let ask = || {
            all[0].end_call();
            connection_limits.ask(user)
        };
        let mut waiting: Vec<Newcomer> = (0..WAITING_PER_USER_MAX).map(|_| ask().unwrap()).collect();
        all[0].begin_call();
        assert!(connection_limits.ask(user).is_none() && connection_limits.ask(Uid::from_raw(2)).is_some());
        all[0].end_call();
        let last = waiting.pop().unwrap();
        let ended = timeout(Duration::from_secs(20), async {
            tokio::select! {
                biased;
                () = calls => None,
                place = last.place() => place,
            }
        });
        assert!(ended.await.expect("it waits without an end").is_none());
        assert_eq!(connection_limits.lock().waiting.len(), WAITING_PER_USER_MAX - 1);
        waiting.extend(ask());
        assert!(lost(&mut all).is_empty());
        // Beyond, the last one is heard.
        assert!(matches!(connection_limits.ask(user), Some(Newcomer::Placed(_))));
        assert_eq!(lost(&mut all), [0]);
        drop(waiting);
        assert!(connection_limits.lock().waiting.is_empty());
    }

    #[tokio::test]
    async fn the_fronts_find_a_place_whatever_others_have_taken() {
        let found_later = ConnectionLimits::new(None);
        one(&found_later, FRONTS.as_raw()).await.unwrap().is_of_a_front();
        for connection_limits in [found_later, ConnectionLimits::new(Some(FRONTS))] {
            find_a_place(&connection_limits).await;
        }
    }

    async fn find_a_place(connection_limits: &ConnectionLimits) {
        let mut others = take(connection_limits, 1, CONNECTIONS_PER_USER_MAX).await;
        others.extend(take(connection_limits, 2, CONNECTIONS_MAX - FRONTS_RESERVE - CONNECTIONS_PER_USER_MAX).await);
        others.iter().for_each(ConnectionPermit::begin_call);
        assert!(one(connection_limits, 3).await.is_none() && one(connection_limits, 2).await.is_none());
        let mut fronts = take(connection_limits, FRONTS.as_raw(), FRONTS_RESERVE).await;
        assert!(one(connection_limits, 3).await.is_none());
        // Beyond their reserve they have what others leave, and push out whoever is idle.
        others[7].end_call();
        fronts.extend(take(connection_limits, FRONTS.as_raw(), 1).await);
        assert_eq!(
            (lost(&mut others).len() + lost(&mut fronts).len(), connection_limits.lock().all.len()),
            (1, CONNECTIONS_MAX)
        );
    }
}
