//! The content of the pages: one view model for each, filled in by the caller.

use jiff::Timestamp;

use super::method::{Method, MethodKind};
use super::paths;
use super::security::{ChangePage, NewAppPassword, Security};
use postern_wire::Secret;

/// The data that every page needs.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Public name of the platform or host, such as "Example Mail".
    pub brand: &'a str,
    /// The mailbox whose password was accepted; `None` before that.
    pub mailbox: Option<&'a str>,
    /// The time of the response, for "in about 5 minutes".
    pub now: Timestamp,
    /// Whether the user is signed in and manages the account: the sign-in pages are then used to confirm or to add
    /// something.
    pub signed_in: bool,
    /// What a code is asked for in that case, if one is.
    pub purpose: Option<&'a Purpose>,
}

/// What a code is asked for in a signed-in session.
#[derive(Clone, Debug)]
pub enum Purpose {
    /// To show the Security page.
    Look,
    /// To set up a method of this kind, or a contact address.
    Add {
        /// The kind.
        kind: MethodKind,
        /// The number or address; empty where there is none.
        to: String,
    },
    /// To remove a method; `None`: one that cannot be used to confirm.
    RemoveMethod(Option<Method>),
    /// To make new backup codes.
    MakeCodes,
    /// To delete the backup codes.
    DeleteCodes,
    /// To create an app password.
    CreateAppPassword,
    /// To remove the contact address.
    RemoveContact,
}

/// The pages.
#[derive(Clone, Debug)]
pub enum Page {
    /// The first method is set up: QR code, secret, and a field for the code that confirms it.
    SetUp(SetUp),
    /// The backup codes, shown once, right after the first method was confirmed.
    BackupCodes(BackupCodes),
    /// Asks for a code of the method in use.
    Challenge(Challenge),
    /// Asks for a backup code.
    ChallengeBackup(ChallengeBackup),
    /// Asks for a code that was sent.
    SentCode(SentCode),
    /// Asks for a security key.
    Key(Key),
    /// The methods that the account can use instead.
    ChooseMethod(ChooseMethod),
    /// For a user who has no method left: a request to the administrator for a reset.
    Lost(Lost),
    /// The request was sent to the administrator.
    Requested(RequestMade),
    /// Asks for the administrator's enrolment code, before the first method is set up.
    EnrolmentCode(EnrolmentCode),
    /// The first method is set up: asks for the number or address that codes are to be sent to.
    SetUpTo(SetUpTo),
    /// The first method is set up: asks for the code that was sent there.
    SetUpSent(SetUpSent),
    /// The first method is set up: a security key.
    SetUpKey(SetUpKey),
    /// The Security page: everything about the user's own account.
    Security(Security),
    /// In place of the Security page, for a session that was admitted without a second factor: there is nothing to
    /// manage.
    SecurityOff,
    /// In place of the Security page, for a session of a trusted browser: the user has to confirm their identity first.
    ProveFirst,
    /// One change of the account: a form, or a question for confirmation.
    Change(ChangePage),
    /// A new app password, shown once.
    AppPassword(NewAppPassword),
    /// The number of backup codes left after this sign-in, if few.
    FewCodes(u32),
    /// No code is checked for now. The page is the same whether the last code was right or wrong, because it cannot
    /// know.
    Locked(Locked),
    /// No method can be used: codes cannot be sent, or a copy of the security key was detected.
    NoMethod,
    /// The sign-in looks unusual, and there is no address to which a code could be sent.
    Unusual,
    /// The session has ended, for this reason; the user has to sign in again.
    SessionEnded(Ended),
    /// The daemon is unavailable.
    Unavailable,
    /// This sign-in is refused. The page does not reveal whether the name exists.
    Refused,
    /// The request was invalid.
    BadRequest,
    /// There is no page at this address.
    NotFound,
    /// The request is for another host.
    OtherHost,
    /// The upstream webmail gives no response that can be shown.
    NoAnswer,
}

