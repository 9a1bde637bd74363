//! `org.postern.Admin`: the interface for the administrator. The interface file is [`DESCRIPTION`].
//!
//! A refusal is the error `org.postern.Admin.Refused` with a [`Refused`]: a text for the administrator (what, why, what
//! to do), and one word for programs.

use crate::Secret;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The interface's name.
pub const INTERFACE: &str = "org.postern.Admin";
/// The interface file.
pub const DESCRIPTION: &str = include_str!("org.postern.Admin.varlink");
/// The error for every refusal.
pub const REFUSED: &str = "org.postern.Admin.Refused";
/// Hours that a suspension may last.
pub const SUSPEND_HOURS: std::ops::RangeInclusive<i64> = 1..=720;

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

/// Parameters of `SetLog`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetLog {
    /// Such as `debug`, or `warn,signin=debug`.
    pub levels: String,
}

/// The reply of the methods about the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLevels {
    /// The filter in effect, such as `info,sled=warn`.
    pub levels: String,
    /// The configured filter, which is in effect after a start.
    pub at_start: String,
}

/// The reply to `Status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// posternd's version.
    pub version: String,
    /// `sled` or `memory`.
    pub engine: String,
    /// The directory of the store.
    pub path: String,
    /// Empty if the store works; otherwise the problem and what to do.
    pub trouble: String,
    /// The id of the master key that seals new records.
    pub key_id: u32,
    /// When the daemon started, RFC 3339.
    pub started: String,
    /// Seconds since then on the monotonic clock.
    pub uptime: u64,
    /// The number of accounts in each state.
    pub accounts: BTreeMap<String, u64>,
    /// The platforms.
    pub platforms: Vec<Platform>,
    /// When the newest automatic export was made, RFC 3339.
    pub last_export: Option<String>,
}

/// One finding of `Check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Its severity.
    pub level: Level,
    /// The object of the check.
    pub subject: String,
    /// The result, and what to do if something is to be done.
    pub message: String,
}

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, but may not be intended.
    Warning,
    /// It does not work, or allows to bypass the second factor.
    Failure,
}

/// The reply to `Check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// In the order of the checks.
    pub findings: Vec<Finding>,
}

/// A platform: a set of domains with one switch and one policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    /// Its name.
    pub name: String,
    /// The domains whose mailboxes belong to it, in ASCII (A-labels).
    pub domains: Vec<String>,
    /// NetBIOS names for the part before the backslash in `DOMAIN\user`.
    pub netbios: Vec<String>,
    /// The switch. If off, no account is asked for a code, and every account keeps its state.
    pub enabled: bool,
    /// The keys of `platform set`, with their values.
    pub settings: BTreeMap<String, String>,
    /// The number of its accounts.
    pub accounts: u64,
}

/// Parameters with the name of a platform.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlatformName {
    /// Its name.
    pub name: String,
}

/// Parameters of `CreatePlatform`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreatePlatform {
    /// 1 to 64 letters, digits, `-`, `_`, `.`.
    pub name: String,
    /// At least one.
    pub domains: Vec<String>,
    /// May be empty.
    #[serde(default)]
    pub netbios: Vec<String>,
}

/// Parameters of `SetPlatform`: one key of the policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetPlatform {
    /// The platform.
    pub name: String,
    /// Such as `unlisted`.
    pub key: String,
    /// Such as `refuse`.
    pub value: String,
}

/// Parameters of `SwitchPlatform`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SwitchPlatform {
    /// The platform.
    pub name: String,
    /// On or off.
    pub enabled: bool,
}

/// The reply to `ListPlatforms`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platforms {
    /// In the order of their names.
    pub platforms: Vec<Platform>,
}

/// An account, as reported to the administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// `local@domain`, canonical.
    pub mailbox: String,
    /// Its platform's name.
    pub platform: String,
    /// Its current state.
    pub state: State,
    /// When a suspension or a lock ends, RFC 3339; `None` for a lock that only an administrator ends.
    pub until: Option<String>,
    /// Its methods.
    pub methods: Vec<Method>,
    /// Aliases of the mailbox.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The number of unused backup codes.
    #[serde(default)]
    pub backup_codes_left: u32,
    /// Wrong codes in a row, by channel.
    #[serde(default)]
    pub failures: BTreeMap<String, u32>,
    /// The address for notices, and for a code when the sign-in to an account that is off is unusual.
    #[serde(default)]
    pub contact: Option<String>,
    /// The number of known browsers that have signed in at the webmail.
    #[serde(default)]
    pub browsers: u32,
}

/// The state of an account at a point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// No second factor is required.
    Off,
    /// The next webmail sign-in shows a QR code.
    Enrolling,
    /// A second factor is required.
    Protected,
    /// No second factor is required until a given time.
    Suspended,
    /// Too many wrong codes at some channel.
    Locked,
}

