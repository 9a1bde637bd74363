//! What is pending on a user's Security page: one thing at a time, and not for long.

use super::challenge::Challenge;
use super::enrolment::Enrolment;
use postern_portal::{self as portal, MethodKind, paths};
use postern_wire::Secret;
use postern_wire::security::{Change, Proves};

/// See the module.
pub enum PendingAction {
    /// A code is asked for one change; that follows then.
    Proving {
        /// What is asked.
        challenge: Challenge,
        /// What it is for.
        then: AfterProof,
    },
    /// A method or a contact address is set up.
    Adding(Enrolment),
    /// The mail password is asked for: what was asked before it is proven.
    MakingAppPassword {
        /// For the daemon.
        proof: Secret,
    },
    /// New backup codes are on the screen.
    Codes(Vec<portal::Secret>),
    /// A new app password is on the screen.
    AppPassword(portal::NewAppPassword),
    /// The user has signed in with a backup code, and is shown how few are left.
    FewCodes(u32),
}

/// What follows once the user has brought a factor. It holds no secret.
#[derive(Debug, Clone)]
pub enum AfterProof {
    /// This is changed.
    Change(Change),
    /// A method of this kind is set up, or a contact address.
    Add {
        /// Which.
        kind: MethodKind,
        /// The number or address, where it was typed already.
        to: Option<String>,
    },
    /// The mail password is asked for, and an app password made.
    MakeAppPassword {
        /// What for.
        description: String,
    },
    /// The Security page is shown.
    Look,
}

impl AfterProof {
    /// The change that the daemon is told the factor is for; none: to see the account.
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

/// The name of a change, for when the daemon wants a factor for it.
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
    /// Where it shows what is shown once, if it does: until the user confirms that they have it.
    pub fn shown_once(&self) -> Option<&'static str> {
        match self {
            Self::Codes(_) => Some(paths::BACKUP_CODES),
            Self::AppPassword(_) => Some(paths::APP_PASSWORD),
            Self::Proving { .. } | Self::Adding(_) | Self::MakingAppPassword { .. } | Self::FewCodes(_) => None,
        }
    }

    /// What is asked for, where a code is.
    pub fn challenge(&mut self) -> Option<&mut Challenge> {
        match self {
            Self::Proving { challenge, .. } => Some(challenge),
            _ => None,
        }
    }

    /// What is set up, where something is.
    pub fn enrolment(&mut self) -> Option<&mut Enrolment> {
        match self {
            Self::Adding(enrolment) => Some(enrolment),
            _ => None,
        }
    }
}
