//! What people change of their own account, when they have signed in with a second factor.

use super::{already, cleared, done, refused, remove_factor};
use crate::backup::BackupCodes;
use crate::event::{Decision, Random, Refusal, Verdict};
use crate::{Account, Platform, Stage, Time, factor};

/// Languages that codes and notices come in.
const LANGUAGES: [&str; 2] = ["en", "fr"];

/// Whether the account is still as it was when the person signed in.
pub(super) fn is_current(account: &Account, epoch: u64) -> bool {
    account.stage == Stage::Protected && account.epoch == epoch
}

pub(super) fn rename(mut account: Account, id: &str, epoch: u64, description: &str) -> Decision {
    if !is_current(&account, epoch) {
        return refused(Refusal::Stale);
    }
    match account.factors.iter_mut().find(|factor| factor.id == id) {
        None => refused(Refusal::NoSuchFactor),
        Some(found) => {
            found.description = factor::description(description);
            done(account)
        }
    }
}

pub(super) fn remove(account: Account, platform: &Platform, id: &str, epoch: u64) -> Decision {
    if !is_current(&account, epoch) {
        return refused(Refusal::Stale);
    }
    let is_only = account.factors.len() == 1 && account.factors[0].id == id;
    if is_only && platform.policy.last_method_removable {
        return cleared(account, Stage::Off);
    }
    remove_factor(account, id)
}

/// What it comes to when a person removes one of their methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// The method goes, and others are left.
    Free,
    /// It is the only one: the second factor is off then.
    SwitchesOff,
    /// It stays: there is no other that opens the account, and the platform keeps it.
    Kept,
}

/// What it would come to if the person removed the factor `id` now, so that a page can say it beforehand.
#[must_use]
pub fn removal(account: &Account, platform: &Platform, id: &str) -> Removal {
    match remove(account.clone(), platform, id, account.epoch) {
        Decision { verdict: Verdict::Done, next: Some(next) } if next.stage == Stage::Off => Removal::SwitchesOff,
        Decision { verdict: Verdict::Done, next: Some(_) } => Removal::Free,
        _ => Removal::Kept,
    }
}

pub(super) fn make_backup_codes(mut account: Account, epoch: u64, random: Random, now: Time) -> Decision {
    if !is_current(&account, epoch) {
        return refused(Refusal::Stale);
    }
    let (backup, codes) = BackupCodes::make(random.backup, now);
    account.backup = Some(backup);
    Decision { verdict: Verdict::Codes(codes), next: Some(account) }
}

pub(super) fn delete_backup_codes(mut account: Account, epoch: u64) -> Decision {
    if !is_current(&account, epoch) {
        return refused(Refusal::Stale);
    }
    match account.backup.take() {
        None => already(),
        Some(_) => done(account),
    }
}

pub(super) fn remove_contact(mut account: Account, epoch: u64) -> Decision {
    if !is_current(&account, epoch) {
        return refused(Refusal::Stale);
    }
    match account.contact.take() {
        None => already(),
        Some(_) => done(account),
    }
}

pub(super) fn set_language(mut account: Account, language: &str) -> Decision {
    if !LANGUAGES.contains(&language) || account.language.as_deref() == Some(language) {
        return already();
    }
    account.language = Some(language.to_owned());
    done(account)
}
