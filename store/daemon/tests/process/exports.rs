//! Exports and imports.

use crate::authenticator::code;
use crate::calls::{Refuses, connect, import};
use crate::home::{Home, Plan, Running};
use crate::people::ALICE;
use crate::wait_until;
use postern_wire::admin::{Account, State};
use postern_wire::auth::{AskVerdict, Reason};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Accounts of the export whose import is interrupted, and the aliases of each, which are written after all accounts.
const MANY: usize = 320;
const ALIASES: usize = 32;
/// Bytes in the store at the interruption: some of its records, but by far not all.
const BEGUN: u64 = 256 * 1024;
const MAKERS: usize = 8;

/// A home with the same master key and an empty store.
fn sister(home: &Home, clock: bool) -> Home {
    Home::new(Plan { key: Some(home.path("master.key")), clock, ..Plan::default() })
}

fn is_empty(posternd: &Running<'_>) -> bool {
    let status = posternd.status();
    posternd.accounts().is_empty() && status.platforms.is_empty() && posternd.audit(None).is_empty()
}

fn by_mailbox(accounts: Vec<Account>) -> BTreeMap<String, Account> {
    accounts.into_iter().map(|account| (account.mailbox.clone(), account)).collect()
}

#[test]
fn an_export_under_load_is_of_one_moment_and_restores() {
    let home = Home::with_clock();
    let (posternd, alice) = home.start_with_alice();
    posternd.add_aliases(ALICE, &["sales@example.com"]).unwrap();
    let stop = AtomicBool::new(false);
    let (before, text) = thread::scope(|scope| {
        for maker in 0..MAKERS {
            let (posternd, stop) = (&posternd, &stop);
            scope.spawn(move || {
                for number in (0..).take_while(|_| !stop.load(Ordering::Relaxed)) {
                    let mailbox = format!("m{maker}n{number}@example.com");
                    posternd.enable(&mailbox);
                    posternd.add_aliases(&mailbox, &[&format!("alias-{mailbox}")]).unwrap();
                }
            });
        }
        wait_until("some load", Duration::from_secs(20), || posternd.accounts().len() > 2 * MAKERS);
        let before = by_mailbox(posternd.accounts());
        let text = posternd.export();
        stop.store(true, Ordering::Relaxed);
        (before, text.unwrap())
    });
    let after = by_mailbox(posternd.accounts());

    let other = sister(&home, true);
    let restored = other.start();
    assert!(is_empty(&restored));
    let imported = restored.import(&text).unwrap().records;
    assert_eq!(imported, text.lines().count() as u64 - 2);
    let accounts = by_mailbox(restored.accounts());
    assert!(before.keys().all(|mailbox| accounts.contains_key(mailbox)), "what was there before the export began");
    for (mailbox, account) in &accounts {
        let source = &after[mailbox];
        // An alias may have been added after the export was taken; the account was then as it is here.
        assert!(account == source || account.aliases.is_empty() && account.state == source.state, "{account:?}");
        if let Some(alias) = account.aliases.first() {
            assert_eq!(restored.show(alias).unwrap().mailbox, *mailbox, "an account and its alias are of one moment");
        }
    }
    assert_eq!(restored.answer("sales", &code(&alice.secret, other.clock().now() + 30)).reason(), None);
    let again = restored.import(&text).unwrap_err();
    assert!(again.message.contains("the store is not empty") && again.message.contains("--existing-key"), "{again:?}");
    assert_eq!(restored.accounts().len(), accounts.len());
}

