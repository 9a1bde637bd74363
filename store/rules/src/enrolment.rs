//! Who may set up a method.

use crate::decide::ask::{NotChallenged, Requirement, required};
use crate::enrolment_code::{self, NotTheCode};
use crate::source::Source;
use crate::{Account, Channel, Platform, Proof, Stage, Time};

/// The authority for a setup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// The user knows the password; with the hash of the enrolment code that was typed.
    Password(Option<[u8; 32]>),
    /// The user has given a factor for it.
    Proof(Proof),
}

/// Why there is no authority for a setup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAuthority {
    /// A proof is needed and there is none, no method can be set up at this channel, or the sign-in is refused.
    NotChallenged(NotChallenged),
    /// The enrolment code is missing or wrong.
    EnrolmentCode,
}

impl From<NotTheCode> for NoAuthority {
    fn from(NotTheCode: NotTheCode) -> Self {
        Self::EnrolmentCode
    }
}

/// The authority for a setup at this channel: a protected account needs a proof; an account that enrols needs the
/// enrolment code, where one is required. Whether the proof is valid is checked with the change.
///
/// # Errors
/// [`NoAuthority`].
pub fn authority(
    account: &Account,
    platform: &Platform,
    channel: Channel,
    (proof, code): (Option<Proof>, Option<[u8; 32]>),
    now: Time,
) -> Result<Authority, NoAuthority> {
    let stale = NoAuthority::NotChallenged(NotChallenged::Stale);
    if account.stage == Stage::Protected {
        return proof.map(Authority::Proof).ok_or(stale);
    }
    match required(account, platform, channel, Source::default(), now) {
        Requirement::Enrolment => {}
        Requirement::Refused(refusal) => return Err(NoAuthority::NotChallenged(NotChallenged::Refused(refusal))),
        Requirement::Nothing | Requirement::Factor => return Err(stale),
    }
    enrolment_code::check(account, platform, code.as_ref())?;
    Ok(Authority::Password(code))
}
