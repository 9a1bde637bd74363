//! The content of the Security page and its related pages: their view models, filled in by the caller.

use jiff::Timestamp;

use super::method::{Method, MethodKind};
use postern_pages::Language;
use postern_wire::Secret;
use postern_wire::security::Removal;

/// See [`Page::Security`](super::Page::Security).
#[derive(Clone, Debug, Default)]
pub struct Security {
    /// Other names of the mailbox.
    pub aliases: Vec<String>,
    /// The methods, in the order of their creation.
    pub methods: Vec<OwnMethod>,
    /// Number of unused backup codes; `None`: there is no set.
    pub codes_left: Option<u32>,
    /// The app passwords, with which mail apps sign in.
    pub app_passwords: Vec<AppPassword>,
    /// Whether app passwords are of use on this host.
    pub takes_app_passwords: bool,
    /// Whether an app password can be created now.
    pub can_make_app_passwords: bool,
    /// The browsers that are or were signed in, in the order of display.
    pub browsers: Vec<OwnBrowser>,
    /// Whether users may trust browsers.
    pub may_trust: bool,
    /// The contact address, to which notices are sent.
    pub contact: Option<String>,
    /// The kinds that can be set up; includes [`MethodKind::Contact`] where there can be a contact address.
    pub kinds: Vec<MethodKind>,
    /// The language of notices; `None`: not specified.
    pub language: Option<Language>,
    /// The last change, to be confirmed on the page.
    pub done: Option<Done>,
}

/// One of the methods.
#[derive(Clone, Debug)]
pub struct OwnMethod {
    /// The method.
    pub method: Method,
    /// When it was set up.
    pub created: Option<Timestamp>,
    /// When it was last used to sign in.
    pub last_used: Option<Timestamp>,
    /// Whether it is a security key of which a copy was detected, so that it is no longer accepted.
    pub copied: bool,
    /// What removing it entails.
    pub removal: Removal,
}

/// One of the app passwords.
#[derive(Clone, Debug)]
pub struct AppPassword {
    /// Its id, and its first letters.
    pub id: String,
    /// The user's description; may be empty.
    pub description: String,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// The time from which it is refused.
    pub expires: Option<Timestamp>,
    /// When it was last used.
    pub last_used: Option<Timestamp>,
    /// The address from which it was last used.
    pub address: Option<String>,
    /// The client that used it, as it identified itself.
    pub client: Option<String>,
    /// Whether it is suspended until the next sign-in here, because the mailbox's password has changed.
    pub outdated: bool,
}

/// One of the browsers.
#[derive(Clone, Debug)]
pub struct OwnBrowser {
    /// Its id; none if the daemon does not know the browser.
    pub id: Option<String>,
    /// Its name, where known.
    pub browser: Option<String>,
    /// Its operating system, where known.
    pub system: Option<String>,
    /// Where it is signed in from, or was last.
    pub place: Location,
    /// Since when it is signed in; none: it is not signed in.
    pub since: Option<Timestamp>,
    /// The day of its last sign-in.
    pub last_used: Option<Timestamp>,
    /// Until when it is not asked for a code, if it is trusted.
    pub trusted_until: Option<Timestamp>,
    /// Whether it is the browser that requests the page.
    pub this: bool,
}

/// The location of a browser, relative to the one that requests the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// In the same network.
    Here,
    /// In another network of the organisation, with this address.
    Inside(String),
    /// In another network, with this address.
    Elsewhere(String),
    /// Unknown.
    Unknown,
}

/// A change that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// A method was set up.
    MethodAdded,
    /// A method was renamed.
    Renamed,
    /// A method was removed.
    MethodRemoved,
    /// New backup codes were made.
    Codes,
    /// The backup codes were deleted.
    CodesDeleted,
    /// An app password was created.
    AppPassword,
    /// An app password was revoked.
    AppPasswordRevoked,
    /// Notices are sent to another address.
    ContactSet,
    /// The contact address was removed: notices are no longer sent.
    ContactRemoved,
    /// Notices are sent in another language.
    LanguageSet,
    /// The other sessions were ended, and no other browser is trusted.
    SignedOut,
    /// A browser is no longer trusted.
    TrustRevoked,
    /// Nothing: the limit of changes for today was reached.
    Enough,
}

