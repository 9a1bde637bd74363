//! What every engine promises; run on each.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::sync::{Arc, Mutex};
use std::thread;

use postern_engine::{
    CHANGES_MAX, Change, EXPECTED_MAX, Engine, EngineError, KEY_LEN_MAX, MemoryEngine, Next, Revision, SledEngine,
    Swap, VALUE_LEN_MAX,
};
use proptest::prelude::*;

use crate::{all, put, wait};

pub(crate) fn on_each_engine(test: impl Fn(Arc<dyn Engine>)) {
    test(Arc::new(MemoryEngine::new()));
    let dir = tempfile::tempdir().unwrap();
    test(Arc::new(SledEngine::init(&dir.path().join("store")).unwrap()));
}

fn commit(engine: &dyn Engine, changes: impl Into<Vec<Change>>) -> Swap {
    wait(engine.commit(changes.into())).unwrap()
}

pub(crate) fn done(engine: &dyn Engine, changes: impl Into<Vec<Change>>) -> Revision {
    match commit(engine, changes) {
        Swap::Done(revision) => revision,
        Swap::Conflict { key } => panic!("conflict at {}", key.escape_ascii()),
    }
}

fn conflict(key: &[u8]) -> Swap {
    Swap::Conflict { key: key.to_vec() }
}

#[test]
fn a_record_is_made_read_changed_and_removed() {
    on_each_engine(|engine| {
        let engine = &*engine;
        assert_eq!(wait(engine.load(b"a")).unwrap(), None);
        let first = done(engine, [Change::create(b"a", b"one")]);
        assert_eq!(wait(engine.load(b"a")).unwrap(), Some((b"one".to_vec(), first)));
        let second = done(engine, [Change::update(b"a", first, b"two")]);
        assert_eq!(wait(engine.load(b"a")).unwrap(), Some((b"two".to_vec(), second)));
        done(engine, [Change::delete(b"a", second)]);
        assert_eq!(wait(engine.load(b"a")).unwrap(), None);
        engine.health().unwrap();
    });
}

#[test]
fn only_the_expected_revision_is_replaced() {
    on_each_engine(|engine| {
        let engine = &*engine;
        let first = done(engine, [Change::create(b"a", b"one")]);
        assert_eq!(commit(engine, [Change::create(b"a", b"other")]), conflict(b"a"));
        let second = done(engine, [Change::update(b"a", first, b"one")]);
        assert_ne!(first, second, "the same bytes, but another write");
        assert_eq!(commit(engine, [Change::update(b"a", first, b"late")]), conflict(b"a"));
        assert_eq!(commit(engine, [Change::delete(b"a", first)]), conflict(b"a"));
        assert_eq!(commit(engine, [Change::update(b"none", second, b"x")]), conflict(b"none"));
        assert_eq!(wait(engine.load(b"a")).unwrap(), Some((b"one".to_vec(), second)));
    });
}

#[test]
fn a_revision_does_not_come_back_with_a_record_made_anew() {
    on_each_engine(|engine| {
        let engine = &*engine;
        let mut seen = HashSet::new();
        for _ in 0..5 {
            let revision = done(engine, [Change::create(b"a", b"same")]);
            assert!(seen.insert(revision));
            done(engine, [Change::delete(b"a", revision)]);
        }
    });
}

#[test]
fn several_keys_change_together_or_not_at_all() {
    on_each_engine(|engine| {
        let engine = &*engine;
        let both = done(engine, [Change::create(b"a", b"1"), Change::create(b"b", b"1")]);
        let later = done(engine, [Change::update(b"b", both, b"2")]);
        let stale = [Change::update(b"a", both, b"3"), Change::update(b"b", both, b"3"), Change::create(b"c", b"3")];
        assert_eq!(commit(engine, stale), conflict(b"b"));
        assert_eq!(wait(engine.load(b"a")).unwrap(), Some((b"1".to_vec(), both)));
        assert_eq!(wait(engine.load(b"c")).unwrap(), None);
        let mixed = [Change::delete(b"a", both), Change::update(b"b", later, b"4"), Change::create(b"c", b"4")];
        let revision = done(engine, mixed);
        let left: Vec<_> = all(engine).into_iter().map(|entry| (entry.key, entry.value, entry.revision)).collect();
        assert_eq!(left, [(b"b".to_vec(), b"4".to_vec(), revision), (b"c".to_vec(), b"4".to_vec(), revision)]);
    });
}

