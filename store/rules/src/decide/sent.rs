//! Decides to whom a code is sent, and for what.

use super::ask::{NotChallenged, NotUnusual, challenged, unusual_contact};
use super::entitlement::{By, NotEntitled, adds, check};
use crate::contact::{Address, Destination};
use crate::decision::{Decision, Settled};
use crate::proof::Change;
use crate::sent::{ChallengeId, NotNow, Purpose};
use crate::source::Source;
use crate::{Channel, Kind, Time};

/// A code that is to be sent.
#[derive(Clone, Copy)]
pub struct Draft<'a> {
    /// The challenge for which the code is valid.
    pub session: ChallengeId,
    /// The challenge before this one, whose code becomes void.
    pub replaces: Option<ChallengeId>,
    /// The code.
    pub code: &'a str,
}

/// Send the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Send {
    /// The destination.
    pub to: Destination,
    /// The time from which another code may be sent.
    pub again: Time,
}

/// A recipient that answers a sign-in with the code.
#[derive(Debug, Clone, Copy)]
pub enum SignInRecipient<'a> {
    /// The factor with this id, for a sign-in at this channel.
    Factor(Channel, &'a str),
    /// The contact address, since the sign-in at this channel from this source is unusual.
    Contact(Channel, Source<'a>),
}

/// A recipient that is to be set up.
#[derive(Debug, Clone)]
pub enum NewRecipient<'a> {
    /// A number or an address that is to become a method.
    Method(By<'a>, Kind),
    /// An address that is to become the contact address.
    Contact(By<'a>, Address),
}

/// Why no code is sent for a sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrepareRefusal {
    /// No factor is checked.
    NotChallenged(NotChallenged),
    /// The sign-in is unusual, and there is no contact address.
    NoContact,
    /// No factor that codes are sent to has that id.
    NoSuchFactor,
    /// Too many codes were sent.
    NotNow(NotNow),
}

/// Why no code is sent for a setup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetUpRefusal {
    /// It may not be set up.
    NotEntitled(NotEntitled),
    /// The account has that number or address already.
    SameSecret,
    /// The platform does not offer such methods.
    NotOffered,
    /// Too many codes were sent.
    NotNow(NotNow),
}

impl From<NotChallenged> for PrepareRefusal {
    fn from(why: NotChallenged) -> Self {
        Self::NotChallenged(why)
    }
}

impl From<NotUnusual> for PrepareRefusal {
    fn from(why: NotUnusual) -> Self {
        match why {
            NotUnusual::NotChallenged(why) => Self::NotChallenged(why),
            NotUnusual::NoContact => Self::NoContact,
        }
    }
}

impl From<NotNow> for PrepareRefusal {
    fn from(why: NotNow) -> Self {
        Self::NotNow(why)
    }
}

impl From<NotEntitled> for SetUpRefusal {
    fn from(why: NotEntitled) -> Self {
        Self::NotEntitled(why)
    }
}

impl From<NotNow> for SetUpRefusal {
    fn from(why: NotNow) -> Self {
        Self::NotNow(why)
    }
}

/// Sends a code with which a sign-in is answered.
pub fn for_sign_in(
    it: &Settled<'_>,
    to: &SignInRecipient<'_>,
    draft: &Draft<'_>,
) -> Decision<Result<Send, PrepareRefusal>> {
    sent_for_sign_in(it, to, draft).into()
}

fn sent_for_sign_in(
    it: &Settled<'_>,
    to: &SignInRecipient<'_>,
    draft: &Draft<'_>,
) -> Result<Decision<Send>, PrepareRefusal> {
    match *to {
        SignInRecipient::Factor(channel, id) => {
            challenged(it.account(), it.platform(), channel, Source::default(), it.now())?;
            let factor = it.account().factors.iter().find(|factor| factor.id == id);
            let destination = factor.and_then(|factor| factor.kind.destination());
            let destination = destination.ok_or(PrepareRefusal::NoSuchFactor)?;
            Ok(send(it, Purpose::Factor(id.to_owned()), destination, draft)?)
        }
        SignInRecipient::Contact(channel, source) => {
            let address = unusual_contact(it, (channel, source))?;
            Ok(send(it, Purpose::SignIn(address.clone()), Destination::Address(address), draft)?)
        }
    }
}

/// Sends a code that confirms a setup.
pub fn for_setup(it: &Settled<'_>, to: &NewRecipient<'_>, draft: &Draft<'_>) -> Decision<Result<Send, SetUpRefusal>> {
    sent_for_setup(it, to, draft).into()
}

fn sent_for_setup(it: &Settled<'_>, to: &NewRecipient<'_>, draft: &Draft<'_>) -> Result<Decision<Send>, SetUpRefusal> {
    let (purpose, destination) = match to {
        NewRecipient::Method(by, kind) => {
            check(it, *by, &adds(kind))?;
            if it.account().factors.iter().any(|factor| factor.kind.is_same(kind)) {
                return Err(SetUpRefusal::SameSecret);
            }
            let is_offered = it.platform().policy.methods.contains(&kind.name());
            let destination = kind.destination().filter(|_| is_offered).ok_or(SetUpRefusal::NotOffered)?;
            (Purpose::Method(kind.clone()), destination)
        }
        NewRecipient::Contact(by, address) => {
            check(it, *by, &Change::SetContact(address.as_str().to_owned()))?;
            // An attacker with only the password must not learn this before the owner does.
            if let By::Enrolment { .. } = by {
                return Err(SetUpRefusal::NotEntitled(NotEntitled::Stale));
            }
            (Purpose::Contact(address.clone()), Destination::Address(address.clone()))
        }
    };
    Ok(send(it, purpose, destination, draft)?)
}

fn send(it: &Settled<'_>, purpose: Purpose, to: Destination, draft: &Draft<'_>) -> Result<Decision<Send>, NotNow> {
    let mut account = it.account().clone();
    let Draft { session, replaces, code } = *draft;
    let again = account.outbox.send(purpose, session, replaces, code, it.now())?;
    Ok(Decision::changed(Send { to, again }, account))
}
