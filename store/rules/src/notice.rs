//! Notices to the owner of an account: which changes cause one, and its addresses. A change by an attacker is so
//! reported.

use crate::{Account, AppPassword, Browser, Factor, KindName, Mailbox, Platform, Stage, Time};

/// A notice to the owner of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A method was set up.
    MethodAdded(KindName),
    /// A method was removed.
    MethodRemoved(KindName),
    /// All methods were removed by an administrator.
    Reset,
    /// The second factor was switched off.
    Removed,
    /// A security key was copied, and is refused from now on.
    KeyCopied,
    /// No code is required until then.
    Suspended(Time),
    /// A backup code was used; this many are left.
    BackupCodeUsed(u32),
    /// A new set of backup codes was made.
    BackupCodesMade,
    /// An app password was made.
    AppPasswordMade,
    /// The contact address was changed or removed.
    ContactChanged,
    /// A client that knows the password reports that every method is lost.
    RequestOpened,
    /// A sign-in came from an unknown browser; its description, which has only names from a list in the rules.
    NewBrowser(String),
}

/// What the verdict adds to the two accounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Cause {
    /// A backup code was used; this many are left.
    BackupCodeUsed(u32),
    /// A new set of backup codes was made.
    BackupCodesMade,
    /// A method was added.
    MethodAdded,
    /// Nothing.
    #[default]
    Other,
}

/// The notices for a change.
pub fn of(before: &Account, next: &Account, cause: Cause) -> Vec<Notice> {
    let mut notices = Vec::new();
    match (before.stage, next.stage) {
        (Stage::Enrolling | Stage::Protected, Stage::Off) => return vec![Notice::Removed],
        (Stage::Protected, Stage::Enrolling) => return vec![Notice::Reset],
        _ => {}
    }
    let is_in = |factors: &[Factor], id: &str| factors.iter().any(|factor| factor.id == id);
    for added in next.factors.iter().filter(|factor| !is_in(&before.factors, &factor.id)) {
        notices.push(Notice::MethodAdded(added.kind.name()));
    }
    for removed in before.factors.iter().filter(|factor| !is_in(&next.factors, &factor.id)) {
        notices.push(Notice::MethodRemoved(removed.kind.name()));
    }
    let was_whole = |key: &&Factor| before.factors.iter().any(|it| it.id == key.id && !it.is_copied());
    notices.extend(next.factors.iter().filter(|it| it.is_copied()).filter(was_whole).map(|_| Notice::KeyCopied));
    if let Some(suspension) = next.suspension.filter(|suspension| before.suspension != Some(*suspension)) {
        notices.push(Notice::Suspended(suspension.until));
    }
    match cause {
        Cause::BackupCodeUsed(left) => notices.push(Notice::BackupCodeUsed(left)),
        Cause::BackupCodesMade => notices.push(Notice::BackupCodesMade),
        Cause::MethodAdded | Cause::Other => {}
    }
    let is_new = |it: &&AppPassword| !before.app_passwords.iter().any(|old| old.id == it.id);
    notices.extend(next.app_passwords.iter().filter(is_new).map(|_| Notice::AppPasswordMade));
    if before.contact.is_some() && before.contact != next.contact {
        notices.push(Notice::ContactChanged);
    }
    if next.requests.last().is_some_and(|at| !before.requests.contains(at)) {
        notices.push(Notice::RequestOpened);
    }
    notices.extend(new_browser(before, next, cause).map(Notice::NewBrowser));
    notices
}

/// The browser that was just recorded, if the owner is to be notified of it. Not the browser that enrols, and not the
/// first one of an account without a second factor: no browser was known there before.
fn new_browser(before: &Account, next: &Account, cause: Cause) -> Option<String> {
    if cause == Cause::MethodAdded || next.stage == Stage::Off && next.browsers.iter().len() == 1 {
        return None;
    }
    let is_new = |it: &&Browser| before.browsers.iter().all(|known| known.id != it.id);
    let news = next.browsers.iter().filter(|it| it.is_news()).find(is_new);
    news.map(|browser| browser.description.clone())
}

/// The addresses for notices: the contact address, also one that is being replaced, and the mailbox, if the platform
/// says so.
pub fn addresses(before: &Account, next: &Account, platform: &Platform) -> Vec<String> {
    let contacts = [before.contact.as_ref(), next.contact.as_ref()];
    let mailbox = Some(&next.mailbox).filter(|_| platform.policy.notify_mailbox).map(Mailbox::to_string);
    let mut addresses: Vec<String> =
        contacts.into_iter().flatten().map(|it| it.as_str().to_owned()).chain(mailbox).collect();
    addresses.dedup();
    addresses
}
