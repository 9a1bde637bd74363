//! `org.postern.Admin`: what the administrator may say. The interface file is [`DESCRIPTION`].
//!
//! A refusal is the error `org.postern.Admin.Refused` with a [`Refused`]: what, why, what to do, in one text for
//! people and one word for programs.

use crate::Secret;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The interface's name.
pub const INTERFACE: &str = "org.postern.Admin";
/// The interface file.
pub const DESCRIPTION: &str = include_str!("org.postern.Admin.varlink");
/// The error with which everything is refused that can be refused.
pub const REFUSED: &str = "org.postern.Admin.Refused";
/// Hours that a suspension may last.
pub const SUSPEND_HOURS: std::ops::RangeInclusive<i64> = 1..=720;

/// Why the daemon did not do it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// One word for programs: `unknown_mailbox`, `wrong_state`, …
    pub reason: String,
    /// A sentence or two for people: what, why, what to do.
    pub message: String,
}

/// A parameter list without parameters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Empty {}

/// Parameters of `SetLog`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetLog {
    /// Such as `debug`, or `warn,signin=debug`.
    pub levels: String,
}

/// The reply to what is about the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLevels {
    /// In force, such as `info,sled=warn`.
    pub levels: String,
    /// What the daemon started with, and starts with again.
    pub at_start: String,
}

/// The reply to `Status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// posternd's version.
    pub version: String,
    /// `sled` or `memory`.
    pub engine: String,
    /// Where the store lies.
    pub path: String,
    /// Empty when the store answers; else what is wrong with it and what to do.
    pub trouble: String,
    /// The id of the master key that seals new records.
    pub key_id: u32,
    /// When the daemon started, RFC 3339.
    pub started: String,
    /// Seconds since then on the monotonic clock.
    pub uptime: u64,
    /// How many accounts are in each state.
    pub accounts: BTreeMap<String, u64>,
    /// The platforms.
    pub platforms: Vec<Platform>,
    /// When the newest automatic export was made, RFC 3339.
    pub last_export: Option<String>,
}

/// One finding of `Check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was looked at.
    pub subject: String,
    /// What was found, and what to do where there is something to do.
    pub message: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Works, but may not be what was meant.
    Warning,
    /// Does not work, or leads around the second factor.
    Failure,
}

/// The reply to `Check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// In the order in which they were looked at.
    pub findings: Vec<Finding>,
}

/// A platform: a set of domains with one switch and one policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    /// Its name.
    pub name: String,
    /// The domains whose mailboxes belong to it, in ASCII (A-labels).
    pub domains: Vec<String>,
    /// NetBIOS names that stand before the backslash in `DOMAIN\user`.
    pub netbios: Vec<String>,
    /// The switch. Off: no account is asked for a code, every account keeps its state.
    pub enabled: bool,
    /// The keys of `platform set`, with their values.
    pub settings: BTreeMap<String, String>,
    /// How many accounts it has.
    pub accounts: u64,
}

/// Names a platform.
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

/// An account as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// `local@domain`, canonical.
    pub mailbox: String,
    /// Its platform's name.
    pub platform: String,
    /// What it is at this moment.
    pub state: State,
    /// When a suspension or a lock ends, RFC 3339; none for a lock that needs an administrator.
    pub until: Option<String>,
    /// Its methods.
    pub methods: Vec<Method>,
    /// Other names of the same mailbox.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Unused backup codes.
    #[serde(default)]
    pub backup_codes_left: u32,
    /// Wrong codes in a row, by channel.
    #[serde(default)]
    pub failures: BTreeMap<String, u32>,
    /// Where notices go, and a code when the sign-in to an account that is off looks unusual.
    #[serde(default)]
    pub contact: Option<String>,
    /// How many browsers are known that have signed in at the webmail.
    #[serde(default)]
    pub browsers: u32,
}

/// What an account is at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// No second factor is asked.
    Off,
    /// The next webmail sign-in shows a QR code.
    Enrolling,
    /// A second factor is asked.
    Protected,
    /// Not asked until a given time.
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

/// A method as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    /// For `RemoveMethod`.
    pub id: String,
    /// `totp`, or one to come.
    pub kind: String,
    /// The person's own words.
    pub description: String,
    /// RFC 3339.
    pub created: String,
    /// RFC 3339; none: never.
    pub last_used: Option<String>,
    /// A security key of which there is a copy: it is refused until it is removed.
    #[serde(default)]
    pub copied: bool,
}

/// Names a mailbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Mailbox {
    /// As the administrator typed it; the daemon canonicalises it.
    pub mailbox: String,
}

/// Parameters of `ListAccounts`; called with `more`, it returns [`Accounts`] in pieces.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ListAccounts {
    /// Only of this platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Only in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
}

/// A piece of the reply to `ListAccounts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounts {
    /// In the order of their mailboxes.
    pub accounts: Vec<Account>,
}

/// What can be done to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Lists a mailbox without a second factor; changes nothing of one that is listed.
    Add,
    /// Off → Enrolling; creates the account where there is none.
    Enable,
    /// No code for a number of hours; it returns by itself.
    Suspend,
    /// Ends a suspension.
    Resume,
    /// All factors gone, the next webmail sign-in shows a QR code.
    Reset,
    /// All secrets gone, Off.
    Remove,
    /// Ends a lock.
    Unlock,
}

/// Parameters of `ChangeAccount`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChangeAccount {
    /// As the administrator typed it.
    pub mailbox: String,
    /// What to do.
    pub action: Action,
    /// For [`Action::Suspend`]: within [`SUSPEND_HOURS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<i64>,
    /// Only say what would come of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// For [`Action::Enable`]: make a code that has to be typed before the first method is set up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enrolment_code: bool,
}

