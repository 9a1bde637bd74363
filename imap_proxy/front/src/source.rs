//! The sources that connections are counted by: an IPv4 address by itself, an IPv6 address with the networks that one
//! party may have.

use std::net::IpAddr;

/// A prefix length that addresses are counted by, and how many times the share of one address the network has.
type Level = (u32, usize);

const V4: &[Level] = &[(32, 1)];
/// A link, a household and a site (RFC 6177): a client that has such a network can use all addresses in it.
const V6: &[Level] = &[(64, 1), (56, 2), (48, 4)];

/// A network that connections come from. No IPv6 network is counted by 32 bits, so the two families do not mix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source {
    bits: u32,
    prefix: u128,
}

/// The networks that a connection from `address` is counted for, smallest first, each with the multiple of one
/// address's share that it has.
pub fn sources(address: IpAddr) -> impl Iterator<Item = (Source, usize)> {
    let (levels, left_aligned) = match address.to_canonical() {
        IpAddr::V4(address) => (V4, u128::from(address.to_bits()) << 96),
        IpAddr::V6(address) => (V6, address.to_bits()),
    };
    levels.iter().map(move |(bits, share)| (Source { bits: *bits, prefix: left_aligned >> (128 - bits) }, *share))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> Vec<(Source, usize)> {
        sources(address.parse().unwrap()).collect()
    }

    #[test]
    fn an_ipv4_address_is_one_source_however_it_is_written() {
        assert_eq!(of("192.0.2.7"), of("::ffff:192.0.2.7"));
        assert_eq!(of("192.0.2.7").len(), 1);
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
    }

    #[test]
    fn an_ipv6_address_shares_with_its_link_its_household_and_its_site() {
        let shared = |other: &str| {
            let (one, other) = (of("2001:db8:1:ff00::7"), of(other));
            one.iter().filter(|source| other.contains(source)).map(|(_, share)| *share).collect::<Vec<_>>()
        };
        assert_eq!(shared("2001:db8:1:ff00:ffff::1"), [1, 2, 4]);
        assert_eq!(shared("2001:db8:1:ff01::7"), [2, 4]);
        assert_eq!(shared("2001:db8:1:fe00::7"), [4]);
        assert!(shared("2001:db8:2:ff00::7").is_empty());
        // The same first bits, once as a link and once as a site.
        assert_eq!(
            of("2001:db8::").iter().map(|(source, _)| source).collect::<std::collections::HashSet<_>>().len(),
            3
        );
    }
}
