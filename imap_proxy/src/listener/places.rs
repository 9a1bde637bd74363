//! How many may be connected: in all, and from one address, so that one client cannot keep the others out.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Connections in all.
pub const MAX_CONNECTIONS: usize = 8192;
/// Connections from one IPv4 address, or one IPv6 network of 64 bits: an office behind one address has many browsers.
pub const MAX_PER_ADDRESS: usize = 512;

#[derive(Default, Clone)]
pub(crate) struct Places(Arc<Mutex<Taken>>);

#[derive(Default)]
struct Taken {
    all: usize,
    by_source: HashMap<IpAddr, usize>,
}

/// A connection's place; it is given back when this is dropped.
pub(crate) struct Place {
    places: Places,
    source: Option<IpAddr>,
}

impl Places {
    /// A place among all; none when there is none left.
    pub(crate) fn take(&self) -> Option<Place> {
        let mut taken = self.lock();
        if taken.all >= MAX_CONNECTIONS {
            return None;
        }
        taken.all += 1;
        Some(Place { places: self.clone(), source: None })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        // Two counters: no panic leaves them half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Counts it for the address that it is for, once; false when that has its share already.
    pub(crate) fn claim(&mut self, address: IpAddr) -> bool {
        let source = source(address);
        let mut taken = self.places.lock();
        let count = taken.by_source.entry(source).or_default();
        if *count >= MAX_PER_ADDRESS {
            return false;
        }
        *count += 1;
        drop(taken);
        self.source = Some(source);
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.all -= 1;
        if let Some(source) = self.source
            && let Entry::Occupied(mut count) = taken.by_source.entry(source)
        {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// Whoever has one IPv6 address has the network of it.
fn source(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_leaves_places_for_others() {
        assert_eq!((MAX_CONNECTIONS, MAX_PER_ADDRESS), (8192, 512));
        let places = Places::default();
        let claim = |address: &str| {
            let mut place = places.take().unwrap();
            place.claim(address.parse().unwrap()).then_some(place)
        };
        let held: Vec<Place> = (0..MAX_PER_ADDRESS).map(|_| claim("192.0.2.7").unwrap()).collect();
        assert!(claim("192.0.2.7").is_none() && claim("192.0.2.8").is_some());
        let six: Vec<Place> = (0..MAX_PER_ADDRESS).map(|host| claim(&format!("2001:db8::{host:x}")).unwrap()).collect();
        assert!(claim("2001:db8::ffff:0:1").is_none() && claim("2001:db8:0:1::1").is_some());
        drop((held, six));
        assert!(claim("192.0.2.7").is_some());
        assert_eq!(places.lock().all, 0);
        assert!(places.lock().by_source.is_empty());
    }

    #[test]
    fn there_is_an_end_to_all() {
        let places = Places::default();
        let mut held: Vec<Place> = (0..MAX_CONNECTIONS).map(|_| places.take().unwrap()).collect();
        assert!(places.take().is_none());
        held.pop();
        assert!(places.take().is_some());
    }
}
