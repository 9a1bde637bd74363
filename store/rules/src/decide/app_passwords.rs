//! Making, revoking and resealing app passwords.

use super::outcome::{already, done, refused};
use crate::app_password::{APP_PASSWORDS_MAX, AppPassword, Sealed};
use crate::event::Decision;
use crate::proof::{Change, note_change};
use crate::{Account, Proof, Refusal, Stage, Time};

/// Checks whether an app password may be made for an account: by an administrator, or, with a proof, by its owner. It
/// is called before the mail server is asked, so that no other client can try passwords there, and again when the app
/// password is stored. An account that is off has none: there the password is enough, and no unneeded secret is stored.
///
/// # Errors
/// [`Refusal::Off`]; or the refusal of [`Proof::check_for`].
pub fn may_be_made(account: &Account, proof: Option<&Proof>, now: Time) -> Result<(), Refusal> {
    if account.stage == Stage::Off {
        return Err(Refusal::Off);
    }
    proof.map_or(Ok(()), |proof| proof.check_for(account, &Change::CreateAppPassword, now))
}

/// Whether app passwords can be used for an account: it has some, or a mail server is available to check its password.
pub fn are_of_use(account: &Account, can_be_checked: bool) -> bool {
    !account.app_passwords.is_empty() || can_be_checked
}

pub(super) fn add(
    mut account: Account,
    fresh: AppPassword,
    (epoch, proof): (u64, Option<&Proof>),
    renewed: Vec<Sealed>,
    now: Time,
) -> Decision {
    if account.stage != Stage::Off && account.epoch != epoch {
        return refused(Refusal::Stale);
    }
    if let Err(refusal) = may_be_made(&account, proof, now) {
        return refused(refusal);
    }
    if account.app_passwords.len() >= APP_PASSWORDS_MAX {
        return refused(Refusal::Full);
    }
    if account.app_passwords.iter().any(|it| it.id == fresh.id) {
        return refused(Refusal::SameId);
    }
    take_over(&mut account, renewed);
    account.app_passwords.push(fresh);
    if proof.is_some() {
        note_change(&mut account, now);
    }
    done(account)
}

/// The owner needs only the sign-in: revoking must not require a phone that was lost.
pub(super) fn revoke(mut account: Account, id: &str, proof: Option<&Proof>, now: Time) -> Decision {
    if let Some(Err(refusal)) = proof.map(|proof| proof.check(&account, now)) {
        return refused(refusal);
    }
    let Some(at) = account.app_passwords.iter().position(|it| it.id == id) else {
        return refused(Refusal::NoSuchAppPassword);
    };
    account.app_passwords.remove(at);
    done(account)
}

pub(super) fn renew(mut account: Account, fresh: Vec<Sealed>) -> Decision {
    if take_over(&mut account, fresh) { done(account) } else { already() }
}

/// Replaces the sealed password of each app password by the one for its key; an app password without one is unchanged.
/// Returns whether any changed.
fn take_over(account: &mut Account, fresh: Vec<Sealed>) -> bool {
    let mut taken = false;
    for fresh in fresh {
        if let Some(it) = account.app_passwords.iter_mut().find(|it| it.sealed.key == fresh.key) {
            it.sealed = fresh;
            it.outdated = false;
            taken = true;
        }
    }
    taken
}

/// Marks passwords that were sealed at that time or earlier as outdated. They are the same password, and are not tried
/// again, since the mail server may lock the account after a few wrong ones.
pub(super) fn outdate(mut account: Account, id: &str, (created, sealed): (Time, Time)) -> Decision {
    let is_it = |it: &AppPassword| it.id == id && it.created == created && it.sealed.at == sealed && !it.outdated;
    if !account.app_passwords.iter().any(is_it) {
        return already();
    }
    for it in account.app_passwords.iter_mut().filter(|it| it.sealed.at <= sealed) {
        it.outdated = true;
    }
    done(account)
}
