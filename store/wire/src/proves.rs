//! For which change a factor is asked.

use serde::{Deserialize, Serialize};

/// What a factor is asked for inside a session: a change that gives or takes a way in, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Proves {
    /// A further method is set up.
    AddMethod {
        /// As in [`crate::auth::Enrol::kind`].
        kind: String,
        /// As in [`crate::auth::Enrol::to`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
    },
    /// Notices go to this address.
    SetContact {
        /// As in [`crate::auth::Enrol::to`].
        to: String,
    },
    /// See [`crate::security::Change::RemoveMethod`].
    RemoveMethod {
        /// Which.
        id: String,
    },
    /// See [`crate::security::Change::MakeBackupCodes`].
    MakeBackupCodes,
    /// See [`crate::security::Change::DeleteBackupCodes`].
    DeleteBackupCodes,
    /// See [`crate::security::Change::CreateAppPassword`].
    CreateAppPassword,
    /// See [`crate::security::Change::RemoveContact`].
    RemoveContact,
}
