//! Our own addresses: one table, on which classification, links and the dispatch to the parts are based.
//!
//! **To add a page or a form:** add its address in [`paths`], its name in [`PortalRoute`], its line in [`ROUTES`], and
//! its arm in the part that [`Part`] names.

use super::session::stage::Stage;
use Stage::{Blocked, Challenged, Enrolling, Released, SavingCodes};
use postern_portal::paths;

/// One of our own pages or forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortalRoute {
    /// Set up a method.
    SetUp,
    /// Set up a method of another kind.
    SetUpWith,
    /// Ask for a code.
    Code,
    /// Ask for a backup code.
    BackupCode,
    /// Choose a method.
    Methods,
    /// Send another code.
    Send,
    /// Request a reset from the administrator, for a user who has lost every factor.
    Lost,
    /// Show the backup codes.
    BackupCodes,
    /// Confirm that the backup codes are saved.
    Saved,
    /// Download the backup codes as a text file.
    CodesFile,
    /// Show a new app password.
    AppPassword,
    /// Show the Security page.
    Security,
    /// Change the account.
    Change,
    /// Cancel the sign-in, or what is pending on the Security page.
    Cancel,
    /// Change the language.
    Language,
    /// The style sheet of the pages.
    Style,
    /// The script of the pages.
    Script,
    /// The script for security keys.
    KeyScript,
}

/// The part of the front that shows a page and processes a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A file of the pages: the same for all clients, and independent of sessions.
    Asset,
    /// The choice of the language, in every stage.
    Language,
    /// Codes, and the choice of a method.
    Code,
    /// The set-up of a method.
    SetUp,
    /// Requests to the administrator.
    Lost,
    /// Data that is shown once.
    ShownOnce,
    /// The Security page and its changes.
    Account,
    /// Cancelling.
    Cancel,
}

/// One of our own addresses.
#[derive(Debug, PartialEq, Eq)]
pub struct Route {
    /// The path.
    pub path: &'static str,
    /// The page or form.
    pub is: PortalRoute,
    /// The part that shows it and processes its form.
    pub part: Part,
    /// The stages of a session in which it is shown (GET, HEAD).
    pub shown: &'static [Stage],
    /// The stages of a session in which its form is accepted (POST).
    pub taken: &'static [Stage],
}

const fn route(
    path: &'static str,
    is: PortalRoute,
    part: Part,
    shown: &'static [Stage],
    taken: &'static [Stage],
) -> Route {
    Route { path, is, part, shown, taken }
}

const SETTING_UP: &[Stage] = &[Enrolling, Released];
const ASKED: &[Stage] = &[Challenged, Released];
const SAVING: &[Stage] = &[SavingCodes, Released];
const SIGNED_IN: &[Stage] = &[Released];
const ANY_SESSION: &[Stage] = &[Enrolling, Challenged, Blocked, SavingCodes, Released];