#[test]
fn a_free_key_can_be_a_condition() {
    on_each_engine(|engine| {
        let engine = &*engine;
        let free = |key: &[u8]| Change::expect(key, None);
        done(engine, [free(b"alias"), Change::create(b"a", b"1")]);
        assert_eq!(wait(engine.load(b"alias")).unwrap(), None);
        assert_eq!(commit(engine, [free(b"a"), Change::create(b"b", b"1")]), conflict(b"a"));
        assert_eq!(wait(engine.load(b"b")).unwrap(), None);
        // Removing what is not there is the same expectation.
        let none = |key: &[u8]| Change { key: key.to_vec(), expected: None, next: Next::Gone };
        done(engine, [none(b"alias")]);
        assert_eq!(commit(engine, [none(b"a")]), conflict(b"a"));
    });
}

#[test]
fn a_record_that_stays_as_it_was_read_can_be_a_condition() {
    on_each_engine(|engine| {
        let engine = &*engine;
        let read = done(engine, [Change::create(b"a", b"1")]);
        let written = done(engine, [Change::expect(b"a", Some(read)), Change::create(b"b", b"1")]);
        assert_eq!(wait(engine.load(b"a")).unwrap(), Some((b"1".to_vec(), read)), "it is not written");
        let changed = done(engine, [Change::update(b"a", read, b"2")]);
        let late = [Change::update(b"b", written, b"2"), Change::expect(b"a", Some(read)), Change::create(b"c", b"")];
        assert_eq!(commit(engine, late), conflict(b"a"));
        assert_eq!(wait(engine.load(b"b")).unwrap(), Some((b"1".to_vec(), written)));
        done(engine, [Change::delete(b"a", changed)]);
        assert_eq!(commit(engine, [Change::expect(b"a", Some(changed)), Change::create(b"c", b"")]), conflict(b"a"));
        assert_eq!(wait(engine.load(b"c")).unwrap(), None);
    });
}

#[test]
fn a_commit_can_consist_of_conditions_alone() {
    on_each_engine(|engine| {
        let engine = &*engine;
        let read = done(engine, [Change::create(b"a", b"1")]);
        done(engine, [Change::expect(b"a", Some(read)), Change::expect(b"b", None)]);
        assert_eq!(commit(engine, [Change::expect(b"b", None), Change::expect(b"a", None)]), conflict(b"a"));
        assert_eq!(commit(engine, [Change::expect(b"b", Some(read))]), conflict(b"b"));
        let next = done(engine, [Change::update(b"a", read, b"2")]);
        assert!(next > read);
        assert_eq!(all(engine).len(), 1);
    });
}

/// Two that each check what the other writes: without the expectations, both would succeed.
#[test]
fn of_two_commits_that_each_expect_the_other_s_key_to_be_free_one_wins() {
    const ROUNDS: usize = 20;
    on_each_engine(|engine| {
        let engine = &*engine;
        for round in 0..ROUNDS {
            let [account, alias] = ["account", "alias"].map(|kind| format!("{kind}/{round}"));
            let pair = |own: &str, other: &str| vec![Change::expect(other, None), Change::create(own, b"1")];
            let commits = [engine.commit(pair(&account, &alias)), engine.commit(pair(&alias, &account))];
            let won = commits.map(|commit| matches!(wait(commit).unwrap(), Swap::Done(_)));
            assert_eq!(won, [true, false], "the first was decided first");
            let swaps: Vec<Swap> = thread::scope(|scope| {
                let keys =
                    [("x", "y"), ("y", "x")].map(|(own, other)| (format!("{own}/{round}"), format!("{other}/{round}")));
                let writers = keys.map(|(own, other)| scope.spawn(move || commit(engine, pair(&own, &other))));
                writers.map(|writer| writer.join().unwrap()).into()
            });
            assert_eq!(swaps.iter().filter(|swap| matches!(swap, Swap::Done(_))).count(), 1, "{swaps:?}");
        }
    });
}

#[test]
fn a_scan_is_ordered_bounded_by_its_prefix_and_paged() {
    on_each_engine(|engine| {
        let engine = &*engine;
        let names: Vec<String> = (0..100).map(|n| format!("account/{n:03}")).collect();
        for page in names.chunks(CHANGES_MAX) {
            let changes: Vec<_> = page.iter().map(|name| Change::create(name.as_bytes(), name.as_bytes())).collect();
            done(engine, changes);
        }
        for beside in ["account", "account0", "alias/1", "\u{10ffff}"] {
            put(engine, beside, "beside").unwrap();
        }
        let mut found = Vec::new();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = wait(engine.scan(b"account/", after.as_deref(), 7)).unwrap();
            assert!(page.len() <= 7);
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            found.extend(page.into_iter().map(|entry| String::from_utf8(entry.value).unwrap()));
        }
        assert_eq!(found, names);
        assert_eq!(wait(engine.scan(b"account/", None, 0)).unwrap(), []);
        assert_eq!(wait(engine.scan(b"none/", None, 10)).unwrap(), []);
        assert_eq!(wait(engine.scan(b"account/", Some(b"zzz"), 10)).unwrap(), []);
        assert_eq!(wait(engine.scan(b"account/", Some(b"a"), 1)).unwrap()[0].key, b"account/000");
        assert_eq!(all(engine).len(), 104);
    });
}

