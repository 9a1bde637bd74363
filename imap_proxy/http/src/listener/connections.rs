//! The connections of a listener: how many there may be in total and from one network, and which makes room for a new
//! one.
//!
//! A connection that carries no request makes room: that costs its client no more than another handshake. So idle
//! connections keep no client out.

use postern_front::connection_limits::{Counts, Holder, Share};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The connections of a listener.
#[derive(Clone)]
pub(super) struct Connections(Arc<Mutex<All>>);

struct All {
    max: usize,
    /// Maximum for one address; see [`Share::of_address`].
    max_per_address: usize,
    /// Counts events, and serves as a logical clock.
    turn: u64,
    open: HashMap<u64, Open>,
    by_holder: Counts,
}

struct Open {
    holders: Vec<Holder>,
    /// The number of running requests.
    running: usize,
    /// The turn since which no request has been running.
    idle_since: u64,
    /// Dropped when the connection has to make room.
    _end: watch::Sender<()>,
}

/// A counted connection, until this is dropped.
pub(super) struct SessionPermit {
    connections: Connections,
    id: u64,
    lost: watch::Receiver<()>,
}

/// A running request of a connection, until this is dropped.
pub(super) struct Busy(Arc<SessionPermit>);

/// Whether there is room for a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// There was room.
    Free,
    /// Another one has made room.
    Made,
    /// Every other connection carries a request.
    None,
}

impl Connections {
    pub(super) fn new(max: usize, max_per_address: usize) -> Self {
        let (open, by_holder) = Default::default();
        Self(Arc::new(Mutex::new(All { max, max_per_address, turn: 0, open, by_holder })))
    }

    /// Adds a connection, of which nothing is known yet. None if there is no room.
    pub(super) fn enter(&self) -> (Option<SessionPermit>, Room) {
        let mut all = self.lock();
        let room = all.make_room(None, None);
        if room == Room::None {
            return (None, room);
        }
        let (end, lost) = watch::channel(());
        let id = all.next_turn();
        all.open.insert(id, Open { holders: Vec::new(), running: 0, idle_since: id, _end: end });
        drop(all);
        (Some(SessionPermit { connections: self.clone(), id, lost }), room)
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        // A panic leaves the map and its counts consistent.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl All {
    fn next_turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }

    /// Makes room among all connections, or among those of a holder that has used up its share; `newcomer` is the
    /// connection that needs it.
    fn make_room(&mut self, share: Option<&Share>, newcomer: Option<u64>) -> Room {
        let is_full = match share {
            None => self.open.len() >= self.max,
            Some(share) => self.by_holder.of(&share.holder) >= share.max,
        };
        if !is_full {
            return Room::Free;
        }
        // Chosen from the holder with the most connections: the one that has been idle for longest.
        let crowd = |open: &Open| open.holders.last().map_or(0, |holder| self.by_holder.of(holder));
        let idle = self.open.iter().filter(|(id, open)| open.running == 0 && Some(**id) != newcomer);
        let idle = idle.filter(|(_, open)| share.is_none_or(|share| open.holders.contains(&share.holder)));
        let leaves = idle.max_by_key(|(_, open)| (crowd(open), Reverse(open.idle_since))).map(|(id, _)| *id);
        leaves.map_or(Room::None, |id| {
            self.remove(id);
            Room::Made
        })
    }

    fn remove(&mut self, id: u64) {
        for holder in self.open.remove(&id).into_iter().flat_map(|open| open.holders) {
            self.by_holder.take(holder);
        }
    }
}

impl SessionPermit {
    /// Counts the connection for its client's address, once.
    pub(super) fn claim(&self, address: IpAddr) -> Room {
        let mut all = self.connections.lock();
        let mut outcome = Room::Free;
        for share in Share::of_address(address, all.max_per_address) {
            match all.make_room(Some(&share), Some(self.id)) {
                Room::Free => {}
                Room::Made => outcome = Room::Made,
                Room::None => return Room::None,
            }
            // It may itself have made room meanwhile; then it is no longer counted.
            if let Some(open) = all.open.get_mut(&self.id) {
                open.holders.push(share.holder.clone());
                all.by_holder.add(share.holder);
            }
        }
        outcome
    }

