//! The source of a sign-in.

use ipnet::IpNet;
use sha2::{Digest, Sha256};
use std::net::IpAddr;

/// Characters of a token: 32 random bytes in base64url without padding (RFC 4648 section 5).
pub const TOKEN_LENGTH: usize = 43;
/// Prefix length of an address's network: the range within which a provider or a site reassigns addresses.
const NETWORK_V4: u8 = 24;
const NETWORK_V6: u8 = 48;
/// Prefix length of an IPv6 link (RFC 4291, section 2.5.4): one client has all addresses in it.
const LINK_V6: u8 = 64;
/// The stored form of a token: its SHA-256. 256 random bits cannot be guessed, so no slower hash is needed.
pub type Token = [u8; 32];

/// Parses a token from a front; `None` if its form is wrong.
pub fn token(text: &str) -> Option<Token> {
    let is_of_it = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (text.len() == TOKEN_LENGTH && text.bytes().all(is_of_it)).then(|| Sha256::digest(text).into())
}

/// The network of an address: /24 for IPv4, /48 for IPv6.
pub fn network(address: IpAddr) -> Option<IpNet> {
    masked(address, NETWORK_V4, NETWORK_V6)
}

/// The key that identifies a returning client: its IPv4 address, or the /64 of its IPv6 address.
pub fn link(address: IpAddr) -> Option<String> {
    let network = masked(address, 32, LINK_V6)?;
    Some(if network.addr().is_ipv4() { network.addr().to_string() } else { network.to_string() })
}

/// The first bits of an address; an IPv4-mapped IPv6 address counts as that IPv4 address.
fn masked(address: IpAddr, bits_v4: u8, bits_v6: u8) -> Option<IpNet> {
    let address = address.to_canonical();
    let bits = if address.is_ipv4() { bits_v4 } else { bits_v6 };
    IpNet::new(address, bits).ok().map(|network| network.trunc())
}

/// The source of a sign-in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Source<'a> {
    /// The client's address.
    pub address: Option<IpAddr>,
    /// The PAM service, or the front's listener.
    pub service: Option<&'a str>,
    /// The client's description of itself.
    pub client: Option<&'a str>,
    /// The browser's token, at the webmail.
    pub browser: Option<Token>,
    /// Whether the front is for Exchange.
    pub before_exchange: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_in_its_form_only() {
        assert!(token(&"aZ0-_".repeat(9)[..43]).is_some());
        assert_ne!(token(&"a".repeat(43)), token(&"b".repeat(43)));
        for text in ["", "a", &"a".repeat(42), &"a".repeat(44), &format!("{}=", "a".repeat(42)), &"é".repeat(43)] {
            assert_eq!(token(text), None, "{text}");
        }
    }

    #[test]
    fn a_network_is_a_24_or_a_48() {
        for (address, expected) in [
            ("192.0.2.77", "192.0.2.0/24"),
            ("::ffff:192.0.2.77", "192.0.2.0/24"),
            ("2001:db8:1:ffff::7", "2001:db8:1::/48"),
        ] {
            assert_eq!(network(address.parse().unwrap()).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn a_link_is_an_ipv4_address_or_a_64() {
        for (address, expected) in [
            ("192.0.2.77", "192.0.2.77"),
            ("::ffff:192.0.2.77", "192.0.2.77"),
            ("2001:db8:1:ffff:a::7", "2001:db8:1:ffff::/64"),
        ] {
            assert_eq!(link(address.parse().unwrap()).as_deref(), Some(expected));
        }
    }
}
