use super::*;
use std::collections::VecDeque;
use std::future::pending;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// A socket that returns the given results, and then nothing.
struct Script(Mutex<VecDeque<io::Result<u32>>>);

impl Script {
    fn new(steps: impl IntoIterator<Item = io::Result<u32>>) -> Self {
        Self(Mutex::new(steps.into_iter().collect()))
    }
}

impl Accept for Script {
    type Connection = u32;

    async fn accept(&self) -> io::Result<u32> {
        let step = self.0.lock().unwrap().pop_front();
        match step {
            Some(step) => step,
            None => pending().await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_kernel_is_told_and_waited_out_and_a_client_that_has_gone_is_neither() {
    let began = Instant::now();
    let (stop, stopped) = oneshot::channel::<()>();
    let (told, stop) = (AtomicUsize::new(0), Mutex::new(Some(stop)));
    let steps = [Err(io::ErrorKind::ConnectionAborted.into()), Err(io::Error::from_raw_os_error(24)), Ok(1)];
    let failed = |_: &io::Error| {
        told.fetch_add(1, Ordering::Relaxed);
    };
    let serve = |_| {
        stop.lock().unwrap().take();
        Some(async {})
    };
    let mut open = accept_until(Script::new(steps), async { drop(stopped.await) }, failed, serve).await;
    assert_eq!((told.into_inner(), began.elapsed()), (1, ACCEPT_BACKOFF));
    assert!(open.end_within(Duration::from_secs(1)).await);
}

#[tokio::test(start_paused = true)]
async fn what_is_turned_away_has_no_task_and_what_outlasts_the_stop_is_cut() {
    let (stop, stopped) = oneshot::channel::<()>();
    let stop = Mutex::new(Some(stop));
    let held = Arc::new(());
    let serve = |number| {
        if number == 3 {
            stop.lock().unwrap().take();
        }
        let held = Arc::clone(&held);
        (number != 2).then_some(async move {
            pending::<()>().await;
            drop(held);
        })
    };
    let mut open = accept_until(Script::new([1, 2, 3].map(Ok)), async { drop(stopped.await) }, |_| {}, serve).await;
    assert_eq!(open.count(), 2);
    assert!(!open.end_within(Duration::from_secs(1)).await);
    open.cut().await;
    assert_eq!(Arc::strong_count(&held), 1);
}

#[tokio::test(start_paused = true)]
async fn one_more_than_there_may_be_waits_until_a_permit_is_given_back() {
    let bounded = Bounded::new(Script::new([1, 2].map(Ok)), 1);
    let (first, permit) = bounded.accept().await.unwrap();
    assert!(timeout(Duration::from_secs(1), bounded.accept()).await.is_err());
    drop(permit);
    let (second, _permit) = bounded.accept().await.unwrap();
    assert_eq!((first, second), (1, 2));
}
