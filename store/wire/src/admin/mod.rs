//! `org.postern.Admin`: the interface for the administrator. The interface file is [`DESCRIPTION`].
//!
//! A refusal is the error `org.postern.Admin.Refused` with a [`Refused`]: a text for the administrator (what, why, what
//! to do), and one word for programs.

mod accounts;
mod app_passwords;
mod audit;
mod daemon;
mod export;
mod methods;
mod platforms;
mod requests;

pub use accounts::{
    Account, Accounts, Action, Aliases, ChangeAccount, Changed, ListAccounts, Mailbox, Method, SUSPEND_HOURS,
    SetContact, State,
};
pub use app_passwords::{AppPassword, AppPasswordCreated, AppPasswords, CreateAppPassword, RevokeAppPassword};
pub use audit::{AuditEntries, AuditEntry, ReadAudit};
pub use daemon::{Finding, Findings, Key, Keys, Level, LogLevels, SetLog, Status};
pub use export::{ExportPiece, Imported};
pub use methods::{AddTotp, HeldTotp, ImportTotp, RemoveMethod, TotpAdded};
pub use platforms::{CreatePlatform, Platform, PlatformName, Platforms, SetPlatform, SwitchPlatform};
pub use requests::{DecideRequest, Decided, Request, Requests};

use serde::{Deserialize, Serialize};

/// The interface's name.
pub const INTERFACE: &str = "org.postern.Admin";
/// The interface file.
pub const DESCRIPTION: &str = include_str!("../org.postern.Admin.varlink");
/// The error for every refusal.
pub const REFUSED: &str = "org.postern.Admin.Refused";

/// Why the daemon refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// One word for programs: `unknown_mailbox`, `wrong_state`, …
    pub reason: String,
    /// One or two sentences for the administrator: what, why, what to do.
    pub message: String,
}

/// An empty parameter list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Empty {}
