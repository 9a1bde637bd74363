//! Regression tests for the findings of a security review.

use crate::authenticator::code;
use crate::calls::Refuses;
use crate::home::{Home, Plan, files_below};
use crate::messages::change_of;
use crate::people::ALICE;
use postern_wire::Secret;
use postern_wire::admin::{Accounts, Action, AddTotp, ChangeAccount, Changed, RemoveMethod, TotpAdded};
use postern_wire::auth::{AskVerdict, Reason};
use std::thread;

#[test]
fn plus_addressing_cannot_hide_an_account() {
    let home = Home::new(Plan::default());
    let posternd = home.start_with_platform();
    let set = |value: &str| posternd.try_set("plus-addressing", value);
    set("off").unwrap();
    posternd.enable("eve+x@example.com");
    let refused = set("on").unwrap_err();
    assert_eq!(refused.reason, "hidden_names");
    assert!(refused.message.contains("eve+x@example.com"), "{}", refused.message);
    assert!(matches!(posternd.ask("eve+x@example.com"), AskVerdict::Enrol { .. }));
    posternd.change("eve+x@example.com", Action::Remove).unwrap();
    set("on").unwrap();
}

/// A dry run is the change without its commit.
#[test]
fn a_dry_run_is_refused_for_what_the_change_is_refused_for() {
    let home = Home::new(Plan::default());
    let posternd = home.start_with_platform();
    posternd.set("plus-addressing", "off");
    posternd.change("bob@example.com", Action::Add).unwrap();
    posternd.add_aliases("bob@example.com", &["al+x@example.com"]).unwrap();
    // While bob is off, it hides nothing that a code is required for.
    posternd.set("plus-addressing", "on");
    for dry_run in [true, false] {
        let enable = ChangeAccount { dry_run, ..change_of("bob@example.com", Action::Enable) };
        let refused = posternd.order::<Changed>("ChangeAccount", &enable).unwrap_err();
        assert_eq!(refused.reason, "hidden_names", "{dry_run}");
    }
}

#[test]
fn letters_with_marks_are_no_way_around_a_protected_mailbox() {
    let home = Home::with_clock();
    let (posternd, _) = home.start_with_alice();
    for name in ["álice@example.com", "alicé", "CORP\\àlïcê"] {
        assert_eq!(posternd.ask(name).reason(), Some(Reason::Name), "{name}");
    }
    // An administrator may declare that it is another user; then it has an account of its own.
    posternd.enable("alicé@example.com");
    assert!(matches!(posternd.ask("alicé"), AskVerdict::Enrol { mailbox, .. } if mailbox == "alicé@example.com"));
    assert_eq!(posternd.ask("bób").reason(), Some(Reason::Name), "nobody has said whose it is");
    assert!(posternd.change("bób", Action::Add).unwrap().changed);
    assert!(matches!(posternd.ask("bób"), AskVerdict::NotRequired { mailbox, .. } if mailbox == "bób@example.com"));
}

#[test]
fn an_import_brings_no_open_session_and_no_past_code_back() {
    let home = Home::with_clock();
    let (posternd, alice) = home.start_with_alice();
    let export = posternd.export().unwrap();
    let past = home.code(&alice.secret);
    let standing = alice.standing.clone();
    posternd.stop();

    let other = Home::new(Plan { key: Some(home.path("master.key")), clock: true, ..Plan::default() });
    // One step after the export: the code of that step may have been used, and the window still accepts it.
    other.clock().advance(home.clock().now() + 30 - other.clock().now());
    let restored = other.start();
    restored.import(&export).unwrap();
    assert!(restored.is_over(ALICE, &standing), "the session of before the import");
    assert_eq!(restored.answer(ALICE, &past).reason(), Some(Reason::Wrong));
    assert_eq!(restored.answer(ALICE, &other.code(&alice.secret)).reason(), None);
}

#[test]
fn a_method_that_is_removed_takes_its_sessions_and_its_spent_codes_with_it() {
    let home = Home::with_clock();
    let (posternd, alice) = home.start_with_alice();
    posternd.order::<TotpAdded>("AddTotp", &AddTotp { mailbox: ALICE.to_owned(), ..AddTotp::default() }).unwrap();
    let id = posternd.show(ALICE).unwrap().methods[0].id.clone();
    posternd.order::<Accounts>("RemoveMethod", &RemoveMethod { mailbox: ALICE.to_owned(), id }).unwrap();
    assert!(posternd.is_over(ALICE, &alice.standing));
    // The code that confirmed the enrolment was spent; the same secret is added again.
    let secret = Some(Secret::from(alice.secret.as_str()));
    let add = AddTotp { mailbox: ALICE.to_owned(), secret, ..AddTotp::default() };
    posternd.order::<TotpAdded>("AddTotp", &add).unwrap();
    let spent = code(&alice.secret, home.clock().now() - 30);
    assert_eq!(posternd.answer(ALICE, &spent).reason(), Some(Reason::Wrong));
    assert_eq!(posternd.answer(ALICE, &posternd.code(&alice)).reason(), None);
}

#[test]
fn a_name_never_becomes_both_an_account_and_an_alias() {
    let home = Home::new(Plan::default());
    let posternd = home.start_with_platform();
    posternd.enable("grace@example.com");
    for round in 0..20 {
        let name = format!("r{round}@example.com");
        let (alias, account) = thread::scope(|scope| {
            let alias = scope.spawn(|| posternd.add_aliases("grace@example.com", &[&name]));
            let account = scope.spawn(|| posternd.change(&name, Action::Enable));
            (alias.join().unwrap(), account.join().unwrap())
        });
        let own = posternd.accounts().iter().any(|account| account.mailbox == name);
        assert_eq!(alias.is_ok(), !own, "{name}: {alias:?} {account:?}");
    }
}

#[test]
fn a_clock_that_is_years_ahead_does_not_empty_the_audit_log() {
    let home = Home::with_clock();
    let (posternd, _) = home.start_with_alice();
    let entries = posternd.audit(None).len();
    posternd.stop();
    home.clock().advance(2 * 366 * 24 * 3600);
    let posternd = home.start();
    assert_eq!(posternd.audit(None).len(), entries);
    // Periodic work would delete them; the export of the new day shows that it has run.
    crate::wait_until("today's export", std::time::Duration::from_secs(20), || {
        files_below(&home.path("exports")).len() > 1
    });
    assert_eq!(posternd.audit(None).len(), entries);
}

#[test]
fn what_is_not_a_socket_stays_where_it_is() {
    let home = Home::new(Plan::default());
    std::fs::write(home.auth(), "precious").unwrap();
    let refused = home.try_start().err().unwrap();
    assert!(refused.contains("not a socket"), "{refused}");
    assert_eq!(std::fs::read_to_string(home.auth()).unwrap(), "precious");
}
