//! kill -9 at any moment: what was acknowledged is there, and nothing is half there.

use std::collections::BTreeMap;
use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use postern_engine::{Change, Engine, SledEngine, Swap};

use crate::wait;

/// How often the daemon's stand-in is killed; more by this environment variable.
const ROUNDS: u64 = 20;
const ROUNDS_VARIABLE: &str = "POSTERN_KILL_ROUNDS";
/// Tells the child which store to write to.
const STORE_VARIABLE: &str = "POSTERN_KILL_STORE";
const WRITERS: usize = 8;
/// A child is killed after at most this many acknowledgements.
const ACKNOWLEDGED_MAX: u64 = 150;

fn value(number: u64) -> Vec<u8> {
    // Lengths differ from write to write, so that pages split and move.
    format!("{number} ").repeat(1 + (number as usize * 37) % 300).into_bytes()
}

fn number(value: &[u8]) -> u64 {
    let text = str::from_utf8(value).unwrap();
    let number = text.split(' ').next().unwrap().parse().unwrap();
    assert_eq!(value, crate::crash::value(number), "a torn value");
    number
}

/// What stands in the two records that each writer always changes together.
fn numbers(engine: &dyn Engine, writer: usize) -> (u64, u64) {
    let read = |key: String| wait(engine.load(key.as_bytes())).unwrap().map_or(0, |(value, _)| number(&value));
    (read(format!("left/{writer}")), read(format!("right/{writer}")))
}

#[test]
fn every_acknowledged_write_survives_kill_9() {
    let rounds = env::var(ROUNDS_VARIABLE).map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    drop(SledEngine::init(&path).unwrap());
    let mut acknowledged = BTreeMap::new();
    for round in 0..rounds {
        // Spread over 0..ACKNOWLEDGED_MAX without order; 0 kills while the store is being opened.
        let after = round * 61 % ACKNOWLEDGED_MAX;
        write_until_killed(&path, after, &mut acknowledged);
        let (engine, repairs) = SledEngine::open(&path).unwrap();
        for writer in 0..WRITERS {
            let (left, right) = numbers(&engine, writer);
            let last = acknowledged.insert(writer, left).unwrap_or(0);
            assert_eq!(left, right, "round {round}: half of a commit");
            assert!(left >= last, "round {round}: {last} was acknowledged, {left} is there");
            // The next one may be on disk without having been acknowledged any more.
            assert!(left <= last + 1, "round {round}: {left} is there, {last} was the last");
        }
        drop((engine, repairs));
    }
    assert!(rounds < 2 || acknowledged.values().sum::<u64>() > 0, "the child has written nothing");
}

/// Runs the child, kills it after so many acknowledgements, and notes all that it gave.
fn write_until_killed(store: &Path, after: u64, acknowledged: &mut BTreeMap<usize, u64>) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "crash::the_child_that_is_killed", "--ignored", "--nocapture", "--test-threads=1"])
        .env(STORE_VARIABLE, store)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut seen = 0;
    let mut killed = false;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(acknowledgement) = line.strip_prefix("ack ") {
            let (writer, number) = acknowledgement.split_once(' ').unwrap();
            acknowledged.insert(writer.parse().unwrap(), number.parse().unwrap());
            seen += 1;
        }
        let begun = line.contains("opening");
        if !killed && (seen > after || after == 0 && begun) {
            child.kill().unwrap();
            killed = true;
            // What it still managed to say stays in the pipe, and counts.
        }
    }
    let status = child.wait().unwrap();
    assert!(killed, "the child ended by itself: {status}");
}

#[test]
#[ignore = "a part of the test above"]
fn the_child_that_is_killed() {
    let Ok(store) = env::var(STORE_VARIABLE) else { return };
    let say = |line: String| writeln!(io::stdout(), "{line}").unwrap();
    // On a line of its own: the test runner has begun one.
    say("\nopening".to_owned());
    let (engine, _) = SledEngine::open(Path::new(&store)).unwrap();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let engine = &engine;
            scope.spawn(move || {
                for number in numbers(engine, writer).0 + 1.. {
                    let changes = ["left", "right"].map(|side| {
                        let key = format!("{side}/{writer}");
                        let expected = wait(engine.load(key.as_bytes())).unwrap().map(|(_, revision)| revision);
                        Change::write(key, expected, value(number))
                    });
                    assert!(matches!(wait(engine.commit(changes.into())), Ok(Swap::Done(_))));
                    say(format!("ack {writer} {number}"));
                }
            });
        }
    });
}