/// The reply to `ChangeAccount`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The state before; none where there was no account.
    pub before: Option<State>,
    /// The account after it.
    pub after: Account,
    /// False where it was so already.
    pub changed: bool,
    /// What the person types before the first method is set up; it is shown this once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment_code: Option<Secret>,
}

/// Parameters of `AddAliases` and `RemoveAliases`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Aliases {
    /// The mailbox that they mean.
    pub mailbox: String,
    /// Other names of it.
    pub aliases: Vec<String>,
}

/// Parameters of `SetContact`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetContact {
    /// The mailbox; it needs no account yet.
    pub mailbox: String,
    /// An e-mail address outside the mailbox; none: there is none any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// Parameters of `AddTotp`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AddTotp {
    /// The mailbox.
    pub mailbox: String,
    /// Base32, 80 bits or more; none makes one of 160 bits.
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

/// The reply to `AddTotp`: shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotpAdded {
    /// The method's id.
    pub id: String,
    /// Base32 without padding.
    pub secret: Secret,
    /// `otpauth://…`.
    pub uri: Secret,
    /// When it was the first method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_codes: Option<Vec<Secret>>,
}

/// Parameters of `ImportTotp`: a secret that a person holds already, and what another program knows of it. The account is
/// made where there is none, and protected at once; the reply is [`Changed`].
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
    /// A code of this step (RFC 6238: seconds since 1970 by the period) or an earlier one was used. Those of steps before
    /// the present one count as used whatever this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent_step: Option<u64>,
    /// Unused codes for emergencies, of eight digits each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backup_codes: Vec<Secret>,
    /// Also where the account is protected already: beside what it has.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub beside: bool,
    /// Only say what would come of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// With `dry_run`: what would have been taken over for this mailbox before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<HeldTotp>,
}

/// A secret that a person holds already, as in [`ImportTotp`].
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

/// An app password as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppPassword {
    /// Unique in its account, and its first five letters.
    pub id: String,
    /// The person's own words.
    pub description: String,
    /// RFC 3339.
    pub created: String,
    /// From when on it is refused, RFC 3339.
    #[serde(default)]
    pub expires: Option<String>,
    /// From where it is taken, in CIDR notation; empty: from anywhere.
    #[serde(default)]
    pub networks: Vec<String>,
    /// When it was last used, RFC 3339.
    #[serde(default)]
    pub last_used: Option<String>,
    /// From where.
    #[serde(default)]
    pub last_address: Option<String>,
    /// What the client said of itself.
    #[serde(default)]
    pub last_client: Option<String>,
    /// The mailbox's password has changed: it works again after the next sign-in to the webmail.
    #[serde(default)]
    pub outdated: bool,
}

/// The reply to `ListAppPasswords` and `RevokeAppPassword`: the ones that are left.
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
    /// Its password, which the mail server is asked about.
    pub password: Secret,
    /// The mail server is not asked: the administrator answers for the password. For hosts without an IMAP front.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unchecked: bool,
    /// The person's own words.
    #[serde(default)]
    pub description: String,
    /// From when on it is refused, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// From where it is taken, in CIDR notation; none: from anywhere.
    #[serde(default)]
    pub networks: Vec<String>,
}

/// The reply to `CreateAppPassword`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppPasswordCreated {
    /// Its id.
    pub id: String,
    /// What goes into the mail app; it is shown this once.
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
    /// The id of the master key that seals.
    pub active: u32,
    /// All of them, the oldest first.
    pub keys: Vec<Key>,
}

/// A master key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Its id.
    pub id: u32,
    /// How many records are sealed under it.
    pub records: u64,
}

/// A request for a reset that nobody has decided about. What the person wrote is a stranger's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The canonical mailbox.
    pub mailbox: String,
    /// When it was opened, RFC 3339.
    pub opened: String,
    /// From when on it may be approved, RFC 3339.
    pub ready: String,
    /// From where.
    #[serde(default)]
    pub address: Option<String>,
    /// How the person can be reached.
    pub contact: String,
    /// What happened.
    pub reason: String,
    /// What is to prove that it is the owner.
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
    /// After an approval: what the person types before the first method is set up; it is shown this once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment_code: Option<Secret>,
}

/// Parameters of `DecideRequest`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DecideRequest {
    /// The mailbox.
    pub mailbox: String,
    /// Reset the account; else leave it as it is. The request is gone either way.
    pub approve: bool,
}

/// Parameters of `ReadAudit`; called with `more`, it returns [`AuditEntries`] in pieces.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ReadAudit {
    /// Only what is about this mailbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<String>,
    /// Only from this time on, RFC 3339.
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
    /// `uid 0 (root)`, a front's channel, or `posternd` for what happens by itself.
    pub actor: String,
    /// What was done: `enable`, `answer`, …
    pub action: String,
    /// To whom; none for platforms.
    pub mailbox: Option<String>,
    /// The client's address, where there is one.
    pub address: Option<String>,
    /// The state before.
    pub before: Option<State>,
    /// The state after.
    pub after: Option<State>,
    /// `done`, `accepted`, or why not.
    pub outcome: String,
    /// The method, the hours, the alias, …
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// A piece of an export (`Export`, called with `more`), or of an import (`Import`, called once for each piece).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportPiece {
    /// Whole lines of the export's text.
    pub lines: String,
    /// Import only: this was the last piece; check it and take it over, all or nothing.
    #[serde(default)]
    pub last: bool,
}

/// The reply to `Import`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// Records taken over; 0 until the last piece.
    pub records: u64,
}
