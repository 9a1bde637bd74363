//! The table of what users may do with their own account.

use crate::accounts::{NOW, platform, signed_in_at_home};
use crate::document::compare;
use crate::offers::with_methods;
use postern_rules::contact::Address;
use postern_rules::decide::Removal;
use postern_rules::offers::Sendable;
use postern_rules::own_account::{May, with_account, with_app_password, with_browser, with_method};

#[test]
fn the_table_of_what_may_be_done_with_a_method_is_what_may() {
    compare(["platform", "methods", "with", "may", "removed"], |[column, methods, with, may, _]| {
        let (account, platform) = (with_methods(methods), platform(column));
        let factor = account.factors.iter().find(|factor| factor.id == *with).unwrap();
        let (allowed, removal) = with_method(&account, &platform, factor);
        assert_eq!(allowed.contains(&May::RemoveMethod), may.contains("remove"), "{methods}: {with}");
        assert!(allowed.contains(&May::Rename));
        match removal {
            Removal::Free => "others are left",
            Removal::SwitchesOff => "the second factor is off",
            Removal::Kept => "stays",
        }
        .to_owned()
    });
}

#[test]
fn what_there_is_not_cannot_be_removed_and_what_nobody_sends_cannot_be_added() {
    let (mut account, platform) = (with_methods("totp"), platform("on"));
    let may = |account: &_, sendable, can_check| with_account(account, &platform, sendable, can_check);
    let none = may(&account, Sendable::default(), false);
    for refused in [May::DeleteBackupCodes, May::RemoveContact, May::SetContact, May::CreateAppPassword] {
        assert!(!none.contains(&refused), "{refused:?}");
    }
    let added: Vec<&str> =
        none.iter().filter_map(|it| if let May::AddMethod(kind) = it { Some(kind.as_str()) } else { None }).collect();
    assert_eq!(added, ["totp", "key"]);
    account.contact = Address::read("bob@elsewhere.example");
    account.backup = with_methods("totp, backup codes").backup;
    let all = may(&account, Sendable { texts: true, mails: true }, true);
    for allowed in [May::DeleteBackupCodes, May::RemoveContact, May::SetContact, May::CreateAppPassword] {
        assert!(all.contains(&allowed), "{allowed:?}");
    }
    assert_eq!(all.iter().filter(|it| matches!(it, May::AddMethod(_))).count(), 4);
    assert_eq!(with_app_password(), [May::RevokeAppPassword]);
}

#[test]
fn trust_can_be_revoked_where_there_is_some() {
    let platform = platform("on, trusted-browsers = 30");
    for (is_trusted, wanted) in [(true, vec![May::RevokeTrust]), (false, vec![])] {
        let account = signed_in_at_home(crate::accounts::account("protected"), is_trusted);
        let browser = account.browsers.iter().next().unwrap();
        assert_eq!(with_browser(&account, &platform, browser, NOW), wanted);
    }
}
