//! Parses addresses and networks to one canonical form, so that the same address compares equal everywhere.
//!
//! An IPv4-mapped IPv6 address (`::ffff:192.0.2.7`, RFC 4291, section 2.5.5.2) is that IPv4 address, and the zone of an
//! IPv6 address (`fe80::1%eth0`, RFC 4007, section 11) is removed: it is only an interface of this host.

use serde::{Deserialize, Deserializer};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// Bits of an IPv6 address before the IPv4 address in it.
const MAPPED_BITS: u8 = 96;

/// Parses an address.
#[must_use]
pub fn parse_address(text: &str) -> Option<IpAddr> {
    let (text, zone) = split_zone(text);
    let address: IpAddr = text.parse().ok()?;
    zone.is_none_or(|zone| !zone.is_empty() && address.is_ipv6()).then(|| address.to_canonical())
}

/// Parses a network in CIDR notation (RFC 4632, section 3.1; RFC 4291, section 2.3), or a single address. Returns the
/// address and the prefix length.
///
/// # Errors
/// [`NoNetwork`].
pub fn parse_network(text: &str) -> Result<(IpAddr, u8), NoNetwork> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    if let (address, Some(_)) = split_zone(address) {
        // The network without its zone would be larger than the text says.
        return address.parse().map_or(Err(NoNetwork::Unreadable), |address| Err(NoNetwork::Zone(address)));
    }
    let written: IpAddr = address.parse().map_err(|_| NoNetwork::Unreadable)?;
    let most = if written.is_ipv4() { 32 } else { 128 };
    let bits: u8 = bits.map_or(Ok(most), str::parse).map_err(|_| NoNetwork::Bits)?;
    match written.to_canonical() {
        _ if bits > most => Err(NoNetwork::Bits),
        IpAddr::V4(address) if written.is_ipv6() => match bits.checked_sub(MAPPED_BITS) {
            Some(bits) => Ok((address.into(), bits)),
            None => Err(NoNetwork::Mapped),
        },
        address => Ok((address, bits)),
    }
}

/// Why a text is not a network. The message continues the text: `fe80::1%eth0 names …`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoNetwork {
    /// It is neither an address nor CIDR notation.
    Unreadable,
    /// The prefix is longer than the address.
    Bits,
    /// It has a zone, which is an interface.
    Zone(Ipv6Addr),
    /// An IPv4-mapped network whose prefix is shorter than the mapping.
    Mapped,
}

impl fmt::Display for NoNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("is not a network; write it like 192.0.2.0/24 or 2001:db8::/32"),
            Self::Bits => f.write_str("has more bits than an address; write at most /32 for IPv4 and /128 for IPv6"),
            Self::Zone(address) => write!(f, "names an interface, which a network cannot; write {address}"),
            Self::Mapped => f.write_str("is IPv4 written as IPv6 with fewer than 96 bits; write it like 192.0.2.0/24"),
        }
    }
}

impl std::error::Error for NoNetwork {}

/// Deserializes an address; an IPv4-mapped IPv6 address becomes an IPv4 address.
pub(crate) fn canonical<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IpAddr>, D::Error> {
    Ok(Option::<IpAddr>::deserialize(deserializer)?.map(|address| address.to_canonical()))
}

fn split_zone(text: &str) -> (&str, Option<&str>) {
    text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_one_spelling() {
        for (text, address) in [
            ("192.0.2.7", Some("192.0.2.7")),
            ("::ffff:192.0.2.7", Some("192.0.2.7")),
            ("::FFFF:C000:207", Some("192.0.2.7")),
            ("2001:DB8::0:7", Some("2001:db8::7")),
            ("fe80::1%eth0", Some("fe80::1")),
            ("fe80::1%3", Some("fe80::1")),
            ("fe80::1%", None),
            ("192.0.2.7%eth0", None),
            ("192.0.2.07", None),
            ("[::1]", None),
            ("mail.example.com", None),
            ("", None),
        ] {
            assert_eq!(parse_address(text).map(|it| it.to_string()).as_deref(), address, "{text}");
        }
    }

    #[test]
    fn each_network_has_one_spelling_or_is_refused_with_it() {
        for (text, address, bits) in [
            ("192.0.2.0/24", "192.0.2.0", 24),
            ("192.0.2.7", "192.0.2.7", 32),
            ("::ffff:192.0.2.0/120", "192.0.2.0", 24),
            ("::ffff:192.0.2.7", "192.0.2.7", 32),
            ("::ffff:0:0/96", "0.0.0.0", 0),
            ("2001:db8::/32", "2001:db8::", 32),
            ("::/0", "::", 0),
        ] {
            assert_eq!(parse_network(text), Ok((address.parse().unwrap(), bits)), "{text}");
        }
        for (text, why) in [
            ("fe80::1%eth0/64", "write fe80::1"),
            ("fe80::1%eth0", "write fe80::1"),
            ("::ffff:192.0.2.0/64", "write it like 192.0.2.0/24"),
            ("::ffff:192.0.2.0/129", "at most /32"),
            ("192.0.2.0/33", "at most /32"),
            ("192.0.2.0/-1", "at most /32"),
            ("192.0.2.0/", "at most /32"),
            ("192.0.2/24", "is not a network"),
            ("eth0", "is not a network"),
            ("", "is not a network"),
        ] {
            let error = parse_network(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text} {error}");
        }
    }
}
