//! What a session is bound to from the password on: the mailbox, the webmail's session, the password, the client.

use crate::jar::Jar;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use postern_wire::Secret;
use sha2::Sha256;
use std::net::IpAddr;
use std::time::Instant;

/// The time of a request, read once.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// For how old a session is.
    pub tick: Instant,
    /// For cookies that expire, and for texts.
    pub wall: Timestamp,
}

/// The webmail's session, which stays on this side.
#[derive(Clone, Default)]
pub struct UpstreamSession {
    /// Its cookies.
    pub jar: Jar,
    /// Where it sends the browser after signing in: a path of this host.
    pub landing: String,
    /// What to request to end it, if that is known.
    pub logout: Option<String>,
    /// Only the user has said whose it is, so it may do nothing but open the mailbox for the first time.
    pub unopened: bool,
}

/// Whether two passwords are the same, without keeping either: an HMAC under a key that this process made.
#[derive(Clone)]
pub struct PasswordFingerprint([u8; 32]);

impl PasswordFingerprint {
    /// The print of `password` under `key`.
    pub fn new(key: &[u8; 32], password: &Secret) -> Self {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of every length (RFC 2104)")]
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
        mac.update(password.reveal().as_bytes());
        Self(mac.finalize().into_bytes().into())
    }

    /// For a comparison that takes the same time whatever they are.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Who signed in, for their own list of sessions.
#[derive(Debug, Clone)]
pub struct Client {
    /// From where.
    pub address: IpAddr,
    /// With what, by its own account.
    pub agent: Option<String>,
}

/// What every state after the password holds.
#[derive(Clone)]
pub struct SessionContext {
    /// The canonical mailbox, to which the session stays bound.
    pub mailbox: String,
    /// The webmail's session.
    pub upstream: UpstreamSession,
    /// The password that began it.
    pub fingerprint: PasswordFingerprint,
    /// Who began it.
    pub client: Client,
    /// What the browser is known by: the token that the daemon remembers of this mailbox, or the one that the browser was
    /// given when it was let in. None: it gets a new one then.
    pub browser: Option<Secret>,
}