#[test]
fn of_twenty_writers_on_one_revision_exactly_one_wins() {
    const WRITERS: usize = 20;
    const ROUNDS: usize = 20;
    on_each_engine(|engine| {
        let mut revision = done(&*engine, [Change::create(b"a", b"start")]);
        for round in 0..ROUNDS {
            let swaps: Vec<Swap> = thread::scope(|scope| {
                let writers: Vec<_> = (0..WRITERS)
                    .map(|writer| {
                        let change = Change::update(b"a", revision, format!("{round}/{writer}"));
                        scope.spawn(|| commit(&*engine, [change]))
                    })
                    .collect();
                writers.into_iter().map(|writer| writer.join().unwrap()).collect()
            });
            let won: Vec<_> =
                swaps.iter().filter_map(|swap| if let Swap::Done(won) = swap { Some(*won) } else { None }).collect();
            assert_eq!(won.len(), 1, "{swaps:?}");
            assert_eq!(wait(engine.load(b"a")).unwrap().unwrap().1, won[0]);
            revision = won[0];
        }
    });
}

#[test]
fn what_breaks_a_limit_is_refused_and_nothing_of_it_written() {
    on_each_engine(|engine| {
        let engine = &*engine;
        let good = Change::create(b"good", b"");
        let refused = |bad: Vec<Change>| {
            let refusal = wait(engine.commit(bad)).unwrap_err();
            assert!(matches!(refusal, EngineError::Limit(_)), "{refusal}");
            assert_eq!(all(engine), []);
        };
        refused(vec![]);
        refused(vec![good.clone(), Change::create(b"", b"")]);
        refused(vec![good.clone(), Change::create(b"\0own", b"")]);
        refused(vec![good.clone(), Change::create([b'k'; KEY_LEN_MAX + 1], b"")]);
        refused(vec![good.clone(), Change::create(b"v", [0; VALUE_LEN_MAX + 1])]);
        refused(vec![good.clone(), good.clone()]);
        refused((0..=CHANGES_MAX).map(|n| Change::create(format!("{n}"), b"")).collect());
        refused((0..=EXPECTED_MAX).map(|n| Change::expect(format!("{n}"), None)).collect());
        refused(vec![good.clone(), Change::expect(b"good", None)]);

        let most = [Change::create([b'k'; KEY_LEN_MAX], [7; VALUE_LEN_MAX]), Change::create(b"empty", b"")];
        done(engine, most);
        assert_eq!(wait(engine.load(&[b'k'; KEY_LEN_MAX])).unwrap().unwrap().0, [7; VALUE_LEN_MAX]);
        assert_eq!(wait(engine.load(b"empty")).unwrap().unwrap().0, b"");
        assert_eq!(wait(engine.load(b"\0tally")).unwrap(), None, "the engine's own records are nobody's");
    });
}

#[test]
fn many_of_the_largest_values_stay_whole() {
    on_each_engine(|engine| {
        let value = |n: u8| vec![n; VALUE_LEN_MAX];
        for n in 0..60 {
            put(&*engine, &format!("large/{n:02}"), value(n)).unwrap();
        }
        for (n, entry) in (0..60).zip(all(&*engine)) {
            assert!(entry.value == value(n), "record {n}");
        }
    });
}

#[test]
fn a_snapshot_shows_everything_once_in_order() {
    on_each_engine(|engine| {
        for n in 0..50 {
            put(&*engine, &format!("record/{n:02}"), format!("{n}")).unwrap();
        }
        let shown = Arc::new(Mutex::new(Vec::new()));
        let into = shown.clone();
        let count = wait(engine.snapshot(Box::new(move |entry| {
            into.lock().unwrap().push(entry.clone());
            Ok(())
        })));
        assert_eq!(count.unwrap(), 50);
        assert_eq!(*shown.lock().unwrap(), all(&*engine));

        let mut left = 3;
        let broken = wait(engine.snapshot(Box::new(move |_| {
            left -= 1;
            if left == 0 { Err(io::Error::other("no paper")) } else { Ok(()) }
        })));
        assert!(matches!(&broken, Err(EngineError::Visitor(error)) if error.to_string() == "no paper"), "{broken:?}");
        put(&*engine, "after", "the snapshot").unwrap();
    });
}

