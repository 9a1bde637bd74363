//! What users may do with each part of their own account, so that a page offers nothing else. What each change takes stands
//! in [`crate::proof`].

use crate::decide::{Removal, removal};
use crate::offers::{self, Sendable};
use crate::{Account, Browser, Factor, KindName, Platform, Time};

/// Something that the owner of an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    /// Give a method other words.
    Rename,
    /// Remove a method.
    RemoveMethod,
    /// Set up a further method of this kind.
    AddMethod(KindName),
    /// Make a set of backup codes, in place of the one that there is.
    MakeBackupCodes,
    /// Do without backup codes.
    DeleteBackupCodes,
    /// Make an app password.
    CreateAppPassword,
    /// Take an app password back.
    RevokeAppPassword,
    /// Set the contact address, or another one.
    SetContact,
    /// Remove the contact address.
    RemoveContact,
    /// Choose the language of codes and notices.
    SetLanguage,
    /// Trust a browser no more.
    RevokeTrust,
    /// Trust no browser but this one, and end what is open in others.
    RevokeOtherTrust,
}

/// With one of the methods, and what its removal comes to.
pub fn with_method(account: &Account, platform: &Platform, factor: &Factor) -> (Vec<May>, Removal) {
    let removal = removal(account, platform, &factor.id);
    let remove = Some(May::RemoveMethod).filter(|_| removal != Removal::Kept);
    (std::iter::once(May::Rename).chain(remove).collect(), removal)
}

/// With an app password.
pub fn with_app_password() -> Vec<May> {
    vec![May::RevokeAppPassword]
}

/// With one of the browsers.
pub fn with_browser(account: &Account, platform: &Platform, browser: &Browser, now: Time) -> Vec<May> {
    let is_trusted = account.trusted_until(browser, &platform.policy, now).is_some();
    is_trusted.then_some(May::RevokeTrust).into_iter().collect()
}

/// With the account as a whole. `can_check`: a mail server can be asked about its password now.
pub fn with_account(account: &Account, platform: &Platform, sendable: Sendable, can_check: bool) -> Vec<May> {
    let add = offers::kinds(platform, sendable).into_iter().map(May::AddMethod);
    let others = [
        (true, May::MakeBackupCodes),
        (account.backup.is_some(), May::DeleteBackupCodes),
        (can_check, May::CreateAppPassword),
        (offers::takes_contact(sendable), May::SetContact),
        (account.contact.is_some(), May::RemoveContact),
        (true, May::SetLanguage),
        (true, May::RevokeOtherTrust),
    ];
    add.chain(others.into_iter().filter(|(may, _)| *may).map(|(_, what)| what)).collect()
}
