//! Import of secrets from another program.

use super::methods::{Fresh, add};
use super::outcome::{already, refused};
use crate::backup::BackupCodes;
use crate::event::{Decision, Import, Verdict};
use crate::{Account, Kind, Refusal, Stage, Time};

/// Imports a secret. The account is protected at once, and its backup codes are the ones that the user has already,
/// since new ones could not be shown. Codes that may have been used at the other program count as used.
pub(super) fn import(mut account: Account, import: Import<'_>, now: Time) -> Decision {
    let Import { mut totp, spent, codes, beside, description, random } = import;
    // A step far in the future would refuse every code until then.
    if let Some(step) = spent.filter(|step| *step > totp.latest_step(now)) {
        return refused(Refusal::FutureStep(step));
    }
    totp.spend_before(now);
    spent.into_iter().for_each(|step| totp.spend(step));
    let kind = Kind::Totp(totp);
    if account.factors.iter().any(|factor| factor.kind.is_same(&kind)) {
        return already();
    }
    if account.stage == Stage::Protected && !beside {
        return refused(Refusal::Protected);
    }
    if account.stage == Stage::Off {
        account.clear(Stage::Enrolling);
    }
    let (held, salt) = (account.backup.take(), random.backup);
    let added = add(account, Fresh { kind, used: false, description }, random, now);
    match (added.verdict, added.next) {
        (Verdict::Added { method, .. }, Some(mut next)) => {
            next.backup = BackupCodes::take_over(held, salt, codes, now);
            Decision { verdict: Verdict::Added { method, backup_codes: None }, next: Some(next) }
        }
        (verdict, _) => Decision { verdict, next: None },
    }
}