/// Transfers between two records keep their sum; a snapshot must never show one without the other.
#[test]
fn a_snapshot_is_of_one_moment() {
    on_each_engine(|engine| {
        let mut revision = done(&*engine, [Change::create(b"a", b"0"), Change::create(b"b", b"0")]);
        let mut moved = Vec::new();
        for n in 1..50 {
            let value = format!("{n}");
            let change =
                [Change::update(b"a", revision, value.as_str()), Change::update(b"b", revision, value.as_str())];
            let (sender, seen) = std::sync::mpsc::channel();
            let snapshot =
                engine.snapshot(Box::new(move |entry| sender.send(entry.value.clone()).map_err(io::Error::other)));
            let commit = engine.commit(change.into());
            let (snapshot, swap) = thread::scope(|scope| {
                let snapshot = scope.spawn(|| wait(snapshot).unwrap());
                let swap = scope.spawn(|| wait(commit).unwrap());
                (snapshot.join().unwrap(), swap.join().unwrap())
            });
            assert_eq!(snapshot, 2);
            let Swap::Done(next) = swap else { panic!("nobody else writes") };
            revision = next;
            moved.push(seen.into_iter().collect::<Vec<_>>());
        }
        assert!(moved.iter().all(|seen| seen.len() == 2 && seen[0] == seen[1]), "{moved:?}");
    });
}

#[test]
fn a_closed_store_refuses_and_lets_go_of_its_files() {
    let dir = tempfile::tempdir().unwrap();
    let engine = SledEngine::init(&dir.path().join("store")).unwrap();
    put(&engine, "a", "1").unwrap();
    engine.close();
    assert!(matches!(wait(engine.load(b"a")), Err(EngineError::Closed)));
    assert!(matches!(wait(engine.scan(b"", None, 1)), Err(EngineError::Closed)));
    assert!(matches!(engine.health(), Err(EngineError::Closed)));
    assert!(matches!(wait(engine.commit(vec![Change::create(b"b", b"")])), Err(EngineError::Closed)));
    assert!(matches!(wait(engine.snapshot(Box::new(|_| Ok(())))), Err(EngineError::Closed)));

    let (again, repairs) = SledEngine::open(&dir.path().join("store")).unwrap();
    assert_eq!(repairs, []);
    assert_eq!(wait(again.load(b"a")).unwrap().unwrap().0, b"1");
}

#[derive(Clone, Debug)]
struct Step {
    /// Key, whether the expectation is right, and what to write; 0: nothing.
    changes: BTreeMap<u8, (bool, Option<u8>)>,
    reopen: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let change = (prop::bool::weighted(0.9), prop::option::weighted(0.7, 0..8_u8));
    let changes = prop::collection::btree_map(0..12_u8, change, 1..6);
    let step = (changes, prop::bool::weighted(0.05)).prop_map(|(changes, reopen)| Step { changes, reopen });
    prop::collection::vec(step, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any history leaves what a plain map would hold, also after closing and opening.
    #[test]
    fn sled_and_memory_do_what_a_map_does(history in steps()) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store");
        let mut sled = SledEngine::init(&path).unwrap();
        let memory = MemoryEngine::new();
        let mut map: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        for Step { changes, reopen } in history {
            let mut right = true;
            for engine in [&sled as &dyn Engine, &memory] {
                let commit: Vec<_> = changes.iter().map(|(key, (as_it_is, next))| {
                    let key = format!("k{key}").into_bytes();
                    let present = wait(engine.load(&key)).unwrap().map(|(_, revision)| revision);
                    // A wrong expectation is that of nothing where there is something: the other way there is no
                    // revision to be had.
                    let expected = if *as_it_is { present } else { None };
                    right &= expected == present;
                    let next = match next {
                        Some(0) => Next::Same,
                        Some(value) => Next::Value(vec![*value]),
                        None => Next::Gone,
                    };
                    Change { key, expected, next }
                }).collect();
                let swap = wait(engine.commit(commit)).unwrap();
                prop_assert_eq!(matches!(swap, Swap::Done(_)), right);
            }
            if right {
                for (key, (_, next)) in &changes {
                    let key = format!("k{key}").into_bytes();
                    match next {
                        Some(0) => None,
                        Some(value) => map.insert(key, vec![*value]),
                        None => map.remove(&key),
                    };
                }
            }
            if reopen {
                drop(sled);
                sled = SledEngine::open(&path).unwrap().0;
            }
            for engine in [&sled as &dyn Engine, &memory] {
                let found: BTreeMap<_, _> = all(engine).into_iter().map(|entry| (entry.key, entry.value)).collect();
                prop_assert_eq!(&found, &map);
            }
        }
    }
}
