//! Limits on the connections to a socket: a maximum in total, a maximum per user, and a maximum for all users except
//! the fronts' user, so that places are reserved for the fronts.
//!
//! If no place is left, the connection that has been idle for the longest time is closed. A connection is idle while no
//! call runs on it, so silent or slow peers cannot keep others out, however many they are. A running call is never
//! ended: if all connections that could be closed are in calls, the newcomer is rejected. If one of them will have been
//! idle for long enough shortly, the newcomer waits. Only a limited number wait at a time, and no other connection
//! waits for them.

use crate::clock::Stopwatch;
use nix::unistd::Uid;
use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

/// Maximum number of connections to one socket.
pub const CONNECTIONS_MAX: usize = 1024;
/// Maximum number of connections of one user to one socket.
pub const CONNECTIONS_PER_USER_MAX: usize = 512;
/// Number of places reserved for the fronts' user.
pub const FRONTS_RESERVE: usize = 256;
/// Minimum idle time before a connection can be closed for another: a peer that has just connected is about to call.
pub const IDLE_MIN: Duration = Duration::from_millis(250);
/// Maximum time that a newcomer waits for a place: twice the minimum idle time, since the connection to be closed may
/// start a call instead.
pub const WAIT_MAX: Duration = IDLE_MIN.saturating_mul(2);
/// Maximum number of newcomers that wait for a place at one socket.
pub const WAITING_MAX: usize = 768;
/// Maximum number of waiting newcomers of one user.
pub const WAITING_PER_USER_MAX: usize = 512;

/// The connection limits of one socket.
#[derive(Clone)]
pub struct SocketLimits {
    taken: Arc<Mutex<Taken>>,
    /// Notifies one of the waiting newcomers that a place was released; the others check again on their own.
    changed: Arc<Notify>,
}

#[derive(Default)]
struct Taken {
    next: u64,
    all: HashMap<u64, Held>,
    /// The users of the newcomers that wait.
    waiting: Vec<Uid>,
    /// The user that the fronts run as, if it is known.
    fronts: Option<Uid>,
}

struct Held {
    user: Uid,
    /// None while a call runs.
    idle: Option<Stopwatch>,
    /// Dropping it closes the connection.
    _end: oneshot::Sender<()>,
}

/// The place of a connection; it is released on drop.
pub struct SocketPermit {
    socket_limits: SocketLimits,
    id: u64,
    lost: oneshot::Receiver<()>,
}

/// The result of a search for a place.
enum Found {
    Permit(u64, oneshot::Receiver<()>),
    /// There will be a place only after this time, when a connection has been idle for long enough.
    Wait(Duration),
    Nothing,
}

/// An accepted connection that has a place or may wait for one.
pub enum Newcomer {
    /// It has a place.
    Placed(SocketPermit),
    /// It may get a place shortly.
    Waiting(Waiting),
}

/// A newcomer that waits for a place; it is counted until it is dropped.
pub struct Waiting {
    socket_limits: SocketLimits,
    user: Uid,
}

impl SocketLimits {
    /// Creates limits with all places free. `fronts` is the user that the fronts run as, if that user exists yet.
    pub fn new(fronts: Option<Uid>) -> Self {
        let taken = Taken { next: 0, all: HashMap::new(), waiting: Vec::new(), fronts };
        Self { taken: Arc::new(Mutex::new(taken)), changed: Arc::default() }
    }

    /// Returns a place for a connection of `user`, or the right to wait for one, without waiting. None: all connections
    /// that could be closed are in calls, or too many newcomers already wait. If `user` has reached its own limit and
    /// too many newcomers wait, the user's connection that has been idle for the longest time is closed at once: of
    /// many silent connections, the newest is served.
    pub fn ask(&self, user: Uid) -> Option<Newcomer> {
        let mut taken = self.lock();
        let least = if taken.may_wait(user) { IDLE_MIN } else { Duration::ZERO };
        match taken.find(user, least) {
            Found::Permit(id, lost) => Some(Newcomer::Placed(self.place(id, lost))),
            Found::Wait(_) if taken.may_wait(user) => {
                taken.waiting.push(user);
                Some(Newcomer::Waiting(Waiting { socket_limits: self.clone(), user }))
            }
            Found::Wait(_) | Found::Nothing => None,
        }
    }