impl State {
    /// Every state, in the order in which they are listed.
    pub const ALL: [Self; 5] = [Self::Off, Self::Enrolling, Self::Protected, Self::Suspended, Self::Locked];
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Off => "off",
            Self::Enrolling => "enrolling",
            Self::Protected => "protected",
            Self::Suspended => "suspended",
            Self::Locked => "locked",
        })
    }
}

/// A method, as reported to the administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    /// Its id, for `RemoveMethod`.
    pub id: String,
    /// `totp`, or another kind.
    pub kind: String,
    /// The user's description.
    pub description: String,
    /// When it was made, RFC 3339.
    pub created: String,
    /// When it was last used, RFC 3339; `None`: never.
    pub last_used: Option<String>,
    /// A security key that was copied: it is refused until it is removed.
    #[serde(default)]
    pub copied: bool,
}

/// Parameters with a mailbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Mailbox {
    /// As the administrator typed it; the daemon canonicalizes it.
    pub mailbox: String,
}

/// Parameters of `ListAccounts`; called with `more`, it returns [`Accounts`] in pieces.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ListAccounts {
    /// Only accounts of this platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Only accounts in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
}

/// A piece of the reply to `ListAccounts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounts {
    /// In the order of their mailboxes.
    pub accounts: Vec<Account>,
}

/// An action on an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Lists a mailbox without a second factor; a listed one is unchanged.
    Add,
    /// Off → Enrolling; creates the account if there is none.
    Enable,
    /// No code is required for a number of hours.
    Suspend,
    /// Ends a suspension.
    Resume,
    /// Removes all factors; the next webmail sign-in shows a QR code.
    Reset,
    /// Removes all secrets → Off.
    Remove,
    /// Ends a lock.
    Unlock,
}

/// Parameters of `ChangeAccount`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChangeAccount {
    /// As the administrator typed it.
    pub mailbox: String,
    /// The action.
    pub action: Action,
    /// For [`Action::Suspend`]: the hours, within [`SUSPEND_HOURS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<i64>,
    /// Only report the result, without a change.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// For [`Action::Enable`]: make a code that is required before the first method is set up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enrolment_code: bool,
}

/// The reply to `ChangeAccount`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The state before; `None` if there was no account.
    pub before: Option<State>,
    /// The account after the change.
    pub after: Account,
    /// False if there was nothing to change.
    pub changed: bool,
    /// The enrolment code, which the user types before the first method is set up; it is returned only here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment_code: Option<Secret>,
}

/// Parameters of `AddAliases` and `RemoveAliases`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Aliases {
    /// The mailbox.
    pub mailbox: String,
    /// Its aliases.
    pub aliases: Vec<String>,
}

/// Parameters of `SetContact`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetContact {
    /// The mailbox; the account need not exist yet.
    pub mailbox: String,
    /// An e-mail address outside the mailbox; `None`: the address is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// Parameters of `AddTotp`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AddTotp {
    /// The mailbox.
    pub mailbox: String,
    /// Base32, 80 bits or more; `None`: a secret of 160 bits is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// May be empty.
    #[serde(default)]
    pub description: String,
    /// `SHA1` (default), `SHA256`, `SHA512`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// 6 (default) to 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<u32>,
    /// Seconds, 15 to 300; 30 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<u64>,
}

/// The reply to `AddTotp`; the secret is returned only here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotpAdded {
    /// The method's id.
    pub id: String,
    /// Base32 without padding.
    pub secret: Secret,
    /// `otpauth://…`.
    pub uri: Secret,
    /// Backup codes, if it was the first method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_codes: Option<Vec<Secret>>,
}

/// Parameters of `ImportTotp`: a secret that a user has already, with its data from another program. The account is
/// created if there is none, and is protected at once; the reply is [`Changed`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ImportTotp {
    /// The mailbox.
    pub mailbox: String,
    /// Base32, 80 bits or more.
    pub secret: Secret,
    /// May be empty.
    #[serde(default)]
    pub description: String,
    /// 6 (default) to 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<u32>,
    /// Seconds, 15 to 300; 30 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<u64>,
    /// A code of this step (RFC 6238: seconds since 1970 by the period) or an earlier one was used. Codes of steps
    /// before the current one count as used in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent_step: Option<u64>,
    /// Unused backup codes of the other program, of eight digits each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backup_codes: Vec<Secret>,
    /// Also if the account is protected already: the secret is added to its methods.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub beside: bool,
    /// Only report the result, without a change.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// With `dry_run`: secrets that would have been imported for this mailbox before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<HeldTotp>,
}

/// A secret that a user has already, as in [`ImportTotp`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct HeldTotp {
    /// Base32, 80 bits or more.
    pub secret: Secret,
    /// 6 (default) to 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<u32>,
    /// Seconds, 15 to 300; 30 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<u64>,
}

/// Parameters of `RemoveMethod`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveMethod {
    /// The mailbox.
    pub mailbox: String,
    /// The method's id.
    pub id: String,
}

