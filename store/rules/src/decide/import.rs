//! Import of secrets from another program.

use super::methods::{Fresh, is_full, put};
use crate::backup::BackupCodes;
use crate::decision::{Decision, Random, Settled};
use crate::totp::Totp;
use crate::{Kind, Stage};

/// A secret that a user has already, with its data from another program.
pub struct Import<'a> {
    /// The secret.
    pub totp: Totp,
    /// Codes of this step and of earlier steps are used, by the data of the other program. Steps before the current one
    /// count as used in any case.
    pub spent: Option<u64>,
    /// Unused backup codes of the other program.
    pub codes: &'a [&'a str],
    /// Whether the secret is added to the factors of an account that is protected already.
    pub beside: bool,
    /// Its description.
    pub description: &'a str,
    /// For the factor's id and the hashes of the codes.
    pub random: Random,
}

/// The result of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    /// The secret was added.
    Added {
        /// The factor's id.
        method: String,
    },
    /// The account has it already.
    Already,
}

/// Why a secret is not imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportRefusal {
    /// A code of this step cannot have been used at another program: the step is in the future.
    FutureStep(u64),
    /// The account is protected already.
    Protected,
    /// The account has the maximum number of factors.
    Full,
}

/// Imports a secret. The account is protected at once, and its backup codes are the ones that the user has already,
/// since new ones could not be shown. Codes that may have been used at the other program count as used.
pub fn import(it: &Settled<'_>, import: Import<'_>) -> Decision<Result<Imported, ImportRefusal>> {
    let Import { mut totp, spent, codes, beside, description, random } = import;
    let (mut account, now) = (it.account().clone(), it.now());
    // A step far in the future would refuse every code until then.
    if let Some(step) = spent.filter(|step| *step > totp.latest_step(now)) {
        return Decision::refused(ImportRefusal::FutureStep(step));
    }
    totp.spend_before(now);
    spent.into_iter().for_each(|step| totp.spend(step));
    let kind = Kind::Totp(totp);
    if account.factors.iter().any(|factor| factor.kind.is_same(&kind)) {
        return Decision::unchanged(Ok(Imported::Already));
    }
    if account.stage == Stage::Protected && !beside {
        return Decision::refused(ImportRefusal::Protected);
    }
    if account.stage == Stage::Off {
        account.clear(Stage::Enrolling);
    }
    if is_full(&account) {
        return Decision::refused(ImportRefusal::Full);
    }
    let (held, salt) = (account.backup.take(), random.backup);
    let added = put(&mut account, Fresh { kind, used: false, description }, random, now);
    account.backup = BackupCodes::take_over(held, salt, codes, now);
    Decision::changed(Ok(Imported::Added { method: added.method }), account)
}
