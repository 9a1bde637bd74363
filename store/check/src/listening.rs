//! Checks whether a server for this host only can be reached from elsewhere, by the kernel's list of sockets.

use crate::place::Place;
use crate::report::{Line, Section};
use std::fs;

/// The kernel's lists (proc_pid_net(5)).
const TABLES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];
/// TCP_LISTEN of the kernel.
const LISTEN: &str = "0A";

/// The finding about a backend at a loopback address whose port is open on every address of this host.
pub(crate) fn look(backend: &Place) -> Option<Line> {
    if !backend.is_loopback() {
        return None;
    }
    let everywhere = TABLES.iter().any(|path| fs::read_to_string(path).is_ok_and(|it| has_any(&it, backend.port)));
    let message = format!("port {} of this host is open on all its addresses, not on loopback alone", backend.port);
    everywhere.then(|| {
        Line::warning(Section::Backends, backend.to_string(), message)
            .why("clients that can reach this host sign in there with the password alone")
            .advice("let it listen on 127.0.0.1 only, or close the port in the firewall")
    })
}

/// Whether `table` has a socket that listens at `port` on every address.
fn has_any(table: &str, port: u16) -> bool {
    let listens = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        let (local, state) = (words.next()?, words.nth(1)?);
        let (address, number) = local.split_once(':')?;
        let any = address.bytes().all(|digit| digit == b'0');
        Some(any && state == LISTEN && u16::from_str_radix(number, 16) == Ok(port))
    };
    table.lines().any(|line| listens(line).unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n   \
        0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n   \
        1: 0100007F:008F 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n   \
        2: 00000000:0050 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0\n";
    const V6: &str =
        "   0: 00000000000000000000000000000000:03E1 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0\n";

    #[test]
    fn a_socket_on_every_address_is_found() {
        assert!(has_any(V4, 8080) && has_any(V6, 993));
        for (port, why) in [(143, "loopback"), (80, "a connection"), (993, "nobody"), (0, "nobody")] {
            assert!(!has_any(V4, port), "{port}: {why}");
        }
        assert!(!has_any("", 1) && !has_any("x\n0:\n", 1));
    }
}
