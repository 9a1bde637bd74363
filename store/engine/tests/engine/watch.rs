//! What watchers are told; run on each engine.

use crate::contract::{done, on_each_engine};
use crate::{all, put, wait};
use postern_engine::{Change, Engine, EngineError, Key, Revision, SledEngine, Swap, Told, Watch};
use std::collections::BTreeMap;
use std::thread;

/// Writes that no watcher can be behind.
const TOO_MANY: usize = 1_100;

fn watch(engine: &dyn Engine) -> Watch {
    wait(engine.watch()).unwrap()
}

/// What comes next; the test fails by waiting for ever where nothing does.
fn next(watch: &mut Watch) -> Result<Told, EngineError> {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(watch.next())
}

/// The keys and revisions that are told until `last` was written.
fn until(watch: &mut Watch, last: &[u8]) -> Vec<(Key, Revision)> {
    let mut seen = Vec::new();
    loop {
        let Told::Written(written) = next(watch).unwrap() else { panic!("nothing is missed") };
        seen.extend(written.keys.iter().map(|key| (key.clone(), written.revision)));
        if written.keys.iter().any(|key| key == last) {
            return seen;
        }
    }
}

#[test]
fn what_is_committed_after_a_watch_began_is_told_once_in_order() {
    on_each_engine(|engine| {
        let engine = &*engine;
        let before = done(engine, [Change::create(b"before", b"")]);
        let mut watch = watch(engine);
        let both = done(engine, [Change::create(b"a", b"1"), Change::create(b"b", b"1")]);
        assert!(matches!(wait(engine.commit(vec![Change::create(b"a", b"2")])), Ok(Swap::Conflict { .. })));
        // An expectation writes nothing, so no watcher is told of its key.
        let conditions = [Change::expect(b"free", None), Change::expect(b"b", Some(both))];
        done(engine, conditions.clone());
        let next = done(engine, [&conditions[..], &[Change::update(b"a", both, b"3")]].concat());
        let gone = done(engine, [Change::delete(b"b", both), Change::create(b"last", b"")]);
        let told = until(&mut watch, b"last");
        let wanted = [(b"a", both), (b"b", both), (b"a", next), (b"b", gone)].map(|(key, it)| (key.to_vec(), it));
        assert_eq!(told, [&wanted[..], &[(b"last".to_vec(), gone)]].concat());
        assert!(before < both && both < next && next < gone, "revisions grow");
    });
}

#[test]
fn what_is_told_can_be_read() {
    on_each_engine(|engine| {
        let engine = &*engine;
        let mut watch = watch(engine);
        let revision = done(engine, [Change::create(b"a", b"1")]);
        until(&mut watch, b"a");
        assert_eq!(wait(engine.load(b"a")).unwrap(), Some((b"1".to_vec(), revision)));
    });
}

#[test]
fn each_of_many_writers_is_told_of_once() {
    const WRITERS: usize = 8;
    const EACH: usize = 40;
    on_each_engine(|engine| {
        let mut watch = watch(&*engine);
        thread::scope(|scope| {
            for writer in 0..WRITERS {
                let engine = &engine;
                scope.spawn(move || {
                    (0..EACH).for_each(|n| {
                        put(&**engine, &format!("{writer}/{n}"), "x").unwrap();
                    });
                });
            }
        });
        put(&*engine, "last", "").unwrap();
        let told = until(&mut watch, b"last");
        assert!(told.windows(2).all(|two| two[0].1 <= two[1].1), "in order");
        let stored: BTreeMap<_, _> = all(&*engine).into_iter().map(|entry| (entry.key, entry.revision)).collect();
        assert_eq!((told.len(), told.into_iter().collect::<BTreeMap<_, _>>()), (stored.len(), stored));
    });
}

#[test]
fn a_slow_watcher_is_told_that_it_has_missed_some_and_hears_what_comes_then() {
    on_each_engine(|engine| {
        let engine = &*engine;
        let mut watch = watch(engine);
        let mut revision = done(engine, [Change::create(b"a", b"")]);
        for _ in 0..TOO_MANY {
            revision = done(engine, [Change::update(b"a", revision, b"")]);
        }
        put(engine, "last", "").unwrap();
        assert_eq!(next(&mut watch).unwrap(), Told::Missed);
        let told = until(&mut watch, b"last");
        assert!(told.contains(&(b"a".to_vec(), revision)), "the newest are still there");
    });
}

#[test]
fn a_watch_ends_with_the_engine() {
    let dir = tempfile::tempdir().unwrap();
    let engine = SledEngine::init(&dir.path().join("store")).unwrap();
    let mut watch = watch(&engine);
    put(&engine, "a", "1").unwrap();
    engine.close();
    assert!(matches!(next(&mut watch), Ok(Told::Written(_))), "what was written is told before");
    assert!(matches!(next(&mut watch), Err(EngineError::Closed)));
    assert!(matches!(wait(engine.watch()), Err(EngineError::Closed)));
}
