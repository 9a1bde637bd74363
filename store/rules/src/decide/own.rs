//! Changes that users make to their own account. The requirements are in [`crate::proof`].

use super::administer::cleared;
use super::methods::{RemoveRefusal, without};
use crate::backup::{self, BackupCodes};
use crate::decision::{Decision, Outcome, Random, Settled};
use crate::proof::{Change, ProofRefusal, RewordRefusal, note_change, note_words};
use crate::{Account, Platform, Proof, Stage, factor};

/// Languages of codes and notices.
const LANGUAGES: [&str; 2] = ["en", "fr"];

/// Why a description is not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RenameRefusal {
    /// The account's owner may not change text now.
    Reword(RewordRefusal),
    /// No factor has that id.
    NoSuchFactor,
}

/// Why users may not remove a method of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemoveOwnRefusal {
    /// The proof is not valid for it.
    Proof(ProofRefusal),
    /// The method cannot be removed.
    Method(RemoveRefusal),
}

impl From<RewordRefusal> for RenameRefusal {
    fn from(why: RewordRefusal) -> Self {
        Self::Reword(why)
    }
}

impl From<ProofRefusal> for RemoveOwnRefusal {
    fn from(why: ProofRefusal) -> Self {
        Self::Proof(why)
    }
}

impl From<RemoveRefusal> for RemoveOwnRefusal {
    fn from(why: RemoveRefusal) -> Self {
        Self::Method(why)
    }
}

/// The user changes the description of a method.
pub fn rename(it: &Settled<'_>, id: &str, proof: &Proof, description: &str) -> Decision<Result<(), RenameRefusal>> {
    renamed(it, id, proof, description).into()
}

fn renamed(it: &Settled<'_>, id: &str, proof: &Proof, description: &str) -> Result<Decision<()>, RenameRefusal> {
    let mut account = it.account().clone();
    proof.check_words(&account, it.now())?;
    let found = account.factors.iter_mut().find(|factor| factor.id == id).ok_or(RenameRefusal::NoSuchFactor)?;
    found.description = factor::description(description);
    note_words(&mut account, it.now());
    Ok(Decision::changed((), account))
}

/// The user sets the language of codes and notices: `en` or `fr`; others change nothing.
pub fn set_language(it: &Settled<'_>, language: &str, proof: &Proof) -> Decision<Result<Outcome, RewordRefusal>> {
    let mut account = it.account().clone();
    if let Err(refusal) = proof.check_words(&account, it.now()) {
        return Decision::refused(refusal);
    }
    if !LANGUAGES.contains(&language) || account.language.as_deref() == Some(language) {
        return Decision::unchanged(Ok(Outcome::Already));
    }
    account.language = Some(language.to_owned());
    note_words(&mut account, it.now());
    Decision::changed(Ok(Outcome::Done), account)
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
        Ok(next) if next.stage == Stage::Off => Removal::SwitchesOff,
        Ok(_) => Removal::Free,
        Err(RemoveRefusal::NoSuchFactor | RemoveRefusal::OnlyFactor) => Removal::Kept,
    }
}

fn removed(account: Account, platform: &Platform, id: &str) -> Result<Account, RemoveRefusal> {
    let is_only = account.factors.len() == 1 && account.factors[0].id == id;
    if is_only && platform.policy.last_method_removable {
        return Ok(cleared(account, Stage::Off));
    }
    without(account, id)
}

/// Makes a change that requires a factor for itself, and uses up its proof. `change` returns the verdict and the
/// changed account; no account: there is nothing to change.
fn proven<T, R: From<ProofRefusal>>(
    it: &Settled<'_>,
    (proof, wanted): (&Proof, &Change),
    change: impl FnOnce(Account) -> Result<Decision<T>, R>,
) -> Decision<Result<T, R>> {
    if let Err(refusal) = proof.check_for(it.account(), wanted, it.now()) {
        return Decision::refused(refusal);
    }
    let mut decision = Decision::from(change(it.account().clone()));
    if let Some(account) = &mut decision.next {
        note_change(account, it.now());
    }
    decision
}

/// The user removes a method.
pub fn remove(it: &Settled<'_>, id: &str, proof: &Proof) -> Decision<Result<(), RemoveOwnRefusal>> {
    let change = Change::RemoveMethod(id.to_owned());
    proven(it, (proof, &change), |account| Ok(Decision::changed((), removed(account, it.platform(), id)?)))
}

/// The user makes a new set of backup codes.
pub fn make_backup_codes(
    it: &Settled<'_>,
    proof: &Proof,
    random: Random,
) -> Decision<Result<backup::Shown, ProofRefusal>> {
    proven(it, (proof, &Change::MakeBackupCodes), |account| {
        let (backup, codes) = BackupCodes::make(random.backup, it.now());
        Ok(Decision::changed(codes, Account { backup: Some(backup), ..account }))
    })
}

/// The user deletes the backup codes.
pub fn delete_backup_codes(it: &Settled<'_>, proof: &Proof) -> Decision<Result<Outcome, ProofRefusal>> {
    proven(it, (proof, &Change::DeleteBackupCodes), |mut account| {
        Ok(match account.backup.take() {
            None => Decision::already(),
            Some(_) => Decision::done(account),
        })
    })
}

/// The user removes the contact address.
pub fn remove_contact(it: &Settled<'_>, proof: &Proof) -> Decision<Result<Outcome, ProofRefusal>> {
    proven(it, (proof, &Change::RemoveContact), |mut account| {
        Ok(match account.contact.take() {
            None => Decision::already(),
            Some(_) => Decision::done(account),
        })
    })
}
