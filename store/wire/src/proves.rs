//! The changes for which a factor is requested.

use serde::{Deserialize, Serialize};

/// The change for which a factor is requested during a session: it adds or removes a credential.
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
    /// The contact address is set to this address.
    SetContact {
        /// As in [`crate::auth::Enrol::to`].
        to: String,
    },
    /// See [`crate::security::Change::RemoveMethod`].
    RemoveMethod {
        /// The method's id.
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
