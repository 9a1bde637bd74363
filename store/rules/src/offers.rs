//! The methods that are offered for setup and sign-in, by platform, channel and available message delivery.

use crate::contact::Address;
use crate::decide::ask::{NotChallenged, challenged};
use crate::source::Source;
use crate::{Account, Channel, Factor, Kind, KindName, Platform, Time};
use std::cmp::Reverse;

/// The kinds of messages that can be sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sendable {
    /// SMS messages.
    pub texts: bool,
    /// E-mails.
    pub mails: bool,
}

impl Sendable {
    /// Whether a method of this kind works with these kinds of messages.
    fn serves(self, kind: KindName) -> bool {
        match kind {
            KindName::Totp | KindName::Key => true,
            KindName::Sms => self.texts,
            KindName::Email => self.mails,
        }
    }
}

/// The kinds of methods that can be set up on this platform.
pub fn kinds(platform: &Platform, sendable: Sendable) -> Vec<KindName> {
    platform.policy.methods.iter().copied().filter(|kind| sendable.serves(*kind)).collect()
}

/// Whether a contact address can be set: the code that confirms it is sent by e-mail.
pub fn takes_contact(sendable: Sendable) -> bool {
    sendable.mails
}

/// A method that can answer a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer<'a> {
    /// This method.
    Factor(&'a Factor),
    /// A backup code.
    BackupCode,
}

/// The methods that can answer a sign-in to an account at a channel: the factors, the last used first, then backup
/// codes, if any are left. A copied security key is not included.
pub fn at_sign_in(account: &Account, channel: Channel, sendable: Sendable) -> Vec<Offer<'_>> {
    let is_offered = |factor: &&Factor| {
        let kind = factor.kind.name();
        channel.takes(kind) && sendable.serves(kind) && !factor.is_copied()
    };
    let mut factors: Vec<&Factor> = account.factors.iter().filter(is_offered).collect();
    factors.sort_by_key(|factor| Reverse((factor.last_used, factor.created)));
    let mut offers: Vec<Offer<'_>> = factors.into_iter().map(Offer::Factor).collect();
    if channel.takes_backup_codes() && account.backup.as_ref().is_some_and(|backup| backup.left() > 0) {
        offers.push(Offer::BackupCode);
    }
    offers
}

/// For how many days a browser that answers at this channel may be trusted; `None`: not at all.
pub fn trust_days(platform: &Platform, channel: Channel) -> Option<u32> {
    Some(platform.policy.trusted_browsers).filter(|days| *days > 0 && channel == Channel::Webmail)
}

/// The address for a code when a sign-in is unusual; `None`: no code can be sent. `leads_into`: whether mail to it is
/// delivered to the mailbox.
pub fn unusual_contact(account: &Account, sendable: Sendable, leads_into: bool) -> Option<&Address> {
    account.contact.as_ref().filter(|_| sendable.mails && !leads_into)
}

/// The first step of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// A code is sent.
    Code,
    /// A security key is sent a challenge.
    KeyChallenge,
}

/// Why a method does not begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BeginRefusal {
    /// No factor is checked, or there is no such method.
    NotChallenged(NotChallenged),
    /// The method has no first step.
    NotOffered,
}

/// The first step of the method with this id, for a sign-in at this channel.
///
/// # Errors
/// [`BeginRefusal`].
pub fn begin(
    account: &Account,
    platform: &Platform,
    channel: Channel,
    method: &str,
    now: Time,
) -> Result<Beginning, BeginRefusal> {
    challenged(account, platform, channel, Source::default(), now).map_err(BeginRefusal::NotChallenged)?;
    let factor = account.factors.iter().find(|factor| factor.id == method && !factor.is_copied());
    match factor.ok_or(BeginRefusal::NotChallenged(NotChallenged::Stale))?.kind {
        Kind::Totp(_) => Err(BeginRefusal::NotOffered),
        Kind::Sms(_) | Kind::Email(_) => Ok(Beginning::Code),
        Kind::Key(_) => Ok(Beginning::KeyChallenge),
    }
}
