//! The data that a session is bound to after the password: mailbox, webmail session, password and client.

use super::limits::Lives;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use postern_products::jar::Jar;
use postern_wire::Secret;
use sha2::Sha256;
use std::net::IpAddr;
use std::time::Instant;

/// The time of a request, read once.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Used for the age of a session.
    pub tick: Instant,
    /// Used for the expiry of cookies, and for texts.
    pub wall: Timestamp,
}

/// The webmail's session, which the browser never receives.
#[derive(Clone, Default)]
pub struct UpstreamSession {
    /// The cookies.
    pub jar: Jar,
    /// Where the webmail redirects the browser after signing in: a path of this host.
    pub landing: String,
    /// The request that ends the session, if known.
    pub logout: Option<String>,
    /// Set if only the user has stated whose session it is; it may then only open the mailbox for the first time.
    pub unopened: bool,
}

/// Compares passwords without storing them: an HMAC under a key that this process generated.
#[derive(Clone)]
pub struct PasswordFingerprint([u8; 32]);

impl PasswordFingerprint {
    /// The fingerprint of `password` under `key`.
    pub fn new(key: &[u8; 32], password: &Secret) -> Self {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of every length (RFC 2104)")]
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
        mac.update(password.reveal().as_bytes());
        Self(mac.finalize().into_bytes().into())
    }

    /// Used for constant-time comparison.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The client that signed in, for the user's own list of sessions.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its address.
    pub address: IpAddr,
    /// Its User-Agent.
    pub agent: Option<String>,
}

/// The data of every state after the password.
#[derive(Clone)]
pub struct SessionContext {
    /// The canonical mailbox, to which the session stays bound.
    pub mailbox: String,
    /// The webmail's session.
    pub upstream: UpstreamSession,
    /// The password with which the session began.
    pub fingerprint: PasswordFingerprint,
    /// The client that began the session.
    pub client: Client,
    /// The token by which the browser is recognised: the one that the daemon stores for this mailbox, or the one that
    /// the browser was given when it was admitted. None: it gets a new one when it is admitted.
    pub browser: Option<Secret>,
    /// How long the session may last.
    pub lives: Lives,
}
