//! Setting up and removing methods.

use super::browsers;
use super::entitlement::{By, NotEntitled, adds, check};
use crate::backup::{self, BackupCodes};
use crate::browser::Known;
use crate::decision::{Decision, Random, Settled};
use crate::factor::{self, FACTORS_MAX, Factor, Key, Kind};
use crate::proof::{Change, note_change};
use crate::sent::{ChallengeId, Purpose};
use crate::source::Source;
use crate::totp::Totp;
use crate::{Account, Channel, KindName, Stage, Time};

/// What is to be confirmed.
#[derive(Clone)]
pub enum Offered<'a> {
    /// A secret, with one of its codes.
    Totp {
        /// The secret.
        totp: Totp,
        /// What the user typed.
        code: &'a str,
        /// TOTP steps that are accepted before and after the current one.
        window: u32,
    },
    /// A number or an address, with the code that was sent there.
    Sent {
        /// The challenge for which the code was sent.
        session: ChallengeId,
        /// What the user typed.
        code: &'a str,
    },
    /// A security key, which the daemon has checked.
    Key(Key),
}

/// A setup that the user confirms.
pub struct Confirmation<'a> {
    /// The authority for it.
    pub by: By<'a>,
    /// What is confirmed.
    pub offered: Offered<'a>,
    /// The user's description.
    pub description: &'a str,
    /// For the factor's id and the backup codes.
    pub random: Random,
    /// The source of the request.
    pub source: Source<'a>,
}

/// A factor was added.
#[derive(Debug, PartialEq)]
pub struct Added {
    /// Its id.
    pub method: String,
    /// A set of backup codes, if it was the first factor.
    pub backup_codes: Option<backup::Shown>,
}

/// What a confirmation has set up.
#[derive(Debug, PartialEq)]
pub enum Confirmed {
    /// A method.
    Method(Added),
    /// The contact address.
    Contact,
}

/// Why a setup is not confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfirmRefusal {
    /// The code is no longer there, or is for something else: the setup must begin again.
    Stale,
    /// It may not be set up.
    NotEntitled(NotEntitled),
    /// The code is wrong. It is not counted for a lock.
    Wrong,
    /// The platform does not offer such methods.
    NotOffered,
    /// The account has the maximum number of factors.
    Full,
    /// The account has that secret already.
    SameSecret,
}

/// Why an administrator's secret is not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddRefusal {
    /// The account is off: enable it first.
    Off,
    /// The account has the maximum number of factors.
    Full,
    /// The account has that secret already.
    SameSecret,
}

/// Why a method is not removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoveRefusal {
    /// No factor has that id.
    NoSuchFactor,
    /// It is the only usable factor of the account: reset or remove the account instead.
    OnlyFactor,
}

impl From<NotEntitled> for ConfirmRefusal {
    fn from(why: NotEntitled) -> Self {
        Self::NotEntitled(why)
    }
}

/// Sets up an offered method or contact address if the answer confirms it. A wrong code does not use up the proof. The
/// browser that has set up the first method becomes known.
pub fn confirm(it: &Settled<'_>, confirmation: Confirmation<'_>) -> Decision<Result<Confirmed, ConfirmRefusal>> {
    let Confirmation { by, offered, description, random, source } = confirmation;
    let (mut account, now) = (it.account().clone(), it.now());
    let Some(change) = confirms(&account, &offered, now) else { return Decision::refused(ConfirmRefusal::Stale) };
    if let Err(refusal) = check(it, by, &change) {
        return Decision::refused(refusal);
    }
    // Users change their account at the webmail.
    let channel = if let By::Enrolment { channel, .. } = by { channel } else { Channel::Webmail };
    let kind = match offered {
        Offered::Totp { mut totp, code, window } => match totp.matching_step(code, now, window) {
            None => return Decision::refused(ConfirmRefusal::Wrong),
            Some(step) => {
                totp.spend(step);
                account.note_code(channel, code);
                Kind::Totp(totp)
            }
        },
        Offered::Key(key) => Kind::Key(key),
        Offered::Sent { session, code } => {
            let Some(purpose) = account.outbox.purpose_of(&session, now).cloned() else {
                return Decision::refused(ConfirmRefusal::Stale);
            };
            if !account.outbox.spend(&purpose, &session, code, now) {
                return Decision::changed(Err(ConfirmRefusal::Wrong), account);
            }
            account.note_code(channel, code);
            match purpose {
                Purpose::Method(kind) => kind,
                Purpose::Contact(address) => {
                    account.contact = Some(address);
                    return Decision::changed(Ok(Confirmed::Contact), noted(account, by, now));
                }
                // These codes are for a sign-in.
                Purpose::Factor(_) | Purpose::SignIn(_) => return Decision::refused(ConfirmRefusal::Stale),
            }
        }
    };
    if !it.platform().policy.methods.contains(&kind.name()) {
        return Decision::refused(ConfirmRefusal::NotOffered);
    }
    if is_full(&account) {
        return Decision::refused(ConfirmRefusal::Full);
    }
    if has(&account, &kind) {
        return Decision::refused(ConfirmRefusal::SameSecret);
    }
    let added = put(&mut account, Fresh { kind, used: true, description }, random, now);
    let mut account = noted(account, by, now);
    if let By::Enrolment { channel, .. } = by {
        browsers::note(&mut account, it.platform(), channel, (source, Known::Anywhere), now);
    }
    Decision::changed(Ok(Confirmed::Method(added)), account)
}

