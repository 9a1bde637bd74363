//! Connections that wait to be signed in. When there are too many, the one that has waited longest makes room: so idle
//! connections keep no client out, and a client that has signed in takes no place any more.

use postern_front::source::{Source, sources};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Maximum number of connections that are not signed in, in total.
pub const MAX_WAITING: usize = 2048;
/// The same, from one IPv4 address or one IPv6 /64; twice as many from a /56, and four times as many from a /48.
pub const MAX_WAITING_PER_ADDRESS: usize = 256;

#[derive(Default, Clone)]
pub(crate) struct WaitingConnections(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    next: u64,
    /// Oldest first; dropping the sender closes the connection.
    all: BTreeMap<u64, (IpAddr, oneshot::Sender<()>)>,
    by_source: HashMap<Source, BTreeSet<u64>>,
}

/// A place among the waiting connections; it is given back when this is dropped.
pub(crate) struct WaitingPlace {
    waiting: WaitingConnections,
    id: u64,
    /// Completes when another connection needs the place.
    pub(crate) lost: oneshot::Receiver<()>,
}

impl WaitingConnections {
    /// Takes a place for a client at `address`.
    pub(crate) fn take(&self, address: IpAddr) -> WaitingPlace {
        let mut waiting = self.lock();
        if waiting.all.len() >= MAX_WAITING
            && let Some(oldest) = waiting.all.keys().next().copied()
        {
            waiting.remove(oldest);
        }
        for (source, share) in sources(address) {
            let own = waiting.by_source.get(&source).filter(|own| own.len() >= MAX_WAITING_PER_ADDRESS * share);
            if let Some(oldest) = own.and_then(BTreeSet::first).copied() {
                waiting.remove(oldest);
            }
        }
        let id = waiting.next;
        waiting.next += 1;
        let (sender, lost) = oneshot::channel();
        waiting.all.insert(id, (address, sender));
        for (source, _) in sources(address) {
            waiting.by_source.entry(source).or_default().insert(id);
        }
        drop(waiting);
        WaitingPlace { waiting: self.clone(), id, lost }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // A panic leaves the two maps consistent.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn remove(&mut self, id: u64) {
        let Some((address, _)) = self.all.remove(&id) else { return };
        for (source, _) in sources(address) {
            if let Some(own) = self.by_source.get_mut(&source) {
                own.remove(&id);
                if own.is_empty() {
                    self.by_source.remove(&source);
                }
            }
        }
    }
}

impl Drop for WaitingPlace {
    fn drop(&mut self) {
        self.waiting.lock().remove(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_lost(place: &mut WaitingPlace) -> bool {
        place.lost.try_recv() == Err(oneshot::error::TryRecvError::Closed)
    }

    #[test]
    fn the_oldest_of_a_source_makes_room() {
        assert_eq!((MAX_WAITING, MAX_WAITING_PER_ADDRESS), (2048, 256));
        let waiting = WaitingConnections::default();
        let mut other = waiting.take("192.0.2.1".parse().unwrap());
        let mut held: Vec<WaitingPlace> = (0..=MAX_WAITING_PER_ADDRESS)
            .map(|host| waiting.take(format!("2001:db8::{host:x}").parse().unwrap()))
            .collect();
        let lost = held.iter_mut().map(is_lost).take_while(|lost| *lost).count();
        assert_eq!((lost, is_lost(&mut other)), (1, false));
        drop((held, other));
        assert!(waiting.lock().all.is_empty() && waiting.lock().by_source.is_empty());
    }

    #[test]
    fn the_oldest_of_a_site_makes_room() {
        let waiting = WaitingConnections::default();
        let take = |link: usize| waiting.take(format!("2001:db8:0:{link:x}::1").parse().unwrap());
        let mut other = waiting.take("2001:db8:1::1".parse().unwrap());
        // Each from a different /64: first of one /56, then of others of the same /48.
        let mut household: Vec<WaitingPlace> = (0..256).map(take).collect();
        household.extend((0..256).map(take));
        assert!(household.iter_mut().all(|place| !is_lost(place)));
        household.push(take(0));
        assert!(is_lost(&mut household[0]) && !is_lost(&mut household[1]));
        let _site: Vec<WaitingPlace> = (0x100..0x300).map(take).collect();
        assert!(!is_lost(&mut household[1]));
        let _one_more = take(0xff00);
        assert!(is_lost(&mut household[1]) && !is_lost(&mut other));
    }

    #[test]
    fn the_oldest_of_all_makes_room() {
        let waiting = WaitingConnections::default();
        let address = |number: usize| IpAddr::from(u32::try_from(number).unwrap().to_be_bytes());
        let mut held: Vec<WaitingPlace> = (0..MAX_WAITING + 2).map(|number| waiting.take(address(number))).collect();
        let lost = held.iter_mut().map(is_lost).filter(|lost| *lost).count();
        assert!(lost == 2 && is_lost(&mut held[0]) && is_lost(&mut held[1]));
        assert_eq!(waiting.lock().all.len(), MAX_WAITING);
    }
}
