//! What a POP3 server offers, and what of it clients are shown before they are signed in.

use std::fmt;
use std::sync::Arc;

/// What the backend offers, from its reply to `CAPA` (RFC 2449).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offers {
    /// `AUTH PLAIN`.
    pub plain: bool,
    /// USER and PASS.
    pub user: bool,
    /// STLS.
    pub stls: bool,
    /// Several commands at once, and so an initial response too: both are of the same age.
    pub pipelining: bool,
    /// The client's address can be told (Dovecot's XCLIENT, for its `login_trusted_networks`).
    pub xclient: bool,
    /// What clients are shown.
    pub shown: Shown,
}

/// The capabilities of the backend that clients are shown before they are signed in: those about the mailbox, so that a
/// client that asks only once knows them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown(Arc<[&'static str]>);

/// The capabilities that may be shown.
const SHOWN: [&str; 2] = ["TOP", "UIDL"];

impl Offers {
    /// Of a server that has answered `CAPA` with these lines.
    #[must_use]
    pub fn of(lines: &[Vec<u8>]) -> Self {
        let words = |line: &[u8]| line.to_ascii_uppercase().split(|byte| *byte == b' ').map(<[u8]>::to_vec).collect();
        let lines: Vec<Vec<Vec<u8>>> = lines.iter().map(|line| words(line)).collect();
        let has = |name: &str| lines.iter().any(|line| line.first().is_some_and(|word| word == name.as_bytes()));
        let plain = lines.iter().any(|line| line[0] == b"SASL" && line[1..].iter().any(|word| word == b"PLAIN"));
        let shown = SHOWN.into_iter().filter(|name| has(name)).collect();
        Self {
            plain,
            user: has("USER"),
            stls: has("STLS"),
            pipelining: has("PIPELINING"),
            xclient: false,
            shown: Shown(shown),
        }
    }

    /// Of a server that does not know `CAPA`: what RFC 1939 has. Clients that see no TOP and UIDL would not try them.
    #[must_use]
    pub fn of_old_server() -> Self {
        Self { user: true, shown: Shown(SHOWN.into()), ..Self::default() }
    }
}

/// One line each.
impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|name| write!(f, "{name}\r\n"))
    }
}
