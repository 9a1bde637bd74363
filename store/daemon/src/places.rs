//! Who may be connected to a socket: so many in all, so many of one user, and of all users but the fronts' so many that
//! the fronts always find a place.
//!
//! Where there is none left, the connection that has been idle for the longest time makes room. A connection is idle
//! while no call runs on it, so no number of silent or slow peers keeps others out. A call that runs is never ended:
//! where all that could make room are in calls, the newcomer is turned away.

use crate::clock::Stopwatch;
use nix::unistd::Uid;
use std::collections::HashMap;
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

/// The places at one socket.
#[derive(Clone, Default)]
pub struct Places {
    taken: Arc<Mutex<Taken>>,
    /// Told whenever a place is given back, or a call ends.
    changed: Arc<Notify>,
}

#[derive(Default)]
struct Taken {
    next: u64,
    all: HashMap<u64, Held>,
    /// The user that the fronts run as, once one of them has connected.
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
pub struct Place {
    places: Places,
    id: u64,
    lost: oneshot::Receiver<()>,
}

/// What a newcomer finds.
enum Found {
    Place(u64, oneshot::Receiver<()>),
    /// Only connections that will have been idle for long enough after this time.
    Wait(Duration),
    Nothing,
}

impl Places {
    /// A place for a connection of `user`; waits for [`IDLE_MIN`] at most. None: all that could make room are in calls.
    pub async fn take(&self, user: Uid) -> Option<Place> {
        loop {
            let changed = self.changed.notified();
            let found = self.lock().find(user);
            match found {
                Found::Place(id, lost) => return Some(Place { places: self.clone(), id, lost }),
                Found::Wait(time) => drop(timeout(time, changed).await),
                Found::Nothing => return None,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        // Each change is one insertion or removal.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn find(&mut self, user: Uid) -> Found {
        if let Err(found) = self.make_room(user) {
            return found;
        }
        let id = self.next;
        self.next += 1;
        let (end, lost) = oneshot::channel();
        self.all.insert(id, Held { user, idle: Some(Stopwatch::start()), _end: end });
        Found::Place(id, lost)
    }

    /// Ends a connection if there have to be fewer before `user` may have one more.
    fn make_room(&mut self, user: Uid) -> Result<(), Found> {
        let is_other = |of: Uid| Some(of) != self.fronts;
        let count = |wanted: &dyn Fn(Uid) -> bool| self.all.values().filter(|held| wanted(held.user)).count();
        let is_users_crowd = count(&|of| of == user) >= CONNECTIONS_PER_USER_MAX;
        let is_others_crowd = is_other(user) && count(&is_other) >= CONNECTIONS_MAX - FRONTS_RESERVE;
        if !is_users_crowd && !is_others_crowd && self.all.len() < CONNECTIONS_MAX {
            return Ok(());
        }
        let crowd = |of: Uid| if is_users_crowd { of == user } else { !is_others_crowd || is_other(of) };
        let idle = |(id, held): (&u64, &Held)| held.idle.filter(|_| crowd(held.user)).map(|idle| (idle.elapsed(), *id));
        let (longest, id) = self.all.iter().filter_map(idle).max().ok_or(Found::Nothing)?;
        match IDLE_MIN.checked_sub(longest).filter(|left| !left.is_zero()) {
            Some(left) => Err(Found::Wait(left)),
            None => {
                self.all.remove(&id);
                Ok(())
            }
        }
    }
}

impl Place {
    /// The user of this connection is the one that the fronts run as.
    pub fn is_of_a_front(&self) {
        let mut taken = self.places.lock();
        taken.fronts = taken.all.get(&self.id).map(|held| held.user).or(taken.fronts);
    }

    /// A call runs from now on.
    pub fn begin_call(&self) {
        self.set_idle(None);
    }

    /// No call runs any more.
    pub fn end_call(&self) {
        self.set_idle(Some(Stopwatch::start()));
        self.places.changed.notify_waiters();
    }

    fn set_idle(&self, idle: Option<Stopwatch>) {
        if let Some(held) = self.places.lock().all.get_mut(&self.id) {
            held.idle = idle;
        }
    }

    /// Waits until the place is needed for somebody else.
    pub async fn lost(&mut self) {
        let _ = (&mut self.lost).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().all.remove(&self.id);
        self.places.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRONTS: Uid = Uid::from_raw(990);

    fn is_lost(place: &mut Place) -> bool {
        place.lost.try_recv() == Err(oneshot::error::TryRecvError::Closed)
    }

    async fn take(places: &Places, user: u32, count: usize) -> Vec<Place> {
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(places.take(Uid::from_raw(user)).await.unwrap());
        }
        all
    }

    fn lost(places: &mut [Place]) -> Vec<usize> {
        let lost = |(at, place): (usize, &mut Place)| is_lost(place).then_some(at);
        places.iter_mut().enumerate().filter_map(lost).collect()
    }

    #[tokio::test]
    async fn the_longest_idle_of_a_user_makes_room_for_one_more_of_that_user() {
        assert_eq!((CONNECTIONS_MAX, CONNECTIONS_PER_USER_MAX, FRONTS_RESERVE), (1024, 512, 256));
        let places = Places::default();
        let mut other = take(&places, 2, 1).await;
        let mut own = take(&places, 1, CONNECTIONS_PER_USER_MAX).await;
        own[0].begin_call();
        own[1].begin_call();
        own[1].end_call();
        own.extend(take(&places, 1, 1).await);
        assert_eq!((lost(&mut own), lost(&mut other)), (vec![2], vec![]));
        drop((own, other));
        assert!(places.lock().all.is_empty());
    }

    #[tokio::test]
    async fn who_is_in_a_call_stays_and_the_newcomer_is_turned_away() {
        let places = Places::default();
        let mut busy = take(&places, 1, CONNECTIONS_PER_USER_MAX).await;
        busy.iter().for_each(Place::begin_call);
        assert!(places.take(Uid::from_raw(1)).await.is_none());
        assert!(places.take(Uid::from_raw(2)).await.is_some() && lost(&mut busy).is_empty());
        busy.pop();
        assert!(places.take(Uid::from_raw(1)).await.is_some());
    }

    #[tokio::test]
    async fn who_has_just_connected_is_waited_for() {
        let places = Places::default();
        let mut young = take(&places, 1, CONNECTIONS_PER_USER_MAX).await;
        assert!(timeout(Duration::ZERO, places.take(Uid::from_raw(1))).await.is_err());
        let waiting = tokio::spawn({
            let places = places.clone();
            async move { places.take(Uid::from_raw(1)).await.is_some() }
        });
        tokio::task::yield_now().await;
        young.pop();
        assert!(waiting.await.unwrap() && lost(&mut young).is_empty());
    }

    #[tokio::test]
    async fn the_fronts_find_a_place_whatever_others_have_taken() {
        let places = Places::default();
        places.take(FRONTS).await.unwrap().is_of_a_front();
        let mut others = take(&places, 1, CONNECTIONS_PER_USER_MAX).await;
        others.extend(take(&places, 2, CONNECTIONS_MAX - FRONTS_RESERVE - CONNECTIONS_PER_USER_MAX).await);
        others.iter().for_each(Place::begin_call);
        assert!(places.take(Uid::from_raw(3)).await.is_none() && places.take(Uid::from_raw(2)).await.is_none());
        let mut fronts = take(&places, FRONTS.as_raw(), FRONTS_RESERVE).await;
        assert!(places.take(Uid::from_raw(3)).await.is_none());
        // Beyond their reserve they have what others leave, and push out whoever is idle.
        others[7].end_call();
        fronts.extend(take(&places, FRONTS.as_raw(), 1).await);
        assert_eq!((lost(&mut others).len() + lost(&mut fronts).len(), places.lock().all.len()), (1, CONNECTIONS_MAX));
    }
}