#[test]
fn an_export_that_was_tampered_with_is_refused_whole() {
    let home = Home::with_clock();
    let posternd = home.start_with_platform();
    for mailbox in [ALICE, "bob@example.com", "carol@example.com"] {
        posternd.enrolled(mailbox);
    }
    let text = posternd.export().unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let whole = |lines: &[&str]| lines.join("\n") + "\n";
    let with = |change: &dyn Fn(&mut Vec<&str>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        whole(&lines)
    };
    let (end, second) = (lines.len() - 1, lines[2]);
    let edited = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };
    let tampered = [
        ("cut at a line", with(&|lines| lines.truncate(end))),
        ("cut inside a line", text[..text.len() / 2].to_owned()),
        ("one record missing", with(&|lines| lines.retain(|line| *line != second))),
        ("two records exchanged", with(&|lines| lines.swap(1, 2))),
        ("one record twice", with(&|lines| lines.insert(1, lines[1]))),
        ("something behind it", with(&|lines| lines.push(lines[1]))),
        ("another name", edited("account/alice@", "account/alicf@")),
        ("another date", edited("\"created\":\"2026", "\"created\":\"2027")),
        ("another count", edited("{\"records\":", "{\"records\":1")),
        ("one bit", edited("\"sealed\":\"AQ", "\"sealed\":\"Ag")),
        ("a future format", edited("{\"postern_export\":1", "{\"postern_export\":2")),
        ("no export at all", "bob;alice\n".to_owned()),
        ("nothing", String::new()),
    ];
    let other = sister(&home, false);
    let restored = other.start();
    for (what, tampered) in &tampered {
        assert_ne!(*tampered, text, "{what}");
        let refused = restored.import(tampered).expect_err(what);
        assert!(refused.message.contains("Nothing was imported"), "{what}: {}", refused.message);
        assert!(is_empty(&restored), "{what}");
    }
    assert!(restored.import(&text).is_ok(), "the true one still is");
    let stranger = Home::new(Plan::default());
    let foreign = stranger.start();
    let refused = foreign.import(&text).unwrap_err();
    assert!(refused.message.contains("Nothing was imported"), "{}", refused.message);
    assert!(is_empty(&foreign));
}

/// Creates so much data that an import of it takes a while.
fn make_many(posternd: &Running<'_>) {
    thread::scope(|scope| {
        for maker in 0..MAKERS {
            scope.spawn(move || {
                for number in 0..MANY / MAKERS {
                    let mailbox = format!("m{maker}n{number}@example.com");
                    let aliases: Vec<String> = (0..ALIASES).map(|alias| format!("a{alias}{mailbox}")).collect();
                    posternd.enable(&mailbox);
                    posternd.add_aliases(&mailbox, &aliases.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
                }
            });
        }
    });
}

/// Accounts are written first, and platforms last: half an import would admit every user.
#[test]
fn every_name_is_refused_while_an_import_is_written() {
    let home = Home::new(Plan::default());
    let posternd = home.start_with_platform();
    make_many(&posternd);
    posternd.enable(ALICE);
    let text = posternd.export().unwrap();
    posternd.stop();
    let (names, key) = ("foreign = \"pass\"", Some(home.path("master.key")));
    let other = Home::new(Plan { names, key, ..Plan::default() });
    let restored = other.start();
    assert!(matches!(restored.ask(ALICE), AskVerdict::NotRequired { .. }), "nobody is known yet, and such names pass");
    let client = connect(&other.admin());
    let seen = thread::scope(|scope| {
        let importing = scope.spawn(|| import(client, &text));
        let mut seen = Vec::new();
        while !importing.is_finished() {
            seen.push(restored.ask(ALICE));
        }
        importing.join().unwrap().unwrap().unwrap();
        seen
    });
    let refused = seen.iter().position(|verdict| verdict.reason() == Some(Reason::Unavailable));
    let during = &seen[refused.expect("it was written without a moment in which names are refused")..];
    let lets_in = during.iter().find(|verdict| matches!(verdict, AskVerdict::NotRequired { .. }));
    assert!(lets_in.is_none(), "{lets_in:?} of {} verdicts", during.len());
    assert!(matches!(restored.ask(ALICE), AskVerdict::Enrol { .. }));
    let entries = restored.audit(None);
    assert_eq!(entries.iter().filter(|entry| entry.action == "import").count(), 1);
}

#[test]
fn an_import_that_is_killed_leaves_nothing_behind() {
    let home = Home::new(Plan::default());
    let posternd = home.start_with_platform();
    make_many(&posternd);
    let text = posternd.export().unwrap();
    posternd.stop();

    let other = sister(&home, false);
    let mut restored = other.start();
    for times in 1..=2 {
        let (client, before) = (connect(&other.admin()), restored.written());
        let outcome = thread::scope(|scope| {
            let importing = scope.spawn(|| import(client, &text));
            // The text is first written to a temporary file and checked; then it is written to the store.
            let enough = before + text.len() as u64 + BEGUN;
            wait_until("the first records", Duration::from_secs(60), || restored.written() > enough);
            restored.kill();
            importing.join().unwrap()
        });
        assert!(outcome.is_err(), "it was over before the daemon was killed");
        restored = other.start();
        assert_eq!(other.log().matches("an import was broken off").count(), times, "and it says so");
        assert!(is_empty(&restored), "what was written of it is taken out");
    }
    assert!(restored.import(&text).is_ok());
    assert_eq!(restored.status().accounts[&State::Enrolling.to_string()], MANY as u64);
}
