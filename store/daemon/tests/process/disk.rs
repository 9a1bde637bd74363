//! A disk that becomes full or read-only under a running daemon. A small file system is mounted for it, which requires
//! root; without root the tests say so and pass.

#[path = "../../../engine/tests/engine/mount.rs"]
mod mount;

use crate::calls::{Refuses, refusal};
use crate::home::{Home, Plan, Running};
use crate::people::ALICE;
use crate::wait_until;
use mount::Mount;
use postern_wire::admin::{Action, Empty, Keys, Refused, Status};
use postern_wire::auth::{AskVerdict, Reason};
use std::fs;
use std::time::Duration;

/// An upper limit of the changes that fit on the disk.
const CHANGES_MAX: usize = 20_000;
/// Accounts of the import that does not fit, and the free bytes that the store has for it.
const ACCOUNTS: usize = 600;
const SPARE: usize = 64 * 1024;
const RECOVERED_WITHIN: Duration = Duration::from_secs(20);

fn home_on(mount: &Mount) -> Home {
    Home::new(Plan { disk: Some(mount.path()), clock: true, ..Plan::default() })
}

/// Makes changes until one is refused; returns how many were not.
fn change_until_refused(posternd: &Running<'_>, name: &str) -> (usize, Refused) {
    let change = |number| posternd.change(&format!("{name}{number}@example.com"), Action::Enable).err();
    (0..CHANGES_MAX).find_map(|number| Some((number, change(number)?))).expect("the disk does not fill")
}

/// The store's error in the status.
fn trouble(posternd: &Running<'_>) -> String {
    posternd.order("Status", &Empty {}).map_or_else(|refused| refused.message, |status: Status| status.trouble)
}

fn live_through_a_full_disk(is_good: impl Fn(&AskVerdict) -> bool) {
    let Some(mount) = Mount::new() else { return };
    let home = home_on(&mount);
    let (posternd, alice) = home.start_with_alice();
    for round in 0..2 {
        // The code of the previous round was used.
        home.clock().advance(30);
        mount.fill();
        let (kept, refused) = change_until_refused(&posternd, &format!("r{round}n"));
        assert_eq!(refused.reason, "store");
        let store = home.store().display().to_string();
        for says in [store.as_str(), "the disk is full. Free some space", "taken up again by itself"] {
            assert!(refused.message.contains(says), "{}", refused.message);
        }
        assert!(trouble(&posternd).contains("the disk is full"));

        // An answer that requires a write is refused, right or wrong, and is not reported as a wrong code.
        let right = posternd.code(&alice);
        for code in [right.as_str(), "000000", alice.backup_codes[round].as_str()] {
            assert_eq!(refusal(posternd.answer(ALICE, code)).reason, Reason::Unavailable);
        }
        let verdict = posternd.ask(ALICE);
        assert!(is_good(&verdict), "{verdict:?}");
        assert!(posternd.export().unwrap_err().message.contains("the disk is full"));

        mount.free();
        wait_until("the store takes writes again", RECOVERED_WITHIN, || trouble(&posternd).is_empty());
        assert_eq!(posternd.answer(ALICE, &alice.backup_codes[round]).reason(), None);
        home.clock().advance(60);
        assert_eq!(posternd.answer(ALICE, &posternd.code(&alice)).reason(), None);
        for number in 0..kept {
            posternd.show(&format!("r{round}n{number}@example.com")).unwrap();
        }
    }
    posternd.kill();
    let posternd = home.start();
    assert!(matches!(posternd.ask(ALICE), AskVerdict::Challenge { .. }));
    posternd.stop();
}

#[test]
fn a_full_disk_refuses_what_it_cannot_keep_and_says_so() {
    // `Ask` continues to work, except when sled wants to split a page when it reads it (Tree::view_for_key), which
    // fails on a full disk: then sign-ins are refused until there is room. This is no "yes" either.
    live_through_a_full_disk(|verdict| {
        matches!(verdict, AskVerdict::Challenge { .. }) || verdict.reason() == Some(Reason::Unavailable)
    });
}

