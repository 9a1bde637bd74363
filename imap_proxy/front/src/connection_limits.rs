//! Limits how many of something there may be at once: in total, and per holder, so that one holder cannot keep the
//! others out.

use crate::source::{Source, sources};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Per place that a holder has, this many places must be free before it gets another.
const LEFT_TO_OTHERS: usize = 4;

/// Who holds a place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Holder {
    /// Where a client comes from.
    Source(Source),
    /// A session, identified by the hash of its token.
    Session([u8; 32]),
    /// A mailbox, identified by its canonical name.
    Mailbox(String),
}

/// A holder, and its maximum number of connections.
#[derive(Debug, Clone)]
pub struct Share {
    /// The holder.
    pub holder: Holder,
    /// The maximum number of connections.
    pub max: usize,
}

impl Share {
    /// The shares of a client: one address may have `max` connections, and the networks around it the multiples of that
    /// which [`sources`] gives.
    pub fn of_address(address: IpAddr, max: usize) -> Vec<Self> {
        let share = |(source, times)| Self { holder: Holder::Source(source), max: max.saturating_mul(times) };
        sources(address).map(share).collect()
    }
}

/// A limited number of places, of which some are taken.
#[derive(Clone)]
pub struct ConnectionLimits {
    taken: Arc<Mutex<Taken>>,
    /// Notified when a place is given back.
    freed: Arc<Notify>,
}

struct Taken {
    max: usize,
    all: usize,
    by_holder: Counts,
}

/// A place; it is given back when this is dropped.
pub struct ConnectionPermit {
    connection_limits: ConnectionLimits,
    holders: Vec<Holder>,
}

/// The number of connections of each holder.
#[derive(Default)]
pub struct Counts(HashMap<Holder, usize>);

impl Counts {
    /// The number of connections of `holder`.
    pub fn of(&self, holder: &Holder) -> usize {
        self.0.get(holder).copied().unwrap_or_default()
    }

    /// Counts one more for `holder`.
    pub fn add(&mut self, holder: Holder) {
        *self.0.entry(holder).or_default() += 1;
    }

