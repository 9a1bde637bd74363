//! Making, revoking and resealing app passwords.

use super::administer::Off;
use crate::app_password::{APP_PASSWORDS_MAX, AppPassword, Sealed};
use crate::decision::{Decision, Outcome, Settled};
use crate::proof::{Change, ProofRefusal, Stale, note_change};
use crate::{Account, Proof, Stage, Time};

/// Who makes an app password.
pub trait Maker {
    /// Why none may be made.
    type Refusal;

    /// Checks whether an app password may be made for an account. It is called before the mail server is asked, so that
    /// no other client can try passwords there, and again when the app password is stored. An account that is off has
    /// none: there the password is enough, and no unneeded secret is stored.
    ///
    /// # Errors
    /// The refusal.
    fn may_make(&self, account: &Account, now: Time) -> Result<(), Self::Refusal>;

    /// Records in the account that one was made.
    fn note(&self, account: &mut Account, now: Time);
}

/// An administrator makes it.
#[derive(Debug, Clone, Copy)]
pub struct Administrator;

/// The owner makes it, with the proof of a factor given for this.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a>(pub &'a Proof);

/// Why the owner may not make an app password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAllowed {
    /// The account is off.
    Off,
    /// The owner's proof is not valid for it.
    Proof(ProofRefusal),
}

impl Maker for Administrator {
    type Refusal = Off;

    fn may_make(&self, account: &Account, _: Time) -> Result<(), Off> {
        if account.stage == Stage::Off { Err(Off) } else { Ok(()) }
    }

    fn note(&self, _: &mut Account, _: Time) {}
}

impl Maker for Owner<'_> {
    type Refusal = NotAllowed;

    fn may_make(&self, account: &Account, now: Time) -> Result<(), NotAllowed> {
        Administrator.may_make(account, now).map_err(|Off| NotAllowed::Off)?;
        self.0.check_for(account, &Change::CreateAppPassword, now).map_err(NotAllowed::Proof)
    }

    fn note(&self, account: &mut Account, now: Time) {
        note_change(account, now);
    }
}

/// Why an app password is not stored; `R`: the refusal of its [`Maker`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MakeRefusal<R> {
    /// The account has changed since it was requested.
    Stale,
    /// None may be made.
    NotAllowed(R),
    /// The account has the maximum number of app passwords.
    Full,
    /// The account already has an app password with that id: draw again.
    SameId,
}

/// No app password has that id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoSuchAppPassword;

/// Why users may not revoke an app password of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevokeOwnRefusal {
    /// The proof of the sign-in is not valid.
    Stale,
    /// No app password has that id.
    NoSuchAppPassword,
}

/// A new app password.
pub struct Made {
    /// The new one.
    pub fresh: AppPassword,
    /// The account's epoch when it was requested: the mail server may take time to check the password.
    pub epoch: u64,
    /// The same password sealed to the other app passwords of the account, as in [`renew`].
    pub renewed: Vec<Sealed>,
}

/// Whether app passwords can be used for an account: it has some, or a mail server is available to check its password.
pub fn are_of_use(account: &Account, can_be_checked: bool) -> bool {
    !account.app_passwords.is_empty() || can_be_checked
}

/// An app password was made.
pub fn add<M: Maker>(it: &Settled<'_>, made: Made, by: &M) -> Decision<Result<(), MakeRefusal<M::Refusal>>> {
    let Made { fresh, epoch, renewed } = made;
    let mut account = it.account().clone();
    if account.stage != Stage::Off && account.epoch != epoch {
        return Decision::refused(MakeRefusal::Stale);
    }
    if let Err(refusal) = by.may_make(&account, it.now()) {
        return Decision::refused(MakeRefusal::NotAllowed(refusal));
    }
    if account.app_passwords.len() >= APP_PASSWORDS_MAX {
        return Decision::refused(MakeRefusal::Full);
    }
    if account.app_passwords.iter().any(|it| it.id == fresh.id) {
        return Decision::refused(MakeRefusal::SameId);
    }
    take_over(&mut account, renewed);
    account.app_passwords.push(fresh);
    by.note(&mut account, it.now());
    Decision::changed(Ok(()), account)
}

/// The administrator revokes an app password.
pub fn revoke(it: &Settled<'_>, id: &str) -> Decision<Result<(), NoSuchAppPassword>> {
    let mut account = it.account().clone();
    let Some(at) = account.app_passwords.iter().position(|it| it.id == id) else {
        return Decision::refused(NoSuchAppPassword);
    };
    account.app_passwords.remove(at);
    Decision::changed(Ok(()), account)
}

/// The owner revokes an app password. It requires only the sign-in: revoking must not require a phone that was lost.
pub fn revoke_own(it: &Settled<'_>, id: &str, proof: &Proof) -> Decision<Result<(), RevokeOwnRefusal>> {
    if let Err(Stale) = proof.check(it.account(), it.now()) {
        return Decision::refused(RevokeOwnRefusal::Stale);
    }
    revoke(it, id).map(|revoked| revoked.map_err(|NoSuchAppPassword| RevokeOwnRefusal::NoSuchAppPassword))
}

/// The mail server has accepted a password of the mailbox: it was sealed again to the key pair of each app password.
pub fn renew(it: &Settled<'_>, fresh: Vec<Sealed>) -> Decision<Outcome> {
    let mut account = it.account().clone();
    if take_over(&mut account, fresh) { Decision::done(account) } else { Decision::already() }
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

/// The mail server has refused the sealed password of an app password that a front had received: this one, made and
/// sealed at these times. Passwords that were sealed then or earlier are marked as outdated. They are the same password,
/// and are not tried again, since the mail server may lock the account after a few wrong ones.
pub fn outdate(it: &Settled<'_>, id: &str, (created, sealed): (Time, Time)) -> Decision<Outcome> {
    let mut account = it.account().clone();
    let is_it = |it: &AppPassword| it.id == id && it.created == created && it.sealed.at == sealed && !it.outdated;
    if !account.app_passwords.iter().any(is_it) {
        return Decision::already();
    }
    for it in account.app_passwords.iter_mut().filter(|it| it.sealed.at <= sealed) {
        it.outdated = true;
    }
    Decision::done(account)
}
