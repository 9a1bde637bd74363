//! Who may set up a method.

use crate::event::Event;
use crate::{Account, Channel, Platform, Proof, Refusal, Stage, Time, Verdict, decide, enrolment_code};

/// The authority for a setup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// The user knows the password; with the hash of the enrolment code that was typed.
    Password(Option<[u8; 32]>),
    /// The user has given a factor for it.
    Proof(Proof),
}

/// The authority for a setup at this channel: a protected account needs a proof; an account that enrols needs the
/// enrolment code, where one is required. Whether the proof is valid is checked with the change.
///
/// # Errors
/// [`Refusal::Stale`]: a proof is needed and there is none, or no method can be set up at this channel;
/// [`Refusal::EnrolmentCode`]: it is missing or wrong; or the refusal of [`Event::Ask`].
pub fn authority(
    account: &Account,
    platform: &Platform,
    channel: Channel,
    (proof, code): (Option<Proof>, Option<[u8; 32]>),
    now: Time,
) -> Result<Authority, Refusal> {
    if account.stage == Stage::Protected {
        return proof.map(Authority::Proof).ok_or(Refusal::Stale);
    }
    match decide(account, platform, Event::Ask(channel), now).verdict {
        Verdict::Enrol => {}
        Verdict::Refused(refusal) => return Err(refusal),
        _ => return Err(Refusal::Stale),
    }
    enrolment_code::check(account, platform, code.as_ref())?;
    Ok(Authority::Password(code))
}