    /// Counts one fewer for `holder`.
    pub fn take(&mut self, holder: Holder) {
        if let Entry::Occupied(mut count) = self.0.entry(holder) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

impl ConnectionLimits {
    /// Allows `max` connections in total.
    pub fn new(max: usize) -> Self {
        Self { taken: Arc::new(Mutex::new(Taken { max, all: 0, by_holder: Counts::default() })), freed: Arc::default() }
    }

    /// Takes a place for the holders of these shares; waits until one is free.
    pub async fn wait_for(&self, shares: &[Share]) -> ConnectionPermit {
        loop {
            let mut freed = pin!(self.freed.notified());
            // Enabled before the check, so that a place given back between the check and the wait is not missed.
            freed.as_mut().enable();
            if let Some(place) = self.take(shares) {
                return place;
            }
            freed.await;
        }
    }

    /// Takes a place for the holders of these shares; none if one of the shares is used up. A holder that has as many
    /// places as a part of those that are free gets no further place (see [`LEFT_TO_OTHERS`]): so a few holders that
    /// take all they can leave some places to the next ones.
    pub fn take(&self, shares: &[Share]) -> Option<ConnectionPermit> {
        let mut taken = self.lock();
        let left = taken.max.saturating_sub(taken.all);
        let has_enough = |share: &Share| {
            let count = taken.by_holder.of(&share.holder);
            count >= share.max || count > 0 && count >= left / LEFT_TO_OTHERS
        };
        if left == 0 || shares.iter().any(has_enough) {
            return None;
        }
        taken.all += 1;
        for share in shares {
            taken.by_holder.add(share.holder.clone());
        }
        let holders = shares.iter().map(|share| share.holder.clone()).collect();
        Some(ConnectionPermit { connection_limits: self.clone(), holders })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        // Counters: no panic leaves them half changed.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut taken = self.connection_limits.lock();
        taken.all -= 1;
        for holder in self.holders.drain(..) {
            taken.by_holder.take(holder);
        }
        drop(taken);
        self.connection_limits.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;

    fn at(address: &str, max: usize) -> Vec<Share> {
        Share::of_address(address.parse().unwrap(), max)
    }

    fn fill(connection_limits: &ConnectionLimits, shares: &[Share]) -> Vec<ConnectionPermit> {
        std::iter::from_fn(|| connection_limits.take(shares)).collect()
    }

    #[test]
    fn a_network_has_a_share_and_so_has_each_around_it() {
        let connection_limits = ConnectionLimits::new(100_000);
        let held = fill(&connection_limits, &at("192.0.2.7", 512));
        assert_eq!(held.len(), 512);
        assert_eq!(fill(&connection_limits, &at("::ffff:192.0.2.7", 512)).len(), 0, "an IPv4 address is one");
        assert!(connection_limits.take(&at("192.0.2.8", 512)).is_some());
        // Each from another address of the /64, of the /56, and of the /48.
        for (bits, most) in [(64, 512), (56, 1024), (48, 2048)] {
            let mut held = Vec::new();
            for number in 0..4096_u128 {
                let network = 0x2001_0db8_0001_u128 << 80;
                let spread = if bits == 64 { number } else { (number % (1 << (64 - bits))) << 64 | number };
                let address = IpAddr::from(Ipv6Addr::from(network | spread));
                held.extend(connection_limits.take(&Share::of_address(address, 512)));
            }
            assert_eq!(held.len(), most, "/{bits}");
        }
        drop(held);
        assert_eq!(connection_limits.lock().all, 0);
        assert!(connection_limits.lock().by_holder.0.is_empty());
    }

    #[test]
    fn a_few_that_take_all_they_can_leave_some_to_the_next() {
        for holders in [1, 4, 8, 16] {
            let connection_limits = ConnectionLimits::new(256);
            let mut held: Vec<ConnectionPermit> = Vec::new();
            for host in 0..holders {
                held.extend(fill(&connection_limits, &at(&format!("192.0.2.{host}"), 32)));
            }
            let left = 256 - connection_limits.lock().all;
            assert!(left >= 4, "{holders}: {left}");
            assert!(connection_limits.take(&at("198.51.100.1", 32)).is_some());
        }
        let connection_limits = ConnectionLimits::new(256);
        let held: Vec<ConnectionPermit> =
            (0..=255).filter_map(|host| connection_limits.take(&at(&format!("192.0.2.{host}"), 32))).collect();
        assert_eq!(held.len(), 256, "with one each they are all taken");
        assert!(connection_limits.take(&at("198.51.100.1", 32)).is_none());
    }

    #[test]
    fn every_share_has_to_have_room() {
        let connection_limits = ConnectionLimits::new(8192);
        let session = |number| Share { holder: Holder::Session([number; 32]), max: 2 };
        let mailbox = Share { holder: Holder::Mailbox("bob@example.com".to_owned()), max: 3 };
        let of = |number| [session(number), mailbox.clone()];
        let held: Vec<ConnectionPermit> =
            [1, 1, 1, 2, 2].into_iter().filter_map(|number| connection_limits.take(&of(number))).collect();
        assert_eq!(held.len(), 3, "two of the first, one of the second");
        drop(held);
        assert!(connection_limits.lock().by_holder.0.is_empty());
    }

    #[tokio::test]
    async fn who_waits_gets_the_place_that_is_given_back() {
        let connection_limits = ConnectionLimits::new(4);
        let (one, other) = (at("192.0.2.7", 1), at("192.0.2.8", 1));
        let held = connection_limits.wait_for(&one).await;
        let _held_too = connection_limits.wait_for(&other).await;
        let waiting = tokio::spawn({
            let (connection_limits, one) = (connection_limits.clone(), one.clone());
            async move { connection_limits.wait_for(&one).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(held);
        let _got = waiting.await.unwrap();
        assert_eq!(connection_limits.lock().all, 2);
        assert!(connection_limits.take(&other).is_none());
        assert_eq!(connection_limits.lock().by_holder.0.len(), 2, "nothing is noted for who got none");
    }
}
