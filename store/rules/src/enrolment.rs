//! Who may set something up.

use crate::event::Event;
use crate::{Account, Channel, Platform, Proof, Refusal, Stage, Time, Verdict, decide, enrolment_code};

/// On whose word something is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// The password is known; with the hash of the enrolment code that was typed.
    Password(Option<[u8; 32]>),
    /// A factor was brought for it.
    Proof(Proof),
}

/// On whose word something may be set up at this channel: of a protected account a proof, of one that enrols the
/// enrolment code where one is wanted. What the proof is good for is judged with the change.
///
/// # Errors
/// [`Refusal::Stale`]: a proof is needed and there is none, or nothing is set up at this channel;
/// [`Refusal::EnrolmentCode`]: it is missing or wrong; what [`Event::Ask`] is refused with.
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
