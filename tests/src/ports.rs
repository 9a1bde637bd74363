//! Free TCP ports on loopback.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use crate::{Error, Result};

/// The first port that is tried: above the well-known ports.
const FIRST: u16 = 10_000;
/// The number of ports that are tried; they end below 32768, where Linux's ports for outgoing connections begin, so
/// that a port stays free between this check and the daemon's own bind.
const COUNT: u16 = 22_000;
/// The distance between the first ports of processes that start at the same time.
const STRIDE: u32 = 101;

static HANDED_OUT: AtomicU16 = AtomicU16::new(0);

/// Returns a port that nothing listens on, and that this process has not returned before.
pub fn free() -> Result<u16> {
    let start = (std::process::id().wrapping_mul(STRIDE) % u32::from(COUNT)) as u16;
    (0..COUNT)
        .map(|_| FIRST + (start + HANDED_OUT.fetch_add(1, Ordering::Relaxed) % COUNT) % COUNT)
        .find(|&port| is_free(port))
        .ok_or_else(|| Error::new("no TCP port is free on loopback"))
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
        // On a host without IPv6, nothing can listen there.
        && (TcpListener::bind((Ipv6Addr::LOCALHOST, port)).is_ok() || TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_handed_out_once_and_is_free() {
        let first = free().unwrap();
        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first)).unwrap();
        assert!(!is_free(first));
        assert_ne!(first, free().unwrap());
    }
}
