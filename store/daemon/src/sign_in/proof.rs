//! Proofs as a front keeps them: sealed, so that a front cannot create one. The rules define what a proof allows
//! ([`postern_rules::proof`]).

use crate::daemon::Daemon;
use postern_rules::factor::CONTACT;
use postern_rules::proof::Change;
use postern_rules::{Account, Proof, Time};
use postern_vault::RecordError;
use postern_vault::tickets;
use postern_wire::Secret;
use postern_wire::auth::{self, Reason};
use postern_wire::security::Proves;

const PURPOSE: &str = "proof";

/// Seals a proof.
///
/// # Errors
/// [`RecordError`].
pub fn seal(daemon: &Daemon, proof: &Proof) -> Result<Secret, RecordError> {
    tickets::seal(&daemon.records, PURPOSE, proof).map(Secret::from)
}

/// Creates a proof that the user has just presented a factor of this account, for this change or to sign in.
///
/// # Errors
/// [`RecordError`].
pub fn make(daemon: &Daemon, account: &Account, change: Option<Change>, now: Time) -> Result<Secret, RecordError> {
    seal(daemon, &Proof::of(account, change, now))
}

/// Opens a proof.
///
/// # Errors
/// [`Reason::Stale`].
pub fn open(daemon: &Daemon, shown: &Secret) -> Result<Proof, auth::Refusal> {
    tickets::open(&daemon.records, PURPOSE, shown.reveal()).ok_or(auth::Refusal::new(Reason::Stale))
}

/// Returns the change that a factor is requested for.
///
/// # Errors
/// [`Reason::Unfit`]: there is no such kind, number or address.
pub fn change(proves: &Proves) -> Result<Change, auth::Refusal> {
    Ok(match proves {
        Proves::AddMethod { kind, to } if kind != CONTACT => setting_up(kind, to.as_deref())?,
        Proves::AddMethod { .. } => return Err(auth::Refusal::new(Reason::Unfit)),
        Proves::SetContact { to } => setting_up(CONTACT, Some(to))?,
        Proves::RemoveMethod { id } => Change::RemoveMethod(id.clone()),
        Proves::MakeBackupCodes => Change::MakeBackupCodes,
        Proves::DeleteBackupCodes => Change::DeleteBackupCodes,
        Proves::CreateAppPassword => Change::CreateAppPassword,
        Proves::RemoveContact => Change::RemoveContact,
    })
}

/// Returns the change that is made by setting this up.
///
/// # Errors
/// [`Reason::Unfit`], as [`change`].
pub fn setting_up(kind: &str, to: Option<&str>) -> Result<Change, auth::Refusal> {
    Change::setting_up(kind, to).ok_or(auth::Refusal::new(Reason::Unfit))
}
