//! A disk that is full or read-only under a running daemon. A small file system is mounted for it, which only root
//! may; without that the tests say so and pass.

use crate::calls::{ALICE, Refuses, refusal};
use crate::home::{Home, Plan, Running};
use crate::{skipped, wait_until};
use postern_wire::admin::{Action, Refused};
use postern_wire::auth::{AskVerdict, Reason};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// In bytes: sled's log grows by 512 KiB, and recovery tries 2 MiB.
const SIZE: usize = 16 * 1024 * 1024;
/// More changes than that do not fit on it.
const CHANGES_MAX: usize = 20_000;
const RECOVERED_WITHIN: Duration = Duration::from_secs(20);

struct Mount(TempDir);

impl Mount {
    fn new() -> Option<Self> {
        let mount = Self(tempfile::tempdir().unwrap());
        let size = format!("size={SIZE}");
        if run(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "postern-test"]).arg(mount.path())) {
            return Some(mount);
        }
        skipped("a file system can't be mounted here (not root, or a container without the right)");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn remount(&self, option: &str) -> bool {
        run(Command::new("mount").args(["-o", &format!("remount,{option}")]).arg(self.path()))
    }

    fn fill(&self) {
        let mut file = File::create(self.path().join("filler")).unwrap();
        for block in [&[1; 65536][..], &[1; 512]] {
            while file.write_all(block).is_ok() {}
        }
    }

    fn free(&self) {
        fs::remove_file(self.path().join("filler")).unwrap();
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        run(Command::new("umount").arg("-l").arg(self.path()));
    }
}

fn run(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

fn home_on(mount: &Mount) -> Home {
    Home::new(Plan { disk: Some(mount.path()), clock: true, log: "debug,sled=trace", ..Plan::default() })
}

/// Changes until one is refused; how many were not.
fn change_until_refused(posternd: &Running<'_>, name: &str) -> (usize, Refused) {
    let change = |number| posternd.change(&format!("{name}{number}@example.com"), Action::Enable).err();
    (0..CHANGES_MAX).find_map(|number| Some((number, change(number)?))).expect("the disk does not fill")
}

#[test]
fn a_full_disk_refuses_what_it_cannot_keep_and_says_so() {
    let Some(mount) = Mount::new() else { return };
    let home = home_on(&mount);
    let posternd = home.start();
    posternd.make_platform();
    let alice = posternd.enrolled(ALICE);
    for round in 0..2 {
        mount.fill();
        let (kept, refused) = change_until_refused(&posternd, &format!("r{round}n"));
        assert_eq!(refused.reason, "store");
        let store = home.store().display().to_string();
        for says in [store.as_str(), "the disk is full. Free some space", "taken up again by itself"] {
            assert!(refused.message.contains(says), "{}", refused.message);
        }
        let mut bad = 0; let all = posternd_names(round, kept);
        for name in &all { if posternd.ask(name).reason().is_some() { bad += 1; } }
        eprintln!("EXPERIMENT asks refused: {bad} of {}", all.len());

        // Asking goes on; what would have to be written is refused, right or wrong, and is no "wrong code".
        assert!(matches!(posternd.ask(ALICE), AskVerdict::Challenge { .. }));
        assert!(matches!(posternd.ask("bob"), AskVerdict::NotRequired { .. }));
        let right = posternd.code(&alice);
        for code in [right.as_str(), "000000", alice.backup_codes[round].as_str()] {
            assert_eq!(refusal(posternd.answer(ALICE, code)).reason, Reason::Unavailable);
        }
        assert!(posternd.export().unwrap_err().message.contains("the disk is full"));

        mount.free();
        wait_until("the store takes writes again", RECOVERED_WITHIN, || posternd.status().trouble.is_empty());
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
fn a_disk_that_turns_read_only_is_named_and_survived() {
    let Some(mount) = Mount::new() else { return };
    let home = home_on(&mount);
    let posternd = home.start();
    posternd.make_platform();
    let alice = posternd.enrolled(ALICE);
    // The kernel does not turn a file system read-only under open files, so the daemon is given something to read
    // only in its next run; it must refuse to start, since it could count no wrong code.
    posternd.stop();
    assert!(mount.remount("ro"));
    let said = home.try_start().map(|_| ()).expect_err("it has started");
    assert!(said.contains("the file system is read-only"), "{said}");
    assert!(mount.remount("rw"));
    let posternd = home.start();
    assert_eq!(posternd.answer(ALICE, &posternd.code(&alice)).reason(), None);
    posternd.stop();
}

fn posternd_names(round: usize, kept: usize) -> Vec<String> { (0..=round).flat_map(|r| (0..if r == round { kept } else { 5 }).map(move |n| format!("r{r}n{n}@example.com"))).collect() }
