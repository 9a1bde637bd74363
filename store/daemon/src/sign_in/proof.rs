//! Proofs as a front keeps them: sealed, so that a front cannot create one. The rules define what a proof allows
//! ([`postern_rules::proof`]).

use crate::daemon::Daemon;
use postern_rules::contact::{Address, Number};
use postern_rules::proof::Change;
use postern_rules::{Account, KindName, Proof, Time};
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
    let unfit = || auth::Refusal::new(Reason::Unfit);
    Ok(match proves {
        Proves::AddMethod { kind, to } => adds(KindName::parse(kind).ok_or_else(unfit)?, to.as_deref())?,
        Proves::SetContact { to } => Change::SetContact(destination(KindName::Email, to)?),
        Proves::RemoveMethod { id } => Change::RemoveMethod(id.clone()),
        Proves::MakeBackupCodes => Change::MakeBackupCodes,
        Proves::DeleteBackupCodes => Change::DeleteBackupCodes,
        Proves::CreateAppPassword => Change::CreateAppPassword,
        Proves::RemoveContact => Change::RemoveContact,
    })
}

/// Returns the change that adds a method of this kind, whose codes are sent to `to`.
///
/// # Errors
/// [`Reason::Unfit`].
pub fn adds(kind: KindName, to: Option<&str>) -> Result<Change, auth::Refusal> {
    let to = match kind {
        KindName::Totp | KindName::Key => None,
        KindName::Sms | KindName::Email => Some(destination(kind, to.unwrap_or_default())?),
    };
    Ok(Change::AddMethod { kind, to })
}

/// Returns the canonical form of a number or an address.
///
/// # Errors
/// [`Reason::Unfit`]: it is invalid.
pub fn destination(kind: KindName, typed: &str) -> Result<String, auth::Refusal> {
    let read = match kind {
        KindName::Sms => Number::read(typed).map(|number| number.as_str().to_owned()),
        _ => Address::read(typed).map(|address| address.as_str().to_owned()),
    };
    read.ok_or(auth::Refusal::new(Reason::Unfit))
}
