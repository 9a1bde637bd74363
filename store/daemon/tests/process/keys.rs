//! The master key is rotated while sign-ins continue.

use crate::calls::Refuses;
use crate::home::{Home, Running};
use crate::people::ALICE;
use crate::wait_until;
use postern_wire::admin::{Empty, Keys};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Time limit for all records to be resealed under the new key.
const SOON: Duration = Duration::from_secs(20);
/// Number of accounts whose records have to be resealed.
const MANY: usize = 300;

impl Running<'_> {
    fn keys(&self) -> Keys {
        self.order("ListKeys", &Empty {}).unwrap()
    }

    fn is_sealed_anew(&self) -> bool {
        let keys = self.keys();
        keys.keys.iter().all(|key| key.id == keys.active || key.records == 0)
    }

    fn make_accounts(&self) {
        for number in 0..MANY {
            let mailbox = format!("user{number}@example.com");
            self.change(&mailbox, postern_wire::admin::Action::Enable).unwrap();
        }
    }
}

#[test]
fn a_new_key_seals_everything_while_people_sign_in() {
    let home = Home::with_clock();
    let (posternd, alice) = home.start_with_alice();
    posternd.make_accounts();
    let before = fs::metadata(home.path("master.key")).unwrap();
    let (done, first_text) = (AtomicBool::new(false), fs::read_to_string(home.path("master.key")).unwrap());
    std::thread::scope(|scope| {
        let signing_in = scope.spawn(|| {
            let mut count = 0;
            while !done.load(Ordering::SeqCst) {
                home.clock().advance(30);
                assert_eq!(posternd.answer(ALICE, &posternd.code(&alice)).reason(), None, "sign-in {count}");
                count += 1;
            }
            count
        });
        let keys: Keys = posternd.order("RotateKey", &Empty {}).unwrap();
        assert_eq!((keys.active, keys.keys.len()), (2, 2));
        wait_until("all is sealed under the new key", SOON, || posternd.is_sealed_anew());
        done.store(true, Ordering::SeqCst);
        assert!(signing_in.join().unwrap() > 0);
    });
    assert_eq!(posternd.status().key_id, 2);
    assert_eq!(posternd.status().accounts.values().sum::<u64>(), MANY as u64 + 1);
    // The file holds both keys, for earlier exports, and only its owner can read it.
    let text = fs::read_to_string(home.path("master.key")).unwrap();
    assert!(first_text.lines().filter(|line| line.starts_with("1 ")).all(|line| text.contains(line)));
    let after = fs::metadata(home.path("master.key")).unwrap();
    assert_eq!((after.mode() & 0o777, after.uid()), (0o600, before.uid()));
    let actions: Vec<_> = posternd.audit(None).into_iter().map(|entry| entry.action).collect();
    assert!(actions.iter().any(|action| action == "rotate master key"));
    posternd.kill();
    let posternd = home.start();
    home.clock().advance(30);
    assert_eq!(posternd.answer(ALICE, &posternd.code(&alice)).reason(), None);
    // Everything opens without the first key: no record is sealed under it any more.
    let without: String = text.lines().filter(|line| !line.starts_with("1 ")).map(|line| format!("{line}\n")).collect();
    posternd.stop();
    fs::write(home.path("master.key"), without).unwrap();
    let posternd = home.start();
    assert_eq!(posternd.accounts().len(), MANY + 1);
    posternd.stop();
}

#[test]
fn a_key_that_was_added_by_hand_is_taken_up_at_the_start_also_after_a_crash() {
    let home = Home::with_clock();
    let posternd = home.start_with_platform();
    posternd.make_accounts();
    posternd.stop();
    let added = home.output(&["add-key"]);
    assert!(added.status.success() && String::from_utf8_lossy(&added.stdout).contains("master key, 2"), "{added:?}");
    // Most likely, this kills it during the resealing.
    home.start().kill();
    let posternd = home.start();
    wait_until("all is sealed under the new key", SOON, || posternd.is_sealed_anew());
    assert_eq!((posternd.keys().active, posternd.accounts().len()), (2, MANY));
    posternd.stop();
}

#[test]
fn a_file_that_cannot_be_replaced_changes_nothing() {
    let home = Home::with_clock();
    let posternd = home.start_with_platform();
    fs::remove_file(home.path("master.key")).unwrap();
    let refused = posternd.order::<Keys>("RotateKey", &Empty {}).unwrap_err();
    assert!(refused.reason == "key_file" && refused.message.contains("Nothing has changed"), "{refused:?}");
    assert_eq!(posternd.keys().active, 1);
    posternd.enrolled(ALICE);
    posternd.kill();
}