/// All our addresses. A released session may be asked for a code and may set up a method again; see
/// [`super::session::pending_action`].
/// [`super::session::pending_action`].
pub static ROUTES: &[Route] = &[
    route(paths::SET_UP, PortalRoute::SetUp, Part::SetUp, SETTING_UP, SETTING_UP),
    route(paths::SET_UP_WITH, PortalRoute::SetUpWith, Part::SetUp, &[], SETTING_UP),
    route(paths::CODE, PortalRoute::Code, Part::Code, &[Challenged, Blocked, Released], ASKED),
    route(paths::BACKUP_CODE, PortalRoute::BackupCode, Part::Code, ASKED, ASKED),
    route(paths::METHODS, PortalRoute::Methods, Part::Code, ASKED, ASKED),
    route(paths::SEND, PortalRoute::Send, Part::Code, &[], &[Enrolling, Challenged, Released]),
    route(paths::LOST, PortalRoute::Lost, Part::Lost, &[Challenged, Blocked], &[Challenged, Blocked]),
    route(paths::BACKUP_CODES, PortalRoute::BackupCodes, Part::ShownOnce, SAVING, &[]),
    route(paths::SAVED, PortalRoute::Saved, Part::ShownOnce, &[], SAVING),
    route(paths::CODES_FILE, PortalRoute::CodesFile, Part::ShownOnce, &[], SAVING),
    route(paths::APP_PASSWORD, PortalRoute::AppPassword, Part::ShownOnce, SIGNED_IN, SIGNED_IN),
    route(paths::SECURITY, PortalRoute::Security, Part::Account, SIGNED_IN, SIGNED_IN),
    route(paths::SECURITY_CHANGE, PortalRoute::Change, Part::Account, SIGNED_IN, SIGNED_IN),
    route(paths::CANCEL, PortalRoute::Cancel, Part::Cancel, &[], ANY_SESSION),
    route(paths::LANGUAGE, PortalRoute::Language, Part::Language, &[], &[]),
    route(paths::STYLE, PortalRoute::Style, Part::Asset, &[], &[]),
    route(paths::SCRIPT, PortalRoute::Script, Part::Asset, &[], &[]),
    route(paths::KEY_SCRIPT, PortalRoute::KeyScript, Part::Asset, &[], &[]),
];

impl PortalRoute {
    /// The line of the route in the table.
    pub fn route(self) -> &'static Route {
        // Every route has one line: see the test.
        ROUTES.iter().find(|route| route.is == self).unwrap_or(&ROUTES[0])
    }

    /// Whether it is a file of the pages: the same for all clients, and independent of sessions.
    pub fn is_asset(self) -> bool {
        self.route().part == Part::Asset
    }
}

/// The route at this path.
pub fn find(path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.path == path)
}

/// The page to which a user is redirected in this stage.
pub fn home(stage: Stage) -> &'static str {
    match stage {
        Stage::Enrolling => paths::SET_UP,
        Stage::Challenged | Stage::Blocked => paths::CODE,
        Stage::SavingCodes => paths::BACKUP_CODES,
        Stage::Anonymous | Stage::Stale | Stage::Released => paths::HOME,
    }
}

/// The page to return to after the language was changed: one of ours, otherwise [`paths::HOME`], so that it leads to no
/// other site.
pub fn back(asked: &str) -> &'static str {
    paths::PAGES.into_iter().find(|page| *page == asked).unwrap_or(paths::HOME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_route_has_one_line() {
        for route in ROUTES {
            assert_eq!(ROUTES.iter().filter(|other| other.is == route.is || other.path == route.path).count(), 1);
            assert_eq!(route.is.route(), route);
            assert_eq!(find(route.path), Some(route));
        }
        let names = PortalRoute::KeyScript as usize + 1;
        assert_eq!(ROUTES.len(), names);
    }

    #[test]
    fn every_stage_has_a_page_to_be_at() {
        for stage in [Enrolling, Challenged, Blocked, SavingCodes] {
            assert!(find(home(stage)).is_some_and(|route| route.shown.contains(&stage)), "{stage:?}");
        }
    }

    #[test]
    fn no_page_and_no_form_is_for_a_browser_without_a_session() {
        for route in ROUTES {
            for stage in [Stage::Anonymous, Stage::Stale] {
                assert!(!route.shown.contains(&stage) && !route.taken.contains(&stage), "{route:?}");
            }
        }
    }

    #[test]
    fn only_our_own_pages_are_returned_to() {
        for page in paths::PAGES {
            assert_eq!(back(page), page);
        }
        for route in ROUTES.iter().filter(|route| !route.shown.is_empty() && route.is != PortalRoute::Change) {
            assert!(paths::PAGES.contains(&route.path), "{route:?}");
        }
        for elsewhere in [
            "https://evil.example/",
            "//evil.example",
            "/postern/code?x",
            paths::CANCEL,
            paths::CODES_FILE,
            paths::SECURITY_CHANGE,
            "",
        ] {
            assert_eq!(back(elsewhere), paths::HOME, "{elsewhere}");
        }
    }
}