impl Page {
    /// The path at which a GET shows this page again; [`paths::HOME`] for a notice, which any path may show.
    #[must_use]
    pub fn path(&self) -> &'static str {
        match self {
            Self::SetUp(_) | Self::EnrolmentCode(_) | Self::SetUpTo(_) | Self::SetUpSent(_) | Self::SetUpKey(_) => {
                paths::SET_UP
            }
            Self::BackupCodes(_) | Self::FewCodes(_) => paths::BACKUP_CODES,
            // The address of a change has a query, which the language switch does not preserve.
            Self::Security(_) | Self::SecurityOff | Self::ProveFirst | Self::Change(_) => paths::SECURITY,
            Self::AppPassword(_) => paths::APP_PASSWORD,
            Self::Challenge(_) | Self::SentCode(_) | Self::Key(_) | Self::NoMethod => paths::CODE,
            Self::Locked(view) if view.may_request => paths::CODE,
            Self::ChallengeBackup(_) => paths::BACKUP_CODE,
            Self::ChooseMethod(_) => paths::METHODS,
            Self::Lost(_) | Self::Requested(_) => paths::LOST,
            Self::Locked(_)
            | Self::Unusual
            | Self::SessionEnded(_)
            | Self::Unavailable
            | Self::Refused
            | Self::BadRequest
            | Self::NotFound
            | Self::OtherHost
            | Self::NoAnswer => paths::HOME,
        }
    }
}

/// See [`Page::SetUp`].
#[derive(Clone, Debug)]
pub struct SetUp {
    /// The `otpauth://` URI that the QR code holds.
    pub uri: Secret,
    /// The same secret in base32, ungrouped, for typing by hand.
    pub secret: Secret,
    /// The description typed so far, so that it is not lost with a wrong code; otherwise empty.
    pub description: String,
    /// What can be set up instead.
    pub others: Vec<MethodKind>,
    /// What was wrong with the code that was submitted.
    pub problem: Option<Problem>,
}

/// See [`Page::EnrolmentCode`].
#[derive(Clone, Debug)]
pub struct EnrolmentCode {
    /// What was wrong with the code that was submitted.
    pub problem: Option<Problem>,
}

/// See [`Page::SetUpTo`].
#[derive(Clone, Debug)]
pub struct SetUpTo {
    /// [`MethodKind::Sms`] or [`MethodKind::Email`].
    pub kind: MethodKind,
    /// The number or address typed so far; otherwise empty.
    pub to: String,
    /// What can be set up instead.
    pub others: Vec<MethodKind>,
    /// What was wrong with the input.
    pub problem: Option<Problem>,
}

/// See [`Page::SetUpSent`].
#[derive(Clone, Debug)]
pub struct SetUpSent {
    /// [`MethodKind::Sms`] or [`MethodKind::Email`].
    pub kind: MethodKind,
    /// Where the code was sent.
    pub to: String,
    /// The time from which another code may be requested.
    pub again: Timestamp,
    /// As in [`SetUp::description`].
    pub description: String,
    /// What can be set up instead.
    pub others: Vec<MethodKind>,
    /// What was wrong with the code, or why no other was sent.
    pub problem: Option<Problem>,
}

/// See [`Page::SetUpKey`].
#[derive(Clone, Debug)]
pub struct SetUpKey {
    /// For `navigator.credentials.create`, as JSON.
    pub options: String,
    /// As in [`SetUp::description`].
    pub description: String,
    /// What can be set up instead.
    pub others: Vec<MethodKind>,
    /// What was wrong with the key's response.
    pub problem: Option<Problem>,
}

/// See [`Page::BackupCodes`].
#[derive(Clone, Debug)]
pub struct BackupCodes {
    /// The codes, as the user should keep them.
    pub codes: Vec<Secret>,
    /// Whether the form was submitted without confirming that the codes are saved.
    pub not_ticked: bool,
}

/// See [`Page::Challenge`].
#[derive(Clone, Debug)]
pub struct Challenge {
    /// The method whose code is asked for.
    pub method: Method,
    /// Whether the account has other methods.
    pub others: bool,
    /// The offer to trust this browser.
    pub trust: Option<Trust>,
    /// What was wrong with the code that was submitted.
    pub problem: Option<Problem>,
}

/// See [`Page::ChallengeBackup`].
#[derive(Clone, Debug)]
pub struct ChallengeBackup {
    /// Whether the account has other methods.
    pub others: bool,
    /// The offer to trust this browser.
    pub trust: Option<Trust>,
    /// What was wrong with the code that was submitted.
    pub problem: Option<Problem>,
}

/// See [`Page::SentCode`].
#[derive(Clone, Debug)]
pub struct SentCode {
    /// The method; [`Method::hint`] tells where its codes are sent.
    pub method: Method,
    /// Whether a code was sent for this sign-in.
    pub sent: bool,
    /// The time from which another code may be requested; `None`: now.
    pub again: Option<Timestamp>,
    /// Whether the account has other methods.
    pub others: bool,
    /// Whether the code is asked for because the sign-in looks unusual, for an account without a second factor.
    pub unusual: bool,
    /// The offer to trust this browser.
    pub trust: Option<Trust>,
    /// What was wrong with the code, or why none was sent.
    pub problem: Option<Problem>,
}