/// The change that this confirmation makes; `None`: the code is no longer there, or is for a sign-in.
fn confirms(account: &Account, offered: &Offered<'_>, now: Time) -> Option<Change> {
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

/// Marks the proof with which something was set up as used.
fn noted(mut account: Account, by: By<'_>, now: Time) -> Account {
    if let By::Proof(_) = by {
        note_change(&mut account, now);
    }
    account
}

/// The administrator adds a secret.
pub fn add_totp(
    it: &Settled<'_>,
    totp: Totp,
    description: &str,
    random: Random,
) -> Decision<Result<Added, AddRefusal>> {
    let (mut account, kind) = (it.account().clone(), Kind::Totp(totp));
    if account.stage == Stage::Off {
        return Decision::refused(AddRefusal::Off);
    }
    if is_full(&account) {
        return Decision::refused(AddRefusal::Full);
    }
    if has(&account, &kind) {
        return Decision::refused(AddRefusal::SameSecret);
    }
    let added = put(&mut account, Fresh { kind, used: false, description }, random, it.now());
    Decision::changed(Ok(added), account)
}

/// The administrator removes a factor.
pub fn remove_factor(it: &Settled<'_>, id: &str) -> Decision<Result<(), RemoveRefusal>> {
    without(it.account().clone(), id).map(|account| Decision::changed((), account)).into()
}

/// A factor to be added.
pub(super) struct Fresh<'a> {
    pub(super) kind: Kind,
    /// Whether it was just confirmed with a code.
    pub(super) used: bool,
    pub(super) description: &'a str,
}

/// Whether the account has the maximum number of factors.
pub(super) fn is_full(account: &Account) -> bool {
    account.factors.len() >= FACTORS_MAX
}

/// Whether the account has that secret already.
fn has(account: &Account, kind: &Kind) -> bool {
    account.factors.iter().any(|factor| factor.kind.is_same(kind))
}

/// Adds a factor; the first one protects the account and creates the backup codes.
pub(super) fn put(account: &mut Account, fresh: Fresh<'_>, random: Random, now: Time) -> Added {
    let Fresh { mut kind, used, description } = fresh;
    if let Kind::Totp(totp) = &mut kind
        && let Some(step) = account.spent_before(totp)
    {
        totp.spend(step);
    }
    let id = unused_id(account, random.id);
    let description = factor::description(description);
    account.factors.push(Factor { id: id.clone(), kind, description, created: now, last_used: used.then_some(now) });
    let mut backup_codes = None;
    if account.stage == Stage::Enrolling {
        account.stage = Stage::Protected;
        account.enrolment_code = None;
        account.epoch += 1;
        let (backup, codes) = BackupCodes::make(random.backup, now);
        account.backup = Some(backup);
        backup_codes = Some(codes);
    }
    Added { method: id, backup_codes }
}

/// An id that no other factor of the account has.
fn unused_id(account: &Account, mut random: [u8; factor::ID_RANDOM]) -> String {
    loop {
        let id = factor::id(random);
        if account.factors.iter().all(|factor| factor.id != id) {
            return id;
        }
        random[factor::ID_RANDOM - 1] = random[factor::ID_RANDOM - 1].wrapping_add(1);
    }
}

/// The account without the factor.
pub(super) fn without(mut account: Account, id: &str) -> Result<Account, RemoveRefusal> {
    let at = account.factors.iter().position(|factor| factor.id == id).ok_or(RemoveRefusal::NoSuchFactor)?;
    // A copied key admits no sign-in, so it does not count as a remaining factor.
    let is_copied = account.factors[at].is_copied();
    if !account.factors.iter().any(|other| other.id != id && (is_copied || !other.is_copied())) {
        return Err(RemoveRefusal::OnlyFactor);
    }
    // Sessions from it end too: it may be in an attacker's hands.
    let factor = account.factors.remove(at);
    account.remember_spent(&factor);
    account.accepted_fields.retain(|passed| passed.method != factor.id);
    account.epoch += 1;
    Ok(account)
}