    /// Counts a request that begins.
    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        if let Some(open) = self.connections.lock().open.get_mut(&self.id) {
            open.running += 1;
        }
        Busy(Arc::clone(self))
    }

    /// Completes when the connection has to make room for another.
    pub(super) async fn lost(&self) {
        // Nothing is ever sent.
        drop(self.lost.clone().changed().await);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut all = self.0.connections.lock();
        let turn = all.next_turn();
        if let Some(open) = all.open.get_mut(&self.0.id) {
            open.running -= 1;
            open.idle_since = turn;
        }
    }
}

impl Drop for SessionPermit {
    fn drop(&mut self) {
        self.connections.lock().remove(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(connections: &Connections, address: &str) -> (Option<Arc<SessionPermit>>, Room) {
        let (seat, room) = connections.enter();
        let Some(seat) = seat else { return (None, room) };
        match (seat.claim(address.parse().unwrap()), room) {
            (Room::None, _) => (None, Room::None),
            (Room::Free, Room::Free) => (Some(Arc::new(seat)), Room::Free),
            _ => (Some(Arc::new(seat)), Room::Made),
        }
    }

    fn is_lost(seat: &SessionPermit) -> bool {
        seat.lost.has_changed().is_err()
    }

    #[test]
    fn the_longest_idle_of_an_address_makes_room_and_busy_ones_do_not() {
        let connections = Connections::new(100, 3);
        let other = enter(&connections, "192.0.2.1").0.unwrap();
        let held: Vec<_> = (0..3).map(|_| enter(&connections, "192.0.2.7").0.unwrap()).collect();
        let busy = held[0].begin();
        drop(held[1].begin());
        let (next, room) = enter(&connections, "192.0.2.7");
        assert_eq!(room, Room::Made);
        assert_eq!([&other, &held[0], &held[1], &held[2]].map(|seat| is_lost(seat)), [false, false, false, true]);
        let still: Vec<_> = [&held[0], &held[1], next.as_ref().unwrap()].map(SessionPermit::begin).into();
        assert_eq!(enter(&connections, "192.0.2.7").1, Room::None, "every one is busy");
        drop((busy, still));
        assert_eq!(enter(&connections, "192.0.2.7").1, Room::Made);
        drop((held, other, next));
        assert!(connections.lock().open.is_empty());
    }

    #[test]
    fn among_all_it_is_one_of_where_most_come_from() {
        let connections = Connections::new(6, 4);
        let quiet = enter(&connections, "198.51.100.1").0.unwrap();
        let crowd: Vec<_> = (0..4).map(|_| enter(&connections, "2001:db8::1").0.unwrap()).collect();
        let another = enter(&connections, "198.51.100.2").0.unwrap();
        let (next, room) = enter(&connections, "198.51.100.3");
        assert_eq!(
            (room, is_lost(&quiet), is_lost(&another)),
            (Room::Made, false, false),
            "not the longest idle of all"
        );
        assert_eq!(crowd.iter().map(|seat| is_lost(seat)).collect::<Vec<_>>(), [true, false, false, false]);
        // A connection that has made room is already removed, and its end changes no count.
        drop(crowd);
        assert_eq!(connections.lock().open.len(), 3);
        drop((quiet, another, next));
        assert!(connections.lock().open.is_empty());
    }

    #[test]
    fn a_network_of_ipv6_has_a_share_however_many_addresses_it_has() {
        let connections = Connections::new(1000, 4);
        let held: Vec<_> = (0..32).filter_map(|net| enter(&connections, &format!("2001:db8:1:{net}::1")).0).collect();
        assert_eq!(held.iter().filter(|seat| !is_lost(seat)).count(), 8, "as many as a /56 may have");
    }
}
