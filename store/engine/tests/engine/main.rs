//! The store's promises, on the real engines: one contract for all, and for sled what a crash, a full disk and a
//! damaged file may do to it.

mod contract;
mod crash;
mod damage;
mod disk;
mod mount;
mod watch;

use postern_engine::{Change, Engine, EngineError, Entry, Pending, Revision, Swap};

/// Waits for an answer. It needs no runtime of its own kind: any executor will do.
fn wait<T>(pending: Pending<T>) -> Result<T, EngineError> {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(pending)
}

/// Writes `value` to `key`, where nobody else writes.
fn put(engine: &dyn Engine, key: &str, value: impl Into<Vec<u8>>) -> Result<Revision, EngineError> {
    let expected = wait(engine.load(key.as_bytes()))?.map(|(_, revision)| revision);
    match wait(engine.commit(vec![Change::write(key, expected, value)]))? {
        Swap::Done(revision) => Ok(revision),
        Swap::Conflict { .. } => panic!("somebody else has written {key}"),
    }
}

fn all(engine: &dyn Engine) -> Vec<Entry> {
    wait(engine.scan(b"", None, usize::MAX)).unwrap()
}
