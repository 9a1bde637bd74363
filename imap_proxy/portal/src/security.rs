//! What the Security page and the pages around it show: their view models, filled in by the driver.

use jiff::Timestamp;

use super::method::{Method, MethodKind};
use super::secret::Secret;
use postern_pages::Language;
use postern_wire::security::Removal;

/// See [`Page::Security`](super::Page::Security).
#[derive(Clone, Debug, Default)]
pub struct Security {
    /// Other names of the mailbox.
    pub aliases: Vec<String>,
    /// The methods, in the order in which they were made.
    pub methods: Vec<OwnMethod>,
    /// Unused backup codes; `None`: there is no set.
    pub codes_left: Option<u32>,
    /// What mail apps sign in with.
    pub app_passwords: Vec<AppPassword>,
    /// Whether they are of use here.
    pub takes_app_passwords: bool,
    /// Whether one can be made now.
    pub can_make_app_passwords: bool,
    /// The browsers that are signed in or have been, in the order to show.
    pub browsers: Vec<OwnBrowser>,
    /// Whether people may trust browsers here.
    pub may_trust: bool,
    /// Where notices go.
    pub contact: Option<String>,
    /// What can be set up; [`MethodKind::Contact`] where there can be a contact address.
    pub kinds: Vec<MethodKind>,
    /// In which language notices are; `None`: nobody has said.
    pub language: Option<Language>,
    /// What was done last, to be said.
    pub done: Option<Done>,
}

/// One of the methods.
#[derive(Clone, Debug)]
pub struct OwnMethod {
    /// What it is.
    pub method: Method,
    /// When it was set up.
    pub created: Option<Timestamp>,
    /// When it last opened the account.
    pub last_used: Option<Timestamp>,
    /// Whether it is a security key that there is a copy of, which is not accepted any more.
    pub copied: bool,
    /// What it comes to when it is removed.
    pub removal: Removal,
}

/// One of the app passwords.
#[derive(Clone, Debug)]
pub struct AppPassword {
    /// Its id, and its first letters.
    pub id: String,
    /// The owner's words; may be empty.
    pub description: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// From when on it is refused.
    pub expires: Option<Timestamp>,
    /// When it was last used.
    pub last_used: Option<Timestamp>,
    /// From where.
    pub address: Option<String>,
    /// With what, by its own account.
    pub client: Option<String>,
    /// Whether it waits for the next sign-in here, since the mailbox's password has changed.
    pub outdated: bool,
}

/// One of the browsers.
#[derive(Clone, Debug)]
pub struct OwnBrowser {
    /// Its id; none where the daemon knows nothing of it.
    pub id: Option<String>,
    /// What it is, where that is known.
    pub browser: Option<String>,
    /// What it runs on, where that is known.
    pub system: Option<String>,
    /// From where it is signed in, or was last.
    pub place: Location,
    /// Since when it is signed in; none: it is not.
    pub since: Option<Timestamp>,
    /// On which day it signed in last.
    pub last_used: Option<Timestamp>,
    /// Until when it is not asked for a code, where it is trusted.
    pub trusted_until: Option<Timestamp>,
    /// Whether it is the one that looks.
    pub this: bool,
}

/// Where a browser is, as seen from the one that looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// In the same network.
    Here,
    /// In another network of the organisation, with this address.
    Inside(String),
    /// In another network, with this address.
    Elsewhere(String),
    /// Nobody knows.
    Unknown,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// A method was set up.
    MethodAdded,
    /// It has another description.
    Renamed,
    /// It is gone.
    MethodRemoved,
    /// There are new backup codes.
    Codes,
    /// The backup codes are gone.
    CodesDeleted,
    /// There is a new app password.
    AppPassword,
    /// It is gone.
    AppPasswordRevoked,
    /// Notices go to another address.
    ContactSet,
    /// They go nowhere.
    ContactRemoved,
    /// They come in another language.
    LanguageSet,
    /// The other sessions are over, and no other browser is trusted.
    SignedOut,
    /// A browser is not trusted any more.
    TrustRevoked,
    /// Nothing: there were too many changes today.
    Enough,
}

/// What can be changed: the value of [`fields::CHANGE`](super::fields::CHANGE).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// Other words for a method.
    Rename,
    /// A method goes.
    RemoveMethod,
    /// New backup codes.
    MakeCodes,
    /// The backup codes go.
    DeleteCodes,
    /// A new app password.
    CreateAppPassword,
    /// An app password goes.
    RevokeAppPassword,
    /// The contact address goes.
    RemoveContact,
    /// Notices in this language.
    SetLanguage,
    /// A browser is not trusted any more.
    RevokeTrust,
    /// The other sessions end, and no other browser is trusted any more.
    SignOutOthers,
}

impl ChangeKind {
    /// All of them.
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

    /// As it stands in forms and addresses.
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

    /// The one with exactly this tag.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.tag() == tag)
    }
}

/// See [`Page::Change`](super::Page::Change).
#[derive(Clone, Debug)]
pub struct ChangePage {
    /// What is changed.
    pub changing: Changing,
    /// Why it was not, when it was last tried.
    pub problem: Option<ChangeProblem>,
}

/// A change that has a page of its own: a form, or a question whether it is meant.
#[derive(Clone, Debug)]
pub enum Changing {
    /// See [`ChangeKind::Rename`].
    Rename {
        /// Which.
        method: OwnMethod,
    },
    /// See [`ChangeKind::RemoveMethod`].
    RemoveMethod {
        /// Which.
        method: OwnMethod,
    },
    /// See [`ChangeKind::MakeCodes`].
    MakeCodes {
        /// Whether there is a set, which is void then.
        replaces: bool,
    },
    /// See [`ChangeKind::DeleteCodes`].
    DeleteCodes,
    /// See [`ChangeKind::CreateAppPassword`].
    CreateAppPassword {
        /// As typed so far.
        description: String,
        /// Whether the mail server can be asked about the password.
        may: bool,
        /// Whether a code was brought for it, so that the password is asked for now.
        proven: bool,
    },
    /// See [`ChangeKind::RevokeAppPassword`].
    RevokeAppPassword(AppPassword),
    /// See [`ChangeKind::RemoveContact`].
    RemoveContact {
        /// Which.
        address: String,
    },
}

/// Why something was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeProblem {
    /// It is the only method, and has to stay.
    OnlyMethod,
    /// The mail server refuses the password.
    WrongPassword,
    /// The mail server does not answer.
    NotChecked,
    /// There are as many app passwords as there may be.
    Full,
}

/// See [`Page::AppPassword`](super::Page::AppPassword).
#[derive(Clone, Debug)]
pub struct NewAppPassword {
    /// The owner's words; may be empty.
    pub description: String,
    /// The app password, written as it is shown.
    pub app_password: Secret,
}
