//! The state of a setup that was begun, as the front keeps it.

use crate::daemon::Daemon;
use postern_rules::sent::ChallengeId;
use postern_rules::{Account, KindName, Proof, Seed, Time, ticket};
use postern_vault::tickets;
use postern_wire::auth::Reason;
use postern_wire::{Secret, auth};
use serde::{Deserialize, Serialize};

pub(crate) const PURPOSE: &str = "enrol";

/// The state of a setup that was begun. The front keeps it, so that an attacker with a password cannot fill the store,
/// and two browsers that enrol concurrently do not interfere: the first that confirms increments the epoch.
#[derive(Serialize, Deserialize)]
pub(crate) struct Ticket {
    pub(crate) mailbox: String,
    pub(crate) epoch: u64,
    pub(crate) until: Time,
    /// The authorization, if the account is protected already: the proof of a factor that was presented for this.
    #[serde(default)]
    pub(crate) proof: Option<Proof>,
    /// A hash of the enrolment code that was typed before.
    #[serde(default)]
    pub(crate) code: Option<[u8; 32]>,
    pub(crate) begun: Begun,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Begun {
    Totp(Seed),
    Sent { kind: String, to: String, session: ChallengeId },
    Key { challenge: [u8; 32], site: String },
}

impl Begun {
    pub(crate) fn kind(&self) -> &str {
        match self {
            Self::Totp(_) => KindName::Totp.as_str(),
            Self::Sent { kind, .. } => kind,
            Self::Key { .. } => KindName::Key.as_str(),
        }
    }
}

impl Ticket {
    pub(crate) fn open(daemon: &Daemon, shown: &Secret, account: &Account, now: Time) -> Result<Self, auth::Refusal> {
        let fits = |ticket: &Self| {
            let is_current = ticket::is_current(ticket.until, ticket::ENROLMENT, now);
            ticket.mailbox == account.mailbox.as_str() && ticket.epoch == account.epoch && is_current
        };
        tickets::open(&daemon.records, PURPOSE, shown.reveal()).filter(fits).ok_or(auth::Refusal::new(Reason::Stale))
    }
}
