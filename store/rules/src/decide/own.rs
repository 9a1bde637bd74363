//! Changes that users make to their own account. The requirements are in [`crate::proof`].

use super::administer::cleared;
use super::methods::remove_factor;
use super::outcome::{already, done, refused};
use crate::backup::BackupCodes;
use crate::event::{Decision, Random, Verdict};
use crate::proof::{Change, may_reword, note_change, note_words};
use crate::{Account, Platform, Proof, Refusal, Stage, Time, factor};

/// Languages of codes and notices.
const LANGUAGES: [&str; 2] = ["en", "fr"];

/// A change of text: it requires a sign-in, and counts for the daily limit on changes of text.
fn reworded(
    account: Account,
    proof: &Proof,
    now: Time,
    change: impl FnOnce(Account) -> Decision,
) -> Result<Decision, Refusal> {
    proof.check(&account, now)?;
    may_reword(&account, now)?;
    let mut decision = change(account);
    if let Some(account) = &mut decision.next {
        note_words(account, now);
    }
    Ok(decision)
}

/// A change that requires a factor for itself and uses up its proof.
fn proven(
    account: Account,
    (proof, wanted): (&Proof, &Change),
    now: Time,
    change: impl FnOnce(Account) -> Decision,
) -> Result<Decision, Refusal> {
    proof.check_for(&account, wanted, now)?;
    let mut decision = change(account);
    if let Some(account) = &mut decision.next {
        note_change(account, now);
    }
    Ok(decision)
}

fn or_refused(decision: Result<Decision, Refusal>) -> Decision {
    decision.unwrap_or_else(refused)
}

pub(super) fn rename(account: Account, id: &str, proof: &Proof, description: &str, now: Time) -> Decision {
    let rename = |mut account: Account| match account.factors.iter_mut().find(|factor| factor.id == id) {
        None => refused(Refusal::NoSuchFactor),
        Some(found) => {
            found.description = factor::description(description);
            done(account)
        }
    };
    or_refused(reworded(account, proof, now, rename))
}

pub(super) fn set_language(account: Account, language: &str, proof: &Proof, now: Time) -> Decision {
    let set = |account: Account| {
        if !LANGUAGES.contains(&language) || account.language.as_deref() == Some(language) {
            return already();
        }
        done(Account { language: Some(language.to_owned()), ..account })
    };
    or_refused(reworded(account, proof, now, set))
}

/// The result of a user's removal of one of their methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// The method is removed, and others are left.
    Free,
    /// It is the only one: the second factor is switched off.
    SwitchesOff,
    /// It is kept: it is the only usable one, and the platform forbids its removal.
    Kept,
}

/// The result if the user removed the factor `id` now, for display before the removal.
#[must_use]
pub fn removal(account: &Account, platform: &Platform, id: &str) -> Removal {
    match removed(account.clone(), platform, id) {
        Decision { verdict: Verdict::Done, next: Some(next) } if next.stage == Stage::Off => Removal::SwitchesOff,
        Decision { verdict: Verdict::Done, next: Some(_) } => Removal::Free,
        _ => Removal::Kept,
    }
}

fn removed(account: Account, platform: &Platform, id: &str) -> Decision {
    let is_only = account.factors.len() == 1 && account.factors[0].id == id;
    if is_only && platform.policy.last_method_removable {
        return cleared(account, Stage::Off);
    }
    remove_factor(account, id)
}

pub(super) fn remove(account: Account, platform: &Platform, id: &str, proof: &Proof, now: Time) -> Decision {
    let change = Change::RemoveMethod(id.to_owned());
    or_refused(proven(account, (proof, &change), now, |account| removed(account, platform, id)))
}

pub(super) fn make_backup_codes(account: Account, proof: &Proof, random: Random, now: Time) -> Decision {
    let make = |mut account: Account| {
        let (backup, codes) = BackupCodes::make(random.backup, now);
        account.backup = Some(backup);
        Decision { verdict: Verdict::Codes(codes), next: Some(account) }
    };
    or_refused(proven(account, (proof, &Change::MakeBackupCodes), now, make))
}

pub(super) fn delete_backup_codes(account: Account, proof: &Proof, now: Time) -> Decision {
    let delete = |mut account: Account| match account.backup.take() {
        None => already(),
        Some(_) => done(account),
    };
    or_refused(proven(account, (proof, &Change::DeleteBackupCodes), now, delete))
}

pub(super) fn remove_contact(account: Account, proof: &Proof, now: Time) -> Decision {
    let remove = |mut account: Account| match account.contact.take() {
        None => already(),
        Some(_) => done(account),
    };
    or_refused(proven(account, (proof, &Change::RemoveContact), now, remove))
}
