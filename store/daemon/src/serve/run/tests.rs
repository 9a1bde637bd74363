//! The heartbeat with a store that does not respond, and with one whose writer has ended. A hanging disk cannot be
//! produced reliably, so these stores only simulate one.

use super::*;
use postern_engine::{Engine, Entry, Pending, Revision, Swap, Visitor, Watch};
use std::sync::atomic::{AtomicUsize, Ordering};

struct Store {
    /// None: it never responds.
    answer: Option<fn() -> EngineError>,
}

impl Engine for Store {
    fn load(&self, _: &[u8]) -> Pending<Option<(Vec<u8>, Revision)>> {
        Box::pin(std::future::ready(Err(EngineError::Closed)))
    }

    fn scan(&self, _: &[u8], _: Option<&[u8]>, _: usize) -> Pending<Vec<Entry>> {
        Box::pin(std::future::ready(Err(EngineError::Closed)))
    }

    fn commit(&self, _: Vec<Change>) -> Pending<Swap> {
        match &self.answer {
            Some(error) => Box::pin(std::future::ready(Err(error()))),
            None => Box::pin(std::future::pending()),
        }
    }

    fn snapshot(&self, _: Visitor) -> Pending<u64> {
        Box::pin(std::future::pending())
    }

    fn watch(&self) -> Pending<Watch> {
        Box::pin(std::future::ready(Err(EngineError::Closed)))
    }

    fn health(&self) -> Result<(), EngineError> {
        Ok(())
    }
}

/// Counts the beats within an hour, with an interval of one minute.
async fn beats(answer: Option<fn() -> EngineError>) -> usize {
    let (store, count) = (Store { answer }, AtomicUsize::new(0));
    let beating = beat(&store, Duration::from_secs(60), || {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let _ = tokio::time::timeout(Duration::from_secs(3600 - 1), beating).await;
    count.into_inner()
}

#[tokio::test(start_paused = true)]
async fn it_beats_on_while_the_store_does_not_answer() {
    assert_eq!(beats(None).await, 60);
}

#[tokio::test(start_paused = true)]
async fn it_beats_no_more_when_the_store_has_no_writer() {
    assert_eq!(beats(Some(|| EngineError::Closed)).await, 0);
    assert_eq!(beats(Some(|| EngineError::Limit("anything else".to_owned()))).await, 60);
}
