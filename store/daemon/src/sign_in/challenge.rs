//! The state of a method that has begun, kept by a front.

use crate::daemon::Daemon;
use crate::notify::texts;
use crate::security_keys;
use crate::sign_in::context::unavailable;
use postern_rules::sent::ChallengeId;
use postern_rules::{Account, Platform, Time, ticket};
use postern_vault::tickets;
use postern_wire::auth::Reason;
use postern_wire::{Secret, auth};
use serde::{Deserialize, Serialize};

const PURPOSE: &str = "challenge";

/// The state of a method that has begun, kept by a front.
#[derive(Serialize, Deserialize)]
pub struct Challenge {
    pub(crate) mailbox: String,
    /// The method.
    pub method: String,
    /// The session that the answer belongs to.
    pub session: ChallengeId,
    /// When it expires.
    pub until: Time,
    /// The data that a security key is to sign, and the origin of the pages.
    pub(crate) key: Option<([u8; 32], String)>,
    /// The language of the pages.
    #[serde(default)]
    pub language: Option<String>,
}

impl Challenge {
    /// Opens and checks a challenge for this account.
    ///
    /// # Errors
    /// [`Reason::Stale`]; [`Reason::Wrong`] when it has expired: the user requests another code and continues.
    pub fn read(daemon: &Daemon, shown: &Secret, account: &Account, now: Time) -> Result<Self, auth::Refusal> {
        let fits = |it: &Self| it.mailbox == account.mailbox.as_str();
        let challenge = tickets::open(&daemon.records, PURPOSE, shown.reveal()).filter(fits);
        let challenge: Self = challenge.ok_or(auth::Refusal::new(Reason::Stale))?;
        if ticket::is_current(challenge.until, ticket::CHALLENGE, now) {
            Ok(challenge)
        } else {
            Err(auth::Refusal::new(Reason::Wrong))
        }
    }

    /// Seals the challenge for the front.
    ///
    /// # Errors
    /// [`Reason::Unavailable`].
    pub(crate) fn seal(&self, daemon: &Daemon) -> Result<Secret, auth::Refusal> {
        let sealed = tickets::seal(&daemon.records, PURPOSE, self);
        sealed.map(Secret::from).map_err(|error| auth::Refusal::new(unavailable(&error)))
    }

    /// Whether it is for a security key.
    pub fn is_for_key(&self) -> bool {
        self.key.is_some()
    }

    /// Returns which key of the account has answered with `response`, and its counter; none if no key has.
    pub fn answered(&self, account: &Account, platform: &Platform, response: &str) -> Option<(Vec<u8>, u32)> {
        let (challenge, site) = self.key.as_ref()?;
        let party = security_keys::relying_party(Some(site), texts::place(account, platform))?;
        security_keys::answered(&party, account, challenge, response)
    }
}
