//! What a person is in the midst of on their Security page: one thing at a time, and not for long.

use super::session::{Enrolment, Question};
use crate::portal::{self, MethodKind, paths};
use postern_wire::security::Change;

/// See the module.
pub enum Errand {
    /// A code is asked for again; what needs it is done then.
    Proving {
        /// What is asked.
        question: Question,
        /// What needs it.
        then: Then,
    },
    /// A method or a contact address is set up.
    Adding(Enrolment),
    /// New backup codes are on the screen.
    Codes(Vec<portal::Secret>),
    /// A new app password is on the screen.
    AppPassword(portal::NewAppPassword),
    /// The person has signed in with a backup code, and is told how few are left.
    FewCodes(u32),
}

/// What follows once the person has shown again that it is them. It holds no secret: who typed one types it again.
#[derive(Debug, Clone)]
pub enum Then {
    /// This is changed.
    Change(Change),
    /// A method of this kind is set up, or a contact address.
    Add {
        /// Which.
        kind: MethodKind,
        /// The number or address, where it was typed already.
        to: Option<String>,
    },
    /// A page is shown again, at this path.
    Page(String),
}

impl Errand {
    /// Where it shows what is shown once, if it does: until the person confirms that they have it.
    pub fn shown_once(&self) -> Option<&'static str> {
        match self {
            Self::Codes(_) => Some(paths::BACKUP_CODES),
            Self::AppPassword(_) => Some(paths::APP_PASSWORD),
            Self::Proving { .. } | Self::Adding(_) | Self::FewCodes(_) => None,
        }
    }

    /// What is asked for, where a code is.
    pub fn question(&mut self) -> Option<&mut Question> {
        match self {
            Self::Proving { question, .. } => Some(question),
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
