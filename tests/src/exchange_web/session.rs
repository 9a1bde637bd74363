//! A session of a user, and its cookies.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::request::Request;

/// The cookies of a session, in the order in which they are set.
pub(super) const COOKIES: [&str; 5] = ["cadata", "cadataTTL", "cadataKey", "cadataIV", "cadataSig"];
/// Requests after which half of a session's time has passed.
const HALF: usize = 4;
/// The prefix of a value that was not made here.
pub(super) const FORGED: &str = "FORGED.";

/// A session of a user.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) mailbox: String,
    pub(super) canary: String,
    pub(super) values: [String; 5],
    /// The previous timestamp, which is still valid: requests run concurrently.
    earlier: String,
    used: usize,
}

/// The cookies that an attacker who knows the certificate's public key can make for a name and a password.
pub fn forged(name: &str, password: &str) -> String {
    let value = format!("{FORGED}{}", STANDARD.encode(format!("{name}:{password}")));
    COOKIES.map(|cookie| format!("{cookie}={value}")).join("; ")
}

impl Session {
    pub(super) fn new(mailbox: &str, number: usize) -> Session {
        let value = |what: &str| STANDARD.encode(Sha256::digest(format!("{mailbox} {number} {what}")));
        let values = COOKIES.map(value);
        Session {
            mailbox: mailbox.to_owned(),
            canary: value("canary").replace(['+', '/'], "_").replace('=', "."),
            earlier: values[1].clone(),
            values,
            used: 0,
        }
    }

    pub(super) fn is_of(&self, request: &Request) -> bool {
        let same = |at: usize| request.cookie(COOKIES[at]) == Some(&self.values[at]);
        let in_time = request.cookie(COOKIES[1]).is_some_and(|ttl| ttl == self.values[1] || ttl == self.earlier);
        [0, 2, 3, 4].into_iter().all(same) && in_time
    }

    /// A new timestamp, at intervals; the other cookies stay.
    pub(super) fn renewed(&mut self) -> Option<String> {
        self.used += 1;
        if !self.used.is_multiple_of(HALF) {
            return None;
        }
        let next = STANDARD.encode(Sha256::digest(&self.values[1]));
        self.earlier = std::mem::replace(&mut self.values[1], next);
        Some(set(COOKIES[1], &self.values[1]))
    }
}

/// A cookie of a session, as it is set.
pub(super) fn set(name: &str, value: &str) -> String {
    format!("{name}={value}; path=/; secure; HttpOnly")
}
