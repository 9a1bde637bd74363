//! A disk that fills up or turns read-only: refusals that say so, and recovery without a restart.
//!
//! They mount a small file system of their own, which only root may; without that they say so and pass.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use postern_engine::{Change, Engine, EngineError, OpenError, SledEngine};
use tempfile::TempDir;

use crate::{all, put, wait};

/// Of the file system, in bytes: sled's log grows by 512 KiB, and recovery tries 2 MiB.
const SIZE: usize = 16 * 1024 * 1024;
/// The store must find a disk that it can write to again within this time, in steps of [`LOOK_EVERY`].
const RECOVERED_WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);

struct Mount(TempDir);

impl Mount {
    #[expect(clippy::print_stderr, reason = "what could not be checked is said")]
    fn new() -> Option<Self> {
        let mount = Self(tempfile::tempdir().unwrap());
        if run(Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={SIZE}"), "postern-test"])
            .arg(mount.path()))
        {
            return Some(mount);
        }
        eprintln!("skipped: a file system can't be mounted here (not root, or a container without the right)");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn remount(&self, option: &str) {
        assert!(run(Command::new("mount").args(["-o", &format!("remount,{option}")]).arg(self.path())));
    }

    /// Takes all the room there is.
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

/// Writes until that is refused; what was acknowledged, and the refusal.
fn write_until_refused(engine: &SledEngine, from: usize) -> (usize, EngineError) {
    for number in from.. {
        if let Err(refusal) = put(engine, "counter", format!("{number}").repeat(500)) {
            return (number - 1, refusal);
        }
    }
    unreachable!("the loop has no end")
}

fn counter(engine: &SledEngine) -> Vec<u8> {
    engine.load(b"counter").unwrap().unwrap().0
}

#[test]
fn a_full_disk_is_named_and_survived() {
    let Some(mount) = Mount::new() else { return };
    let path = mount.path().join("store");
    let engine = SledEngine::init(&path).unwrap();
    put(&engine, "other", "kept").unwrap();
    let mut last = 0;
    for _ in 0..3 {
        mount.fill();
        let (acknowledged, refusal) = write_until_refused(&engine, last + 1);
        assert!(matches!(refusal, EngineError::Unavailable(_)), "{refusal}");
        assert!(refusal.to_string().contains("the disk is full. Free some space"), "{refusal}");
        assert!(engine.health().unwrap_err().to_string().contains("the disk is full"));

        // Readers go on with what is durable: the write that failed is not shown.
        let expected = format!("{acknowledged}").repeat(500).into_bytes();
        assert_eq!(acknowledged > 0, engine.load(b"counter").unwrap().is_some());
        assert!(acknowledged == 0 || counter(&engine) == expected);
        assert_eq!(engine.load(b"other").unwrap().unwrap().0, b"kept");
        assert!(put(&engine, "other", "changed").is_err());
        assert!(wait(engine.snapshot(Box::new(|_| Ok(())))).is_err());

        mount.free();
        // The very next write finds the disk free.
        last = acknowledged + 1;
        put(&engine, "counter", format!("{last}").repeat(500)).unwrap();
        engine.health().unwrap();
    }
    drop(engine);
    let (engine, _) = SledEngine::open(&path).unwrap();
    assert_eq!(counter(&engine), format!("{last}").repeat(500).into_bytes());
    assert_eq!(engine.load(b"other").unwrap().unwrap().0, b"kept");
    assert_eq!(all(&engine).len(), 2);
}

#[test]
fn a_store_that_nobody_writes_to_recovers_too() {
    let Some(mount) = Mount::new() else { return };
    let engine = SledEngine::init(&mount.path().join("store")).unwrap();
    mount.fill();
    let (acknowledged, _) = write_until_refused(&engine, 1);
    mount.free();
    let looks = RECOVERED_WITHIN.as_millis() / LOOK_EVERY.as_millis();
    let recovered = (0..looks).any(|_| {
        std::thread::sleep(LOOK_EVERY);
        engine.health().is_ok()
    });
    assert!(recovered, "{:?}", engine.health());
    // The write that failed may be there now: nobody was told that it is not.
    let number = counter(&engine);
    let possible = [acknowledged, acknowledged + 1].map(|number| format!("{number}").repeat(500).into_bytes());
    assert!(possible.contains(&number));
}

#[test]
fn commits_of_one_batch_fail_together() {
    let Some(mount) = Mount::new() else { return };
    let engine = SledEngine::init(&mount.path().join("store")).unwrap();
    mount.fill();
    write_until_refused(&engine, 1);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let pending: Vec<_> =
            (0..50).map(|n| tokio::spawn(engine.commit(vec![Change::create(format!("k{n}"), "v")]))).collect();
        for answer in pending {
            assert!(matches!(answer.await.unwrap(), Err(EngineError::Unavailable(_))));
        }
    });
    mount.free();
    for n in 0..50 {
        put(&engine, &format!("k{n}"), "v").unwrap();
    }
}

#[test]
fn a_store_on_a_full_disk_stays_shut_and_whole() {
    let Some(mount) = Mount::new() else { return };
    let path = mount.path().join("store");
    let engine = SledEngine::init(&path).unwrap();
    for number in 0..200 {
        put(&engine, &format!("record/{number}"), [7; 1000]).unwrap();
    }
    drop(engine);
    mount.fill();
    let refusal = SledEngine::open(&path).unwrap_err();
    assert!(refusal.to_string().contains("the disk is full. Free some space"), "{refusal}");
    mount.free();
    let (engine, _) = SledEngine::open(&path).unwrap();
    assert_eq!(all(&engine).len(), 200);
}

#[test]
fn a_read_only_disk_is_named_and_left_as_it_is() {
    let Some(mount) = Mount::new() else { return };
    let path = mount.path().join("store");
    let engine = SledEngine::init(&path).unwrap();
    put(&engine, "a", "1").unwrap();
    drop(engine);
    mount.remount("ro");
    let refusal = SledEngine::open(&path).unwrap_err();
    assert!(
        matches!(&refusal, OpenError::Io { error, .. } if error.kind() == io::ErrorKind::ReadOnlyFilesystem),
        "{refusal}"
    );
    assert!(refusal.to_string().contains("the file system is read-only"), "{refusal}");
    let refusal = SledEngine::init(&mount.path().join("other")).unwrap_err();
    assert!(refusal.to_string().contains("the file system is read-only"), "{refusal}");
    mount.remount("rw");
    let (engine, repairs) = SledEngine::open(&path).unwrap();
    assert_eq!(repairs, []);
    assert_eq!(engine.load(b"a").unwrap().unwrap().0, b"1");
}
