//! The pages that a user sees while signing in through the webmail front: pure functions from a view model to HTML.
//!
//! Nothing here reads a clock, a request or a file. The caller decides which page to show, fills in its view model and
//! responds with the HTML, `no-store` and [`CONTENT_SECURITY_POLICY`]. All pages work without JavaScript; where it is
//! enabled, [`assets::SCRIPT`] adds copying, printing and local times. Only a security key needs a script,
//! [`assets::KEY_SCRIPT`].
//!
//! The texts, the frame of a page, and the parts of a form that are not the portal's alone are in `postern-pages`.
//!
//! **To add a page:** add its view model and variant in `page.rs`, its path in `paths.rs` if it has a form, a function
//! from the view model to a [`Sheet`](postern_pages::layout::Sheet), one arm in [`render`], and a sample in
//! `samples.rs`. Every test over all pages then covers it too.

pub mod assets;
mod backup_codes;
mod challenge;
mod enrolment_code;
mod field;
mod key;
mod lost;
mod method;
mod notice;
mod page;
pub mod paths;
#[cfg(test)]
mod samples;
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
pub use postern_pages::forms::with_idempotency_key;
pub use postern_pages::layout::CONTENT_SECURITY_POLICY;
pub use postern_wire::security::Removal;
pub use security::{
    AppPassword, ChangeKind, ChangePage, ChangeProblem, Changing, Done, Location, NewAppPassword, OwnBrowser,
    OwnMethod, Security,
};
pub use sent_code::DESTINATION_LENGTH;

use maud::html;
use postern_pages::Text;
use postern_pages::layout::{Frame, document};

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
    let account = context.mailbox.map(|mailbox| {
        let text = if context.signed_in { Text::SIGNED_IN } else { Text::SIGNING_IN };
        language.fill(text, &[("mailbox", &html! { strong { (mailbox) } })])
    });
    let frame = Frame {
        brand: context.brand,
        account,
        style: assets::style_url(),
        script: assets::script_url(),
        language_path: paths::LANGUAGE,
        back: page.path(),
    };
    document(sheet, &frame, language).into_string()
}