/// The kinds of changes: the value of [`fields::CHANGE`](super::fields::CHANGE).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// Rename a method.
    Rename,
    /// Remove a method.
    RemoveMethod,
    /// Make new backup codes.
    MakeCodes,
    /// Delete the backup codes.
    DeleteCodes,
    /// Create an app password.
    CreateAppPassword,
    /// Revoke an app password.
    RevokeAppPassword,
    /// Remove the contact address.
    RemoveContact,
    /// Set the language of notices.
    SetLanguage,
    /// Stop trusting a browser.
    RevokeTrust,
    /// End the other sessions, and stop trusting every other browser.
    SignOutOthers,
}

impl ChangeKind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Rename,
        Self::RemoveMethod,
        Self::MakeCodes,
        Self::DeleteCodes,
        Self::CreateAppPassword,
        Self::RevokeAppPassword,
        Self::RemoveContact,
        Self::SetLanguage,
        Self::RevokeTrust,
        Self::SignOutOthers,
    ];

    /// The value in forms and addresses.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Rename => "rename",
            Self::RemoveMethod => "remove-method",
            Self::MakeCodes => "backup-codes",
            Self::DeleteCodes => "delete-codes",
            Self::CreateAppPassword => "app-password",
            Self::RevokeAppPassword => "revoke",
            Self::RemoveContact => "remove-contact",
            Self::SetLanguage => "language",
            Self::RevokeTrust => "revoke-trust",
            Self::SignOutOthers => "sign-out-others",
        }
    }

    /// The kind with exactly this tag.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.tag() == tag)
    }
}

/// See [`Page::Change`](super::Page::Change).
#[derive(Clone, Debug)]
pub struct ChangePage {
    /// The change.
    pub changing: Changing,
    /// Why the last attempt failed.
    pub problem: Option<ChangeProblem>,
}

/// A change that has a page of its own: a form, or a question for confirmation.
#[derive(Clone, Debug)]
pub enum Changing {
    /// See [`ChangeKind::Rename`].
    Rename {
        /// The method.
        method: OwnMethod,
    },
    /// See [`ChangeKind::RemoveMethod`].
    RemoveMethod {
        /// The method.
        method: OwnMethod,
    },
    /// See [`ChangeKind::MakeCodes`].
    MakeCodes {
        /// Whether there is a set of codes, which then becomes invalid.
        replaces: bool,
    },
    /// See [`ChangeKind::DeleteCodes`].
    DeleteCodes,
    /// See [`ChangeKind::CreateAppPassword`].
    CreateAppPassword {
        /// The description typed so far.
        description: String,
        /// Whether the mail server can check the password.
        may: bool,
        /// Whether a code was accepted for it, so that the password is asked for now.
        proven: bool,
    },
    /// See [`ChangeKind::RevokeAppPassword`].
    RevokeAppPassword(AppPassword),
    /// See [`ChangeKind::RemoveContact`].
    RemoveContact {
        /// The address.
        address: String,
    },
}

/// Why a change was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeProblem {
    /// It is the only method and cannot be removed.
    OnlyMethod,
    /// The mail server refuses the password.
    WrongPassword,
    /// The mail server did not respond.
    NotChecked,
    /// The maximum number of app passwords is reached.
    Full,
}

/// See [`Page::AppPassword`](super::Page::AppPassword).
#[derive(Clone, Debug)]
pub struct NewAppPassword {
    /// The user's description; may be empty.
    pub description: String,
    /// The app password, in the form in which it is shown.
    pub app_password: Secret,
}
