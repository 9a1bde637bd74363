//! Proofs: that a person has signed in with a second factor, and when. What people change of their own account needs
//! one, so a front can change nothing of people who are not there.

use crate::clock;
use crate::daemon::Daemon;
use crate::records::RecordError;
use crate::tickets;
use postern_rules::{Account, Stage, Time};
use postern_wire::Secret;
use postern_wire::auth::{self, Reason};
use serde::{Deserialize, Serialize};

const PURPOSE: &str = "proof";
/// Seconds for which a proof is fresh: long enough to look for a telephone, too short for a browser left open.
pub const FRESH: i64 = 15 * 60;

/// Seconds for which a proof is good for anything. Sessions of a front last no longer.
const GOOD_FOR: i64 = 7 * 86_400;

/// A proof.
#[derive(Serialize, Deserialize)]
pub struct Proof {
    mailbox: String,
    /// The account's epoch at that time.
    pub epoch: u64,
    at: Time,
}

impl Proof {
    /// That somebody has just signed in to this account with a second factor.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn make(daemon: &Daemon, account: &Account, now: Time) -> Result<Secret, RecordError> {
        Self { mailbox: account.mailbox.to_string(), epoch: account.epoch, at: now }.seal(daemon)
    }

    /// The same proof for the account as it is now: its holder has changed it.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn carry_over(self, daemon: &Daemon, account: &Account) -> Result<Secret, RecordError> {
        Self { epoch: account.epoch, ..self }.seal(daemon)
    }

    fn seal(&self, daemon: &Daemon) -> Result<Secret, RecordError> {
        tickets::seal(daemon, PURPOSE, self)
    }

    /// Reads one for this account.
    ///
    /// # Errors
    /// [`Reason::Stale`].
    pub fn read(daemon: &Daemon, shown: &Secret, account: &Account) -> Result<Self, auth::Refusal> {
        let now = clock::now();
        let fits = |proof: &Self| {
            now < proof.at.plus(GOOD_FOR)
                && proof.mailbox == account.mailbox.as_str()
                && proof.epoch == account.epoch
                && account.stage == Stage::Protected
        };
        tickets::open(daemon, PURPOSE, shown).filter(fits).ok_or(auth::Refusal::new(Reason::Stale))
    }

    /// When it stops being fresh.
    pub fn fresh_until(&self) -> Time {
        self.at.plus(FRESH)
    }

    /// Whether it is fresh.
    ///
    /// # Errors
    /// [`Reason::NotFresh`].
    pub fn check_fresh(&self, now: Time) -> Result<(), auth::Refusal> {
        // A clock that stepped back makes none of them young again for long.
        let is_fresh = self.at.plus(-FRESH) <= now && now < self.fresh_until();
        if is_fresh { Ok(()) } else { Err(auth::Refusal::new(Reason::NotFresh)) }
    }
}
