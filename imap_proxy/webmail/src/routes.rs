//! The addresses of our own: one table, from which classification, links and the dispatch to the parts come.
//!
//! **To add a page or a form:** its address in [`paths`], its name in [`PortalRoute`], its line in [`ROUTES`], and its arm
//! in the part that [`Part`] names.

use super::session::stage::Stage;
use Stage::{Blocked, Challenged, Enrolling, Released, SavingCodes};
use postern_portal::paths;

/// A page or a form of our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortalRoute {
    /// A method is set up.
    SetUp,
    /// A method of another kind shall be set up.
    SetUpWith,
    /// A code is asked for.
    Code,
    /// A backup code is asked for.
    BackupCode,
    /// A method is chosen.
    Methods,
    /// Another code is sent.
    Send,
    /// The user has lost every factor, and asks the administrator for a reset.
    Lost,
    /// The backup codes are shown.
    BackupCodes,
    /// The backup codes are saved.
    Saved,
    /// The backup codes as a file.
    CodesFile,
    /// A new app password is shown.
    AppPassword,
    /// What users see of their own account.
    Security,
    /// Something of it is changed.
    Change,
    /// The sign-in, or what is pending on the Security page, is cancelled.
    Cancel,
    /// Another language.
    Language,
    /// The pages' style.
    Style,
    /// The pages' script.
    Script,
    /// The script for security keys.
    KeyScript,
}

/// The part of the front that shows a page and takes a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A file of the pages: the same for everybody, with nothing of a session.
    Asset,
    /// The choice of the language, in every stage.
    Language,
    /// A code and the choice of a method.
    Code,
    /// A method that is set up.
    SetUp,
    /// Requests to the administrator.
    Lost,
    /// What is shown once.
    ShownOnce,
    /// The Security page and its changes.
    Account,
    /// Cancelling.
    Cancel,
}

/// One address of ours.
#[derive(Debug, PartialEq, Eq)]
pub struct Route {
    /// Its path.
    pub path: &'static str,
    /// What it is.
    pub is: PortalRoute,
    /// Which part shows it and takes its form.
    pub part: Part,
    /// The stages of a session in which it is shown (GET, HEAD).
    pub shown: &'static [Stage],
    /// The stages of a session in which its form is taken (POST).
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

/// Every address of ours. A released session may be asked for a code and may set up a method again; see
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
    /// Its line in the table.
    pub fn route(self) -> &'static Route {
        // Each has one line: see the test.
        ROUTES.iter().find(|route| route.is == self).unwrap_or(&ROUTES[0])
    }

    /// Whether it is a file of the pages: the same for everybody, with nothing of a session.
    pub fn is_asset(self) -> bool {
        self.route().part == Part::Asset
    }
}

/// What lies at this path.
pub fn find(path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.path == path)
}

/// Where a user belongs in this stage.
pub fn home(stage: Stage) -> &'static str {
    match stage {
        Stage::Enrolling => paths::SET_UP,
        Stage::Challenged | Stage::Blocked => paths::CODE,
        Stage::SavingCodes => paths::BACKUP_CODES,
        Stage::Anonymous | Stage::Stale | Stage::Released => paths::HOME,
    }
}

/// The page to return to after the language was changed: one of ours, else [`paths::HOME`], so that it leads to no other
/// site. The page of a change needs its query, so it is not among them.
pub fn back(asked: &str) -> &'static str {
    let page = find(asked).filter(|route| !route.shown.is_empty() && route.is != PortalRoute::Change);
    page.map_or(paths::HOME, |route| route.path)
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
        for page in [
            paths::SET_UP,
            paths::BACKUP_CODES,
            paths::CODE,
            paths::BACKUP_CODE,
            paths::METHODS,
            paths::LOST,
            paths::SECURITY,
            paths::APP_PASSWORD,
        ] {
            assert_eq!(back(page), page);
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
