//! The pages that a user sees while signing in through the webmail front: pure functions from a view model to HTML.
//!
//! Nothing here reads a clock, a request or a file. The caller decides which page to show, fills in its view model and
//! responds with the HTML, `no-store` and [`CONTENT_SECURITY_POLICY`]. All pages work without JavaScript; where it is
//! enabled, [`assets::SCRIPT`] adds copying, printing and local times. Only a security key needs a script,
//! [`assets::KEY_SCRIPT`].
//!
//! The texts are in `postern-pages`. **To add a page:** add its view model and variant in `page.rs`, its path in
//! `paths.rs` if it has a form, a function from the view model to a [`layout::Sheet`], one arm in [`render`], and a
//! sample in `samples.rs`. Every test over all pages then covers it too.

pub mod assets;
mod backup_codes;
mod challenge;
mod enrolment_code;
mod field;
mod key;
mod layout;
mod lost;
mod method;
mod notice;
mod page;
pub mod paths;
#[cfg(test)]
mod samples;
mod secret;
mod security;
mod security_change;
#[cfg(test)]
mod security_samples;
mod security_sheet;
mod sent_code;
mod set_up;
#[cfg(test)]
mod tests;

pub use backup_codes::{CODES_FILE_NAME, render_codes_file};
pub use field::{CODE_FIELD_LENGTH, DESCRIPTION_LENGTH};
pub use method::{Method, MethodKind};
pub use page::{
    BackupCodes, Challenge, ChallengeBackup, ChooseMethod, Context, Ended, EnrolmentCode, Key, Locked, Lost,
    LostProblem, Page, Problem, Purpose, RequestMade, Requested, SentCode, SetUp, SetUpKey, SetUpSent, SetUpTo, Trust,
};
pub use paths::fields;
pub use postern_pages::Language;
pub use postern_wire::security::Removal;
pub use secret::Secret;
pub use security::{
    AppPassword, ChangeKind, ChangePage, ChangeProblem, Changing, Done, Location, NewAppPassword, OwnBrowser,
    OwnMethod, Security,
};
pub use sent_code::DESTINATION_LENGTH;

/// The Content-Security-Policy of every page: only our own style, scripts and forms are allowed, and no framing.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
     img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Renders `page` as a complete HTML document, in UTF-8.
///
/// If the page shows secrets, the result contains them: use it in one response and nowhere else.
#[must_use]
pub fn render(page: &Page, language: Language, context: &Context<'_>) -> String {
    let sheet = match page {
        Page::SetUp(view) => set_up::sheet(view, language, context),
        Page::BackupCodes(view) => backup_codes::sheet(view, language, context),
        Page::Challenge(view) => challenge::sheet(view, language, context),
        Page::ChallengeBackup(view) => challenge::backup_sheet(view, language, context),
        Page::SentCode(view) => sent_code::sheet(view, language, context),
        Page::Key(view) => key::sheet(view, language, context),
        Page::ChooseMethod(view) => challenge::methods_sheet(view, language, context),
        Page::Lost(view) => lost::sheet(view, language, context),
        Page::Requested(view) => lost::requested_sheet(*view, language, context),
        Page::EnrolmentCode(view) => enrolment_code::sheet(view, language, context),
        Page::SetUpTo(view) => sent_code::to_sheet(view, language, context),
        Page::SetUpSent(view) => sent_code::sent_sheet(view, language, context),
        Page::SetUpKey(view) => key::set_up_sheet(view, language, context),
        Page::Security(view) => security_sheet::sheet(view, language, context),
        Page::SecurityOff => security_change::off_sheet(language),
        Page::ProveFirst => security_change::prove_first_sheet(language),
        Page::Change(view) => security_change::sheet(view, language, context),
        Page::AppPassword(view) => security_change::app_password_sheet(view, language, context),
        Page::FewCodes(left) => security_change::few_codes_sheet(*left, language),
        Page::Locked(view) => notice::locked(view, language, context),
        Page::NoMethod => notice::no_method(language, context),
        Page::Unusual => notice::unusual(language),
        Page::SessionEnded(why) => notice::session_ended(*why, language),
        Page::Unavailable => notice::unavailable(language, context),
        Page::Refused => notice::refused(language),
        Page::BadRequest => notice::bad_request(language),
        Page::NotFound => notice::not_found(language),
        Page::OtherHost => notice::other_host(language),
        Page::NoAnswer => notice::no_answer(language),
    };
    layout::document(sheet, page.path(), language, context).into_string()
}

/// Adds the hidden field [`fields::IDEMPOTENCY_KEY`] to every form of a document of [`render`]. It is done here so that
/// no page can omit it.
#[must_use]
pub fn with_idempotency_key(document: &str, key: &str) -> String {
    let mut pieces = document.split("<form ");
    let mut written = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        // User input is escaped, so the first `>` is the end of the tag.
        let (tag, rest) = piece.split_once('>').unwrap_or((piece, ""));
        let name = fields::IDEMPOTENCY_KEY;
        written.push_str(&format!(r#"<form {tag}><input type="hidden" name="{name}" value="{key}">{rest}"#));
    }
    written
}
