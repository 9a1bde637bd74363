//! How many there may be of something: in all, and from one address, so that one client cannot keep the others out.

use crate::source::{Source, sources};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Places, of which some are taken.
#[derive(Clone)]
pub(crate) struct Places {
    taken: Arc<Mutex<Taken>>,
    /// Told whenever one is given back.
    freed: Arc<Notify>,
}

struct Taken {
    max: usize,
    /// From one IPv4 address or one IPv6 network of 64 bits; [`sources`] says how many times that from larger ones.
    max_per_address: usize,
    all: usize,
    by_source: HashMap<Source, usize>,
}

/// A place; it is given back when this is dropped.
pub(crate) struct Place {
    places: Places,
    address: Option<IpAddr>,
}

impl Places {
    pub(crate) fn new(max: usize, max_per_address: usize) -> Self {
        let taken = Taken { max, max_per_address, all: 0, by_source: HashMap::new() };
        Self { taken: Arc::new(Mutex::new(taken)), freed: Arc::default() }
    }

    /// A place among all; none when there is none left.
    pub(crate) fn take(&self) -> Option<Place> {
        let mut taken = self.lock();
        if taken.all >= taken.max {
            return None;
        }
        taken.all += 1;
        Some(Place { places: self.clone(), address: None })
    }

    /// A place for an address; waits until there is one.
    pub(crate) async fn wait_for(&self, address: IpAddr) -> Place {
        loop {
            let mut freed = pin!(self.freed.notified());
            // From here on, so that one that is given back between the look and the wait is not missed.
            freed.as_mut().enable();
            if let Some(place) = self.take_for(address) {
                return place;
            }
            freed.await;
        }
    }

    /// In one look, so that nobody sees a place taken that is not.
    fn take_for(&self, address: IpAddr) -> Option<Place> {
        let mut taken = self.lock();
        if taken.all >= taken.max || !taken.count(address) {
            return None;
        }
        taken.all += 1;
        Some(Place { places: self.clone(), address: Some(address) })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        // Two counters: no panic leaves them half changed.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Counts it for the address that it is for, once; false when that has its share already.
    pub(crate) fn claim(&mut self, address: IpAddr) -> bool {
        let is_counted = self.places.lock().count(address);
        if is_counted {
            self.address = Some(address);
        }
        is_counted
    }
}

impl Taken {
    /// Counts one more from an address; false when that has its share already.
    fn count(&mut self, address: IpAddr) -> bool {
        let count = |source| self.by_source.get(&source).copied().unwrap_or_default();
        if sources(address).any(|(source, share)| count(source) >= self.max_per_address * share) {
            return false;
        }
        for (source, _) in sources(address) {
            *self.by_source.entry(source).or_default() += 1;
        }
        true
    }

    fn uncount(&mut self, address: IpAddr) {
        for (source, _) in sources(address) {
            if let Entry::Occupied(mut count) = self.by_source.entry(source) {
                *count.get_mut() -= 1;
                if *count.get() == 0 {
                    count.remove();
                }
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.give_back();
        self.places.freed.notify_waiters();
    }
}

impl Place {
    fn give_back(&self) {
        let mut taken = self.places.lock();
        taken.all -= 1;
        if let Some(address) = self.address {
            taken.uncount(address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_leaves_places_for_others() {
        let places = Places::new(8192, 512);
        let claim = |address: &str| {
            let mut place = places.take().unwrap();
            place.claim(address.parse().unwrap()).then_some(place)
        };
        let held: Vec<Place> = (0..512).map(|_| claim("192.0.2.7").unwrap()).collect();
        assert!(claim("192.0.2.7").is_none() && claim("192.0.2.8").is_some());
        let six: Vec<Place> = (0..512).map(|host| claim(&format!("2001:db8::{host:x}")).unwrap()).collect();
        assert!(claim("2001:db8::ffff:0:1").is_none() && claim("2001:db8:0:100::1").is_some());
        // The links of one household, and the households of one site.
        let household: Vec<Place> = (0..512).map(|host| claim(&format!("2001:db8:0:1::{host:x}")).unwrap()).collect();
        assert!(claim("2001:db8:0:2::1").is_none() && claim("2001:db8:0:100::1").is_some());
        let site: Vec<Place> =
            (0..1024).map(|link| claim(&format!("2001:db8:0:{:x}::1", 0x100 + link)).unwrap()).collect();
        assert!(claim("2001:db8:0:ff00::1").is_none() && claim("2001:db8:1::1").is_some());
        drop((held, six, household, site));
        assert!(claim("192.0.2.7").is_some());
        assert_eq!(places.lock().all, 0);
        assert!(places.lock().by_source.is_empty());
    }

    #[tokio::test]
    async fn who_waits_gets_the_place_that_is_given_back() {
        let places = Places::new(2, 1);
        let (one, other) = ("192.0.2.7".parse().unwrap(), "192.0.2.8".parse().unwrap());
        let held = places.wait_for(one).await;
        let _held_too = places.wait_for(other).await;
        let waiting = tokio::spawn({
            let places = places.clone();
            async move { places.wait_for(one).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(held);
        let _got = waiting.await.unwrap();
        assert_eq!(places.lock().all, 2);
        assert!(places.take_for("192.0.2.9".parse().unwrap()).is_none());
        assert_eq!(places.lock().by_source.len(), 2, "nothing is noted for who got none");
    }

    #[test]
    fn there_is_an_end_to_all() {
        let places = Places::new(128, 32);
        let mut held: Vec<Place> = (0..128).map(|_| places.take().unwrap()).collect();
        assert!(places.take().is_none());
        held.pop();
        assert!(places.take().is_some());
    }
}