/// Starts a daemon on a small disk, imports more than fits, frees space, and then calls `then`.
fn after_a_broken_import(then: impl FnOnce(&Home, Running<'_>, &str)) {
    let Some(mount) = Mount::new() else { return };
    let source = Home::new(Plan::default());
    let posternd = source.start_with_platform();
    for number in 0..ACCOUNTS {
        posternd.enable(&format!("n{number}@example.com"));
    }
    let text = posternd.export().unwrap();
    let key = Some(source.path("master.key"));
    let home = Home::new(Plan { disk: Some(mount.path()), key, ..Plan::default() });
    let restored = home.start();
    // The text is first kept in an unnamed file next to the store: there is room for that.
    mount.fill_but(text.len() + SPARE);
    let refused = restored.import(&text).unwrap_err();
    assert!(refused.message.contains("the disk is full"), "{}", refused.message);
    mount.free();
    wait_until("the store takes writes again", RECOVERED_WITHIN, || trouble(&restored).is_empty());
    then(&home, restored, &text);
}

#[test]
fn an_import_that_a_full_disk_breaks_off_can_be_made_again() {
    after_a_broken_import(|home, restored, text| {
        assert_eq!(restored.import(text).unwrap().records, text.lines().count() as u64 - 2);
        restored.enable("after@example.com");
        restored.kill();
        assert_eq!(home.start().accounts().len(), ACCOUNTS + 1);
    });
}

#[test]
fn an_import_that_a_full_disk_breaks_off_can_be_given_up() {
    after_a_broken_import(|home, restored, _| {
        restored.make_platform();
        restored.enable("after@example.com");
        restored.kill();
        let accounts = home.start().accounts();
        let mailboxes: Vec<&str> = accounts.iter().map(|account| account.mailbox.as_str()).collect();
        assert_eq!(mailboxes, ["after@example.com"], "what came after it stays, and nothing of it does");
    });
}

/// With a full disk, it is unknown whether data is sealed under the key.
#[test]
fn a_store_that_a_full_disk_left_half_made_keeps_its_key() {
    let Some(mount) = Mount::new() else { return };
    let home = home_on(&mount);
    fs::remove_dir_all(home.store()).unwrap();
    fs::remove_file(home.path("master.key")).unwrap();
    mount.fill();
    let made = home.output(&["init"]);
    let said = String::from_utf8_lossy(&made.stderr).into_owned();
    assert!(!made.status.success() && home.store().exists(), "{said}");
    assert!(home.path("master.key").exists(), "{said}");
    assert!(said.contains("the master key stays") && said.contains("init --existing-key"), "{said}");
    // Follow the instructions of the message.
    mount.free();
    let key = fs::read(home.path("master.key")).unwrap();
    fs::remove_dir_all(home.store()).unwrap();
    assert!(home.output(&["init", "--existing-key"]).status.success());
    assert_eq!(fs::read(home.path("master.key")).unwrap(), key);
    home.start().stop();
    // If no store was created, the next attempt succeeds.
    fs::remove_dir_all(home.store()).unwrap();
    fs::remove_file(home.path("master.key")).unwrap();
    let config = fs::read_to_string(home.path("posternd.toml")).unwrap();
    let (store, nowhere) = (format!("{:?}", home.store()), format!("{:?}", home.path("posternd.toml").join("store")));
    fs::write(home.path("posternd.toml"), config.replace(&store, &nowhere)).unwrap();
    assert!(!home.output(&["init"]).status.success() && !home.path("master.key").exists());
}

#[test]
fn a_new_key_that_only_the_audit_log_does_not_know_is_said_to_be_in_use() {
    let Some(mount) = Mount::new() else { return };
    let home = home_on(&mount);
    let posternd = home.start_with_platform();
    mount.fill();
    change_until_refused(&posternd, "n");
    let refused = posternd.order::<Keys>("RotateKey", &Empty {}).unwrap_err();
    assert!(refused.message.contains("is in the file and in use") && refused.message.contains("Do not rotate again"));
    assert!(fs::read_to_string(home.path("master.key")).unwrap().lines().count() > 2, "and so it is");
    mount.free();
    wait_until("the store takes writes again", RECOVERED_WITHIN, || trouble(&posternd).is_empty());
    posternd.enable(ALICE);
    posternd.stop();
    home.start().show(ALICE).unwrap();
}

#[test]
fn a_disk_that_turns_read_only_is_named_and_survived() {
    let Some(mount) = Mount::new() else { return };
    let home = home_on(&mount);
    let (posternd, alice) = home.start_with_alice();
    // The kernel does not allow a file system to become read-only while files on it are open for writing. So this is
    // done while the daemon is stopped. Then it must not start, since it could not count wrong codes.
    posternd.stop();
    assert!(mount.remount("ro"));
    let said = home.try_start().map(|_| ()).expect_err("it has started");
    assert!(said.contains("the file system is read-only"), "{said}");
    assert!(mount.remount("rw"));
    let posternd = home.start();
    assert_eq!(posternd.answer(ALICE, &posternd.code(&alice)).reason(), None);
    posternd.stop();
}
