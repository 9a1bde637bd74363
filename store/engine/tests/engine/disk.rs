//! A disk that fills up or turns read-only: refusals that say so, and recovery without a restart.
//!
//! They mount a small file system of their own, which only root may; without that they say so and pass.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::mount::Mount;
use crate::{all, put, wait};
use postern_engine::{Change, Engine, EngineError, OpenError, SledEngine};

/// The store must find a disk that it can write to again within this time, in steps of [`LOOK_EVERY`].
const RECOVERED_WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A new store on a small file system; none where nothing can be mounted.
fn engine_on_a_mount() -> Option<(Mount, PathBuf, SledEngine)> {
    let mount = Mount::new()?;
    let path = mount.path().join("store");
    let engine = SledEngine::init(&path).unwrap();
    Some((mount, path, engine))
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
    wait(engine.load(b"counter")).unwrap().unwrap().0
}

#[test]
fn a_full_disk_is_named_and_survived() {
    let Some((mount, path, engine)) = engine_on_a_mount() else { return };
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
        assert_eq!(acknowledged > 0, wait(engine.load(b"counter")).unwrap().is_some());
        assert!(acknowledged == 0 || counter(&engine) == expected);
        assert_eq!(wait(engine.load(b"other")).unwrap().unwrap().0, b"kept");
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
    assert_eq!(wait(engine.load(b"other")).unwrap().unwrap().0, b"kept");
    assert_eq!(all(&engine).len(), 2);
}

#[test]
fn a_store_that_nobody_writes_to_recovers_too() {
    let Some((mount, _, engine)) = engine_on_a_mount() else { return };
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
    let Some((mount, _, engine)) = engine_on_a_mount() else { return };
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
    let Some((mount, path, engine)) = engine_on_a_mount() else { return };
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
    let Some((mount, path, engine)) = engine_on_a_mount() else { return };
    put(&engine, "a", "1").unwrap();
    drop(engine);
    assert!(mount.remount("ro"));
    let refusal = SledEngine::open(&path).unwrap_err();
    assert!(
        matches!(&refusal, OpenError::Io { error, .. } if error.kind() == io::ErrorKind::ReadOnlyFilesystem),
        "{refusal}"
    );
    assert!(refusal.to_string().contains("the file system is read-only"), "{refusal}");
    let refusal = SledEngine::init(&mount.path().join("other")).unwrap_err();
    assert!(refusal.to_string().contains("the file system is read-only"), "{refusal}");
    assert!(mount.remount("rw"));
    let (engine, repairs) = SledEngine::open(&path).unwrap();
    assert_eq!(repairs, []);
    assert_eq!(wait(engine.load(b"a")).unwrap().unwrap().0, b"1");
}