/// An app password, as reported to the administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppPassword {
    /// Unique in its account, and its first five letters.
    pub id: String,
    /// The user's description.
    pub description: String,
    /// When it was made, RFC 3339.
    pub created: String,
    /// From when on it is refused, RFC 3339.
    #[serde(default)]
    pub expires: Option<String>,
    /// The networks from which it is accepted, in CIDR notation; empty: from anywhere.
    #[serde(default)]
    pub networks: Vec<String>,
    /// When it was last used, RFC 3339.
    #[serde(default)]
    pub last_used: Option<String>,
    /// The client's address at that time.
    #[serde(default)]
    pub last_address: Option<String>,
    /// The client's description of itself.
    #[serde(default)]
    pub last_client: Option<String>,
    /// The mailbox's password has changed: it works again after the next sign-in to the webmail.
    #[serde(default)]
    pub outdated: bool,
}

/// The reply to `ListAppPasswords` and `RevokeAppPassword`: the remaining app passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppPasswords {
    /// The canonical mailbox.
    pub mailbox: String,
    /// In the order in which they were made.
    pub app_passwords: Vec<AppPassword>,
}

/// Parameters of `CreateAppPassword`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateAppPassword {
    /// The mailbox.
    pub mailbox: String,
    /// Its password, which the mail server checks.
    pub password: Secret,
    /// The mail server does not check it: the administrator vouches for the password. For hosts without an IMAP front.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unchecked: bool,
    /// The user's description.
    #[serde(default)]
    pub description: String,
    /// From when on it is refused, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// The networks from which it is accepted, in CIDR notation; empty: from anywhere.
    #[serde(default)]
    pub networks: Vec<String>,
}

/// The reply to `CreateAppPassword`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppPasswordCreated {
    /// Its id.
    pub id: String,
    /// The app password to enter in the mail app; it is returned only here.
    pub app_password: Secret,
}

/// Parameters of `RevokeAppPassword`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RevokeAppPassword {
    /// The mailbox.
    pub mailbox: String,
    /// The app password's id.
    pub id: String,
}

/// The reply to `ListKeys` and `RotateKey`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// The id of the master key that seals new records.
    pub active: u32,
    /// All keys, the oldest first.
    pub keys: Vec<Key>,
}

/// A master key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Its id.
    pub id: u32,
    /// The number of records that are sealed under it.
    pub records: u64,
}

/// An undecided request for a reset. Its texts are untrusted input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The canonical mailbox.
    pub mailbox: String,
    /// When it was opened, RFC 3339.
    pub opened: String,
    /// When it may be approved, RFC 3339.
    pub ready: String,
    /// The client's address.
    #[serde(default)]
    pub address: Option<String>,
    /// How the user can be reached.
    pub contact: String,
    /// The reason for the request.
    pub reason: String,
    /// The evidence that the requester is the owner.
    pub evidence: String,
}

/// The reply to `ShowRequest`, and, called with `more`, to `ListRequests`, in pieces and without reason and evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// In the order of the mailboxes.
    pub requests: Vec<Request>,
}

/// The reply to `DecideRequest`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// The canonical mailbox.
    pub mailbox: String,
    /// After an approval: the enrolment code, which the user types before the first method is set up; it is returned
    /// only here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment_code: Option<Secret>,
}

/// Parameters of `DecideRequest`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DecideRequest {
    /// The mailbox.
    pub mailbox: String,
    /// True: reset the account; false: leave it unchanged. The request is removed in both cases.
    pub approve: bool,
}

/// Parameters of `ReadAudit`; called with `more`, it returns [`AuditEntries`] in pieces.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ReadAudit {
    /// Only entries about this mailbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<String>,
    /// Only entries from this time on, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// A piece of the audit log, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntries {
    /// In the order in which they were written.
    pub entries: Vec<AuditEntry>,
}

/// One entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// RFC 3339.
    pub time: String,
    /// `uid 0 (root)`, a front's channel, or `posternd` for automatic actions.
    pub actor: String,
    /// The action: `enable`, `answer`, …
    pub action: String,
    /// The mailbox; `None` for platforms.
    pub mailbox: Option<String>,
    /// The client's address, if there is one.
    pub address: Option<String>,
    /// The state before.
    pub before: Option<State>,
    /// The state after.
    pub after: Option<State>,
    /// `done`, `accepted`, or the reason of a refusal.
    pub outcome: String,
    /// Details: the method, the hours, the alias, …
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// A piece of an export (`Export`, called with `more`), or of an import (`Import`, called once for each piece).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportPiece {
    /// Whole lines of the export's text.
    pub lines: String,
    /// Import only: this was the last piece. Check all of it and import it atomically.
    #[serde(default)]
    pub last: bool,
}

/// The reply to `Import`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The number of imported records; 0 until the last piece.
    pub records: u64,
}