/// See [`Page::Key`].
#[derive(Clone, Debug)]
pub struct Key {
    /// The method.
    pub method: Method,
    /// For `navigator.credentials.get`, as JSON; `None` if there is no challenge at present.
    pub options: Option<String>,
    /// Whether the account has other methods.
    pub others: bool,
    /// The offer to trust this browser.
    pub trust: Option<Trust>,
    /// What was wrong with the key's response, or why there is no challenge.
    pub problem: Option<Problem>,
}

/// See [`Page::Lost`]. The texts are those typed so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// How the administrator can reach the user.
    pub contact: String,
    /// What happened.
    pub reason: String,
    /// What proves that the request is from the owner.
    pub evidence: String,
    /// Whether there are other methods to try.
    pub others: bool,
    /// Why the request was not accepted.
    pub problem: Option<LostProblem>,
}

/// Why a request was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostProblem {
    /// A text is missing or invalid.
    Incomplete,
    /// Requests are not accepted at present; the next one not before `until`, where that is known.
    NotNow {
        /// When requests are accepted again.
        until: Option<Timestamp>,
    },
    /// Requests are disabled.
    NotOffered,
}

/// See [`Page::Requested`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestMade {
    /// When it was made.
    pub when: Requested,
    /// Whether there are other methods to try.
    pub others: bool,
}

/// When a request was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requested {
    /// It has just been made.
    Now,
    /// It was made earlier.
    Before,
}

/// See [`Page::ChooseMethod`].
#[derive(Clone, Debug)]
pub struct ChooseMethod {
    /// The available methods, in the order of display, including backup codes.
    pub methods: Vec<Method>,
    /// The method that the user came from, and can go back to.
    pub left: Option<MethodKind>,
    /// Why a method other than the previous one is needed.
    pub problem: Option<Problem>,
}

/// See [`Page::Locked`].
#[derive(Clone, Debug)]
pub struct Locked {
    /// When codes are checked again; `None` when only an administrator can unlock the account.
    pub until: Option<Timestamp>,
    /// Whether the user can ask the administrator for a reset.
    pub may_request: bool,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Unknown, or no longer known.
    Unknown,
    /// The sign-in exceeded its time limit.
    SlowSignIn,
    /// The session was idle for too long.
    Idle,
    /// The session reached its maximum lifetime.
    Old,
    /// The form of this step was accepted: the next step has a session of its own, which this browser, or this page of
    /// it, does not have.
    GoneOn,
    /// The browser has begun another sign-in that replaces it.
    Replaced,
    /// The mailbox was signed in to with another password, so the password that this session began with is outdated.
    OtherPassword,
    /// The user ended it from another session.
    SignedOutElsewhere,
    /// The user signed out or cancelled the sign-in.
    SignedOut,
    /// What it depends on was changed by an administrator or by the owner.
    AccountChanged,
    /// The limit of sessions for the mailbox, or for this host, was exceeded.
    TooMany,
    /// The webmail ended it.
    Webmail,
}

impl Ended {
    /// All reasons.
    pub const ALL: [Self; 12] = [
        Self::Unknown,
        Self::SlowSignIn,
        Self::Idle,
        Self::Old,
        Self::GoneOn,
        Self::Replaced,
        Self::OtherPassword,
        Self::SignedOutElsewhere,
        Self::SignedOut,
        Self::AccountChanged,
        Self::TooMany,
        Self::Webmail,
    ];
}

/// The offer not to ask for a code in this browser for some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trust {
    /// For how long.
    pub days: u32,
    /// Whether the user has ticked it already.
    pub chosen: bool,
}

/// Why a code, or other input that a page asks for, was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The input is malformed: not a code (empty, letters, a wrong length), not a number in international form, not an
    /// address, not a response of a security key. It does not count as a failed attempt.
    NotACode,
    /// A wrong code, or one that was already used.
    Wrong {
        /// The number of wrong codes in a row, including this one.
        misses: u32,
    },
    /// Codes are not checked before `until`; the same whether this one was right or wrong.
    TooEarly {
        /// When the next code is checked.
        until: Timestamp,
    },
    /// The method is already set up for this account, or for another one.
    InUse,
    /// No other code is sent yet.
    TooSoon {
        /// When another code may be requested.
        until: Timestamp,
    },
    /// No more codes are sent today.
    TooMany {
        /// When another code may be requested, where that is known.
        until: Option<Timestamp>,
    },
    /// The code could not be sent.
    NotSent,
    /// A copy of the security key was detected, so the key is no longer accepted.
    Copied,
}
