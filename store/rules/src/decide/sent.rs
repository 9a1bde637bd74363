//! Decides to whom a code is sent, and for what.

use super::ask::{ask, ask_for, not_asked, stale_if_not_required};
use super::outcome::refused;
use crate::contact::Destination;
use crate::event::{By, Decision, Offered, Recipient, Verdict};
use crate::proof::Change;
use crate::sent::{ChallengeId, NotNow, Purpose};
use crate::source::Source;
use crate::{Account, Kind, KindName, Platform, Refusal, Time, enrolment_code};

pub(super) fn send(
    mut account: Account,
    platform: &Platform,
    to: Recipient<'_>,
    (session, replaces): (ChallengeId, Option<ChallengeId>),
    code: &str,
    now: Time,
) -> Decision {
    let (purpose, destination) = match to {
        Recipient::Factor(channel, id) => {
            if let Some(verdict) = not_asked(&account, platform, channel, Source::default(), now) {
                return stale_if_not_required(verdict);
            }
            let factor = account.factors.iter().find(|factor| factor.id == id);
            let Some(destination) = factor.and_then(|factor| factor.kind.destination()) else {
                return refused(Refusal::NoSuchFactor);
            };
            (Purpose::Factor(id.to_owned()), destination)
        }
        Recipient::Method(by, kind) => {
            if let Some(refusal) = not_entitled(&account, platform, by, &adds(&kind), now) {
                return refused(refusal);
            }
            if account.factors.iter().any(|factor| factor.kind.is_same(&kind)) {
                return refused(Refusal::SameSecret);
            }
            let destination = kind.destination().filter(|_| platform.policy.methods.contains(&kind.name()));
            let Some(destination) = destination else { return refused(Refusal::NotOffered) };
            (Purpose::Method(kind), destination)
        }
        Recipient::Contact(by, address) => {
            // An attacker with only the password must not learn this before the owner does.
            match (by, not_entitled(&account, platform, by, &Change::SetContact(address.as_str().to_owned()), now)) {
                (By::Proof(_), None) => {}
                (By::Enrolment { .. }, None) => return refused(Refusal::Stale),
                (_, Some(refusal)) => return refused(refusal),
            }
            (Purpose::Contact(address.clone()), Destination::Address(address))
        }
        Recipient::SignIn(channel, source) => match ask_for(&account, platform, channel, source, now) {
            Verdict::Unusual => {
                let Some(address) = account.contact.clone() else { return refused(Refusal::Unusual) };
                (Purpose::SignIn(address.clone()), Destination::Address(address))
            }
            Verdict::Refused(refusal) => return refused(refusal),
            _ => return refused(Refusal::Stale),
        },
    };
    match account.outbox.send(purpose, session, replaces, code, now) {
        Ok(again) => Decision { verdict: Verdict::Send { to: destination, again }, next: Some(account) },
        Err(NotNow::TooSoon(until)) => refused(Refusal::TooSoon(until)),
        Err(NotNow::TooMany(until)) => refused(Refusal::TooMany(until)),
    }
}

/// Why nothing new may be set up on this authority, if so.
pub(super) fn not_entitled(
    account: &Account,
    platform: &Platform,
    by: By<'_>,
    change: &Change,
    now: Time,
) -> Option<Refusal> {
    match by {
        By::Enrolment { channel, epoch, code } => {
            let asked = ask(account, platform, channel, Source::default(), now);
            if asked != Verdict::Enrol || epoch != account.epoch {
                return Some(Refusal::Stale);
            }
            enrolment_code::check(account, platform, code.as_ref()).err()
        }
        By::Proof(proof) => proof.check_for(account, change, now).err(),
    }
}

/// The change that this confirmation makes; `None`: the code is no longer there, or is for a sign-in.
pub(super) fn offers(account: &Account, offered: &Offered<'_>, now: Time) -> Option<Change> {
    let without_codes = |kind| Some(Change::AddMethod { kind, to: None });
    match offered {
        Offered::Totp { .. } => without_codes(KindName::Totp),
        Offered::Key(_) => without_codes(KindName::Key),
        Offered::Sent { session, .. } => match account.outbox.purpose_of(session, now)? {
            Purpose::Method(kind) => Some(adds(kind)),
            Purpose::Contact(address) => Some(Change::SetContact(address.as_str().to_owned())),
            Purpose::Factor(_) | Purpose::SignIn(_) => None,
        },
    }
}

fn adds(kind: &Kind) -> Change {
    let to = kind.destination().map(|to| match to {
        Destination::Number(number) => number.as_str().to_owned(),
        Destination::Address(address) => address.as_str().to_owned(),
    });
    Change::AddMethod { kind: kind.name(), to }
}