    fn place(&self, id: u64, lost: oneshot::Receiver<()>) -> SocketPermit {
        SocketPermit { socket_limits: self.clone(), id, lost }
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        // Each change is one insertion or removal, so a poisoned lock is safe to use.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Newcomer {
    /// Returns the place; waits for [`WAIT_MAX`] at most. None: all connections that could be closed are in calls, or
    /// were recently.
    pub async fn place(self) -> Option<SocketPermit> {
        match self {
            Self::Placed(place) => Some(place),
            Self::Waiting(waiting) => timeout(WAIT_MAX, waiting.place()).await.ok().flatten(),
        }
    }
}

impl Waiting {
    async fn place(&self) -> Option<SocketPermit> {
        loop {
            // From here on it is notified. If it finds a place without a notification, the next one is notified
            // instead.
            let mut changed = pin!(self.socket_limits.changed.notified());
            changed.as_mut().enable();
            let found = self.socket_limits.lock().find(self.user, IDLE_MIN);
            match found {
                Found::Permit(id, lost) => return Some(self.socket_limits.place(id, lost)),
                Found::Wait(time) => drop(timeout(time, changed).await),
                Found::Nothing => return None,
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut taken = self.socket_limits.lock();
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

    /// Finds a place. `least` is the minimum idle time of the user's own connections.
    fn find(&mut self, user: Uid, least: Duration) -> Found {
        if let Err(found) = self.make_room(user, least) {
            return found;
        }
        let id = self.next;
        self.next += 1;
        let (end, lost) = oneshot::channel();
        self.all.insert(id, Held { user, idle: Some(Stopwatch::start()), _end: end });
        Found::Permit(id, lost)
    }

    /// Closes a connection if that is necessary for `user` to have one more.
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

impl SocketPermit {
    /// Marks the user of this connection as the one that the fronts run as.
    pub fn is_of_a_front(&self) {
        let mut taken = self.socket_limits.lock();
        taken.fronts = taken.all.get(&self.id).map(|held| held.user).or(taken.fronts);
    }

    /// Marks the connection as busy: a call has started.
    pub fn begin_call(&self) {
        self.set_idle(None);
    }

    /// Marks the connection as idle: the call has ended.
    pub fn end_call(&self) {
        self.set_idle(Some(Stopwatch::start()));
    }

    fn set_idle(&self, idle: Option<Stopwatch>) {
        if let Some(held) = self.socket_limits.lock().all.get_mut(&self.id) {
            held.idle = idle;
        }
    }

    /// Waits until the place is needed for another connection.
    pub async fn lost(&mut self) {
        let _ = (&mut self.lost).await;
    }
}

impl Drop for SocketPermit {
    fn drop(&mut self) {
        self.socket_limits.lock().all.remove(&self.id);
        self.socket_limits.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRONTS: Uid = Uid::from_raw(990);

    fn is_lost(place: &mut SocketPermit) -> bool {
        place.lost.try_recv() == Err(oneshot::error::TryRecvError::Closed)
    }

    async fn one(socket_limits: &SocketLimits, user: u32) -> Option<SocketPermit> {
        socket_limits.ask(Uid::from_raw(user))?.place().await
    }

    async fn take(socket_limits: &SocketLimits, user: u32, count: usize) -> Vec<SocketPermit> {
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(one(socket_limits, user).await.unwrap());
        }
        all
    }

    fn lost(socket_limits: &mut [SocketPermit]) -> Vec<usize> {
        let lost = |(at, place): (usize, &mut SocketPermit)| is_lost(place).then_some(at);
        socket_limits.iter_mut().enumerate().filter_map(lost).collect()
    }

    #[tokio::test]
    async fn the_longest_idle_of_a_user_makes_room_for_one_more_of_that_user() {
        assert_eq!((CONNECTIONS_MAX, CONNECTIONS_PER_USER_MAX, FRONTS_RESERVE), (1024, 512, 256));
        let socket_limits = SocketLimits::new(None);
        let mut other = take(&socket_limits, 2, 1).await;
        let mut own = take(&socket_limits, 1, CONNECTIONS_PER_USER_MAX).await;
        own[0].begin_call();
        own[1].begin_call();
        own[1].end_call();
        own.extend(take(&socket_limits, 1, 1).await);
        assert_eq!((lost(&mut own), lost(&mut other)), (vec![2], vec![]));
        drop((own, other));
        assert!(socket_limits.lock().all.is_empty());
    }

    #[tokio::test]
    async fn who_is_in_a_call_stays_and_the_newcomer_is_turned_away() {
        let socket_limits = SocketLimits::new(None);
        let mut busy = take(&socket_limits, 1, CONNECTIONS_PER_USER_MAX).await;
        busy.iter().for_each(SocketPermit::begin_call);
        assert!(one(&socket_limits, 1).await.is_none());
        assert!(one(&socket_limits, 2).await.is_some() && lost(&mut busy).is_empty());
        busy.pop();
        assert!(one(&socket_limits, 1).await.is_some());
    }

    #[tokio::test]
    async fn who_has_just_connected_is_waited_for() {
        let socket_limits = SocketLimits::new(None);
        let mut young = take(&socket_limits, 1, CONNECTIONS_PER_USER_MAX).await;
        assert!(timeout(Duration::ZERO, one(&socket_limits, 1)).await.is_err());
        let waiting = tokio::spawn({
            let socket_limits = socket_limits.clone();
            async move { one(&socket_limits, 1).await.is_some() }
        });
        tokio::task::yield_now().await;
        young.pop();
        assert!(waiting.await.unwrap() && lost(&mut young).is_empty());
    }

    #[tokio::test]
    async fn who_waits_in_vain_is_turned_away_and_few_wait() {
        let socket_limits = SocketLimits::new(None);
        let mut all = take(&socket_limits, 1, CONNECTIONS_PER_USER_MAX).await;
        all.iter().for_each(SocketPermit::begin_call);
        // The connection that could be closed is never idle for long.
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
            socket_limits.ask(user)
        };
        let mut waiting: Vec<Newcomer> = (0..WAITING_PER_USER_MAX).map(|_| ask().unwrap()).collect();
        all[0].begin_call();
        assert!(socket_limits.ask(user).is_none() && socket_limits.ask(Uid::from_raw(2)).is_some());
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
        assert_eq!(socket_limits.lock().waiting.len(), WAITING_PER_USER_MAX - 1);
        waiting.extend(ask());
        assert!(lost(&mut all).is_empty());
        // If too many wait, the newest connection is served.
        assert!(matches!(socket_limits.ask(user), Some(Newcomer::Placed(_))));
        assert_eq!(lost(&mut all), [0]);
        drop(waiting);
        assert!(socket_limits.lock().waiting.is_empty());
    }

    #[tokio::test]
    async fn the_fronts_find_a_place_whatever_others_have_taken() {
        let found_later = SocketLimits::new(None);
        one(&found_later, FRONTS.as_raw()).await.unwrap().is_of_a_front();
        for socket_limits in [found_later, SocketLimits::new(Some(FRONTS))] {
            find_a_place(&socket_limits).await;
        }
    }

    async fn find_a_place(socket_limits: &SocketLimits) {
        let mut others = take(socket_limits, 1, CONNECTIONS_PER_USER_MAX).await;
        others.extend(take(socket_limits, 2, CONNECTIONS_MAX - FRONTS_RESERVE - CONNECTIONS_PER_USER_MAX).await);
        others.iter().for_each(SocketPermit::begin_call);
        assert!(one(socket_limits, 3).await.is_none() && one(socket_limits, 2).await.is_none());
        let mut fronts = take(socket_limits, FRONTS.as_raw(), FRONTS_RESERVE).await;
        assert!(one(socket_limits, 3).await.is_none());
        // Beyond their reserve, the fronts use places that other users leave free, and replace the longest idle
        // connection.
        others[7].end_call();
        fronts.extend(take(socket_limits, FRONTS.as_raw(), 1).await);
        assert_eq!(
            (lost(&mut others).len() + lost(&mut fronts).len(), socket_limits.lock().all.len()),
            (1, CONNECTIONS_MAX)
        );
    }
}
