//! Setting up and removing methods.

use super::browsers;
use super::outcome::{done, refused};
use super::sent;
use crate::backup::BackupCodes;
use crate::browser::Known;
use crate::event::{By, Decision, Offered, Random, Verdict};
use crate::factor::{self, FACTORS_MAX, Factor, Kind};
use crate::sent::Purpose;
use crate::source::Source;
use crate::{Account, Channel, Platform, Refusal, Stage, Time, proof};

/// Sets up an offered method if the answer confirms it. A wrong code does not use up the proof.
pub(super) fn confirm(
    mut account: Account,
    platform: &Platform,
    by: By<'_>,
    offered: Offered<'_>,
    description: &str,
    random: Random,
    now: Time,
) -> Decision {
    let Some(change) = sent::offers(&account, &offered, now) else { return refused(Refusal::Stale) };
    if let Some(refusal) = sent::not_entitled(&account, platform, by, &change, now) {
        return refused(refusal);
    }
    // Users change their account at the webmail.
    let channel = if let By::Enrolment { channel, .. } = by { channel } else { Channel::Webmail };
    let kind = match offered {
        Offered::Totp { mut totp, code, window } => match totp.matching_step(code, now, window) {
            None => return refused(Refusal::Wrong { failures: 0 }),
            Some(step) => {
                totp.spend(step);
                account.note_code(channel, code);
                Kind::Totp(totp)
            }
        },
        Offered::Key(key) => Kind::Key(key),
        Offered::Sent { session, code } => {
            let Some(purpose) = account.outbox.purpose_of(&session, now).cloned() else {
                return refused(Refusal::Stale);
            };
            if !account.outbox.spend(&purpose, &session, code, now) {
                let verdict = Verdict::Refused(Refusal::Wrong { failures: 0 });
                return Decision { verdict, next: Some(account) };
            }
            account.note_code(channel, code);
            match purpose {
                Purpose::Method(kind) => kind,
                Purpose::Contact(address) => {
                    account.contact = Some(address);
                    return noted(done(account), by, now);
                }
                // These codes are for a sign-in.
                Purpose::Factor(_) | Purpose::SignIn(_) => return refused(Refusal::Stale),
            }
        }
    };
    if !platform.policy.methods.contains(&kind.name()) {
        return refused(Refusal::NotOffered);
    }
    noted(add(account, Fresh { kind, used: true, description }, random, now), by, now)
}

/// Makes the browser that has set up the first method known.
pub(super) fn with_browser(
    decision: Decision,
    platform: &Platform,
    by: By<'_>,
    source: Source<'_>,
    now: Time,
) -> Decision {
    let Decision { verdict, mut next } = decision;
    if let (By::Enrolment { channel, .. }, Verdict::Added { .. }, Some(account)) = (by, &verdict, &mut next) {
        browsers::note(account, platform, channel, (source, Known::Anywhere), now);
    }
    Decision { verdict, next }
}

/// Marks the proof as used if something was set up with it.
fn noted(decision: Decision, by: By<'_>, now: Time) -> Decision {
    let Decision { verdict, mut next } = decision;
    if let (By::Proof(_), Some(account)) = (by, &mut next) {
        proof::note_change(account, now);
    }
    Decision { verdict, next }
}

/// A factor to be added.
pub(super) struct Fresh<'a> {
    pub(super) kind: Kind,
    /// Whether it was just confirmed with a code.
    pub(super) used: bool,
    pub(super) description: &'a str,
}

/// Adds a factor; the first one protects the account and creates the backup codes.
pub(super) fn add(mut account: Account, fresh: Fresh<'_>, random: Random, now: Time) -> Decision {
    let Fresh { mut kind, used, description } = fresh;
    if account.stage == Stage::Off {
        return refused(Refusal::Off);
    }
    if account.factors.len() >= FACTORS_MAX {
        return refused(Refusal::Full);
    }
    if account.factors.iter().any(|factor| factor.kind.is_same(&kind)) {
        return refused(Refusal::SameSecret);
    }
    if let Kind::Totp(totp) = &mut kind
        && let Some(step) = account.spent_before(totp)
    {
        totp.spend(step);
    }
    let id = unused_id(&account, random.id);
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
    Decision { verdict: Verdict::Added { method: id, backup_codes }, next: Some(account) }
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

pub(super) fn remove_factor(mut account: Account, id: &str) -> Decision {
    let Some(at) = account.factors.iter().position(|factor| factor.id == id) else {
        return refused(Refusal::NoSuchFactor);
    };
    // A copied key admits no sign-in, so it does not count as a remaining factor.
    let is_copied = account.factors[at].is_copied();
    if !account.factors.iter().any(|other| other.id != id && (is_copied || !other.is_copied())) {
        return refused(Refusal::OnlyFactor);
    }
    // Sessions from it end too: it may be in an attacker's hands.
    let factor = account.factors.remove(at);
    account.remember_spent(&factor);
    account.accepted_fields.retain(|passed| passed.method != factor.id);
    account.epoch += 1;
    done(account)
}
