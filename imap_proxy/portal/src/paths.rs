//! The paths and form fields shared by the pages and the front.
//!
//! Forms are same-origin POSTs of `application/x-www-form-urlencoded`. A URL never contains a secret.

/// The webmail itself.
pub const HOME: &str = "/";

/// GET shows [`Page::SetUp`](super::Page::SetUp), or the page of another step while the first method is set up; POST
/// sends [`fields::CODE`] or [`fields::RESPONSE`] with [`fields::DESCRIPTION`], or [`fields::DESTINATION`].
pub const SET_UP: &str = "/postern/set-up";
/// GET shows [`Page::BackupCodes`](super::Page::BackupCodes), repeatedly until [`SAVED`], so that a change of language
/// does not lose the codes.
pub const BACKUP_CODES: &str = "/postern/backup-codes";
/// GET shows [`Page::Challenge`](super::Page::Challenge), [`Page::SentCode`](super::Page::SentCode) or
/// [`Page::Key`](super::Page::Key), or why no code can be entered; POST sends [`fields::CODE`] or [`fields::RESPONSE`],
/// and [`fields::TRUST`].
pub const CODE: &str = "/postern/code";
/// GET shows [`Page::ChallengeBackup`](super::Page::ChallengeBackup); POST sends [`fields::CODE`].
pub const BACKUP_CODE: &str = "/postern/backup-code";
/// GET shows [`Page::ChooseMethod`](super::Page::ChooseMethod); POST sends [`fields::METHOD`].
pub const METHODS: &str = "/postern/methods";

/// GET shows [`Page::Lost`](super::Page::Lost) or [`Page::Requested`](super::Page::Requested); POST sends
/// [`fields::CONTACT`], [`fields::REASON`] and [`fields::EVIDENCE`].
pub const LOST: &str = "/postern/lost";

/// POST: requests another code, or another challenge for a security key.
pub const SEND: &str = "/postern/send";
/// POST: selects the kind of the first method, [`fields::METHOD`], a [`MethodKind::tag`](super::MethodKind::tag).
pub const SET_UP_WITH: &str = "/postern/set-up-with";
/// POST: confirms that the backup codes are saved, if [`fields::SAVED`] is [`fields::YES`].
pub const SAVED: &str = "/postern/saved";
/// POST: downloads the backup codes as a text file.
pub const CODES_FILE: &str = "/postern/codes.txt";
/// POST: cancels this sign-in.
pub const CANCEL: &str = "/postern/cancel";
/// POST: sets the language to [`fields::TO`] and returns to our page that [`fields::BACK`] names.
pub const LANGUAGE: &str = "/postern/language";

/// GET shows [`Page::Security`](super::Page::Security) or [`Page::SecurityOff`](super::Page::SecurityOff): the address
/// for a link in the webmail. POST: the user asks to confirm their identity first.
pub const SECURITY: &str = "/postern/security";
/// GET shows [`Page::Change`](super::Page::Change) for the [`fields::CHANGE`] and [`fields::WHICH`] of its query; POST
/// makes that change.
pub const SECURITY_CHANGE: &str = "/postern/security/change";
/// GET shows [`Page::AppPassword`](super::Page::AppPassword) until a POST confirms that it was seen.
pub const APP_PASSWORD: &str = "/postern/security/app-password";

/// The pages that a browser can return to after the language was changed. The page of a change needs its query, so it
/// is not included.
pub const PAGES: [&str; 9] = [HOME, SET_UP, BACKUP_CODES, CODE, BACKUP_CODE, METHODS, LOST, SECURITY, APP_PASSWORD];

/// GET: [`assets::STYLE`](super::assets::STYLE); a query is a cache key only.
pub const STYLE: &str = "/postern/style.css";
/// GET: [`assets::SCRIPT`](super::assets::SCRIPT); a query is a cache key only.
pub const SCRIPT: &str = "/postern/page.js";
/// GET: [`assets::KEY_SCRIPT`](super::assets::KEY_SCRIPT); a query is a cache key only.
pub const KEY_SCRIPT: &str = "/postern/key.js";

/// Names and values of form fields.
pub mod fields {
    pub use postern_pages::forms::fields::{BACK, IDEMPOTENCY_KEY, TO};

    /// A code, with spaces and hyphens as users type them.
    pub const CODE: &str = "code";
    /// The user's description of the method being set up; may be empty.
    pub const DESCRIPTION: &str = "description";
    /// A [`Method::id`](super::super::Method::id).
    pub const METHOD: &str = "method";
    /// A security key's response, as JSON.
    pub const RESPONSE: &str = "response";
    /// The number or address that codes are to be sent to.
    pub const DESTINATION: &str = "destination";
    /// How the administrator can reach a user who has lost every factor.
    pub const CONTACT: &str = "contact";
    /// What happened.
    pub const REASON: &str = "reason";
    /// What proves that the request is from the owner.
    pub const EVIDENCE: &str = "evidence";
    /// The confirmation that the backup codes are saved; absent when not ticked.
    pub const SAVED: &str = "saved";
    /// The value of [`SAVED`] and [`TRUST`] when ticked.
    pub const YES: &str = "yes";
    /// Where to go next, instead of the mail.
    pub const NEXT: &str = "next";
    /// The value of [`NEXT`] for the Security page.
    pub const SECURITY: &str = "security";
    /// A [`ChangeKind::tag`](super::super::ChangeKind::tag).
    pub const CHANGE: &str = "change";
    /// The item that is changed: the id of a method, of an app password or of a browser.
    pub const WHICH: &str = "which";
    /// The choice to trust this browser, with [`YES`]; absent when not ticked.
    pub const TRUST: &str = "trust";
    /// The mailbox's password.
    pub const PASSWORD: &str = "password";
}
