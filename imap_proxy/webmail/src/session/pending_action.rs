//! The pending action of a user on the Security page: one at a time, and for a limited time.

use super::challenge::Challenge;
use super::enrolment::Enrolment;
use postern_portal::{self as portal, MethodKind, paths};
use postern_wire::Secret;
use postern_wire::security::{Change, Proves};

/// See the module.
pub enum PendingAction {
    /// Asks for a code for one change, which then follows.
    Proving {
        /// The pending challenge.
        challenge: Challenge,
        /// What the code is for.
        then: AfterProof,
    },
    /// Sets up a method or a contact address.
    Adding(Enrolment),
    /// Asks for the mail password, after the required factor was accepted.
    MakingAppPassword {
        /// The proof, for the daemon.
        proof: Secret,
    },
    /// New backup codes are shown.
    Codes(Vec<Secret>),
    /// A new app password is shown.
    AppPassword(portal::NewAppPassword),
    /// The user has signed in with a backup code, and is shown how few are left.
    FewCodes(u32),
}

/// What follows once the user has brought a factor. It contains no secret.
#[derive(Debug, Clone)]
pub enum AfterProof {
    /// Make this change.
    Change(Change),
    /// Set up a method of this kind, or a contact address.
    Add {
        /// The kind.
        kind: MethodKind,
        /// The number or address, if it was typed already.
        to: Option<String>,
    },
    /// Ask for the mail password, and create an app password.
    MakeAppPassword {
        /// Its description.
        description: String,
    },
    /// Show the Security page.
    Look,
}

impl AfterProof {
    /// The change for which the daemon is asked to accept the factor; none: only to view the account.
    pub fn proves(&self) -> Option<Proves> {
        match self {
            Self::Change(change) => of_change(change),
            Self::Add { kind: MethodKind::Contact, to } => Some(Proves::SetContact { to: to.clone()? }),
            Self::Add { kind, to } => Some(Proves::AddMethod { kind: kind.tag().to_owned(), to: to.clone() }),
            Self::MakeAppPassword { .. } => Some(Proves::CreateAppPassword),
            Self::Look => None,
        }
    }
}

/// The name of a change, for when the daemon requires a factor for it.
fn of_change(change: &Change) -> Option<Proves> {
    match change {
        Change::RemoveMethod { id } => Some(Proves::RemoveMethod { id: id.clone() }),
        Change::MakeBackupCodes => Some(Proves::MakeBackupCodes),
        Change::DeleteBackupCodes => Some(Proves::DeleteBackupCodes),
        Change::CreateAppPassword { .. } => Some(Proves::CreateAppPassword),
        Change::RemoveContact => Some(Proves::RemoveContact),
        Change::Rename { .. }
        | Change::RevokeAppPassword { .. }
        | Change::SetLanguage { .. }
        | Change::RevokeTrust { .. }
        | Change::RevokeOtherTrust => None,
    }
}

impl PendingAction {
    /// The page of data that is shown once, if the action shows any: it stays until the user confirms it.
    pub fn shown_once(&self) -> Option<&'static str> {
        match self {
            Self::Codes(_) => Some(paths::BACKUP_CODES),
            Self::AppPassword(_) => Some(paths::APP_PASSWORD),
            Self::Proving { .. } | Self::Adding(_) | Self::MakingAppPassword { .. } | Self::FewCodes(_) => None,
        }
    }

    /// The pending challenge, if there is one.
    pub fn challenge(&mut self) -> Option<&mut Challenge> {
        match self {
            Self::Proving { challenge, .. } => Some(challenge),
            _ => None,
        }
    }

    /// The set-up in progress, if there is one.
    pub fn enrolment(&mut self) -> Option<&mut Enrolment> {
        match self {
            Self::Adding(enrolment) => Some(enrolment),
            _ => None,
        }
    }
}
