use super::*;
use crate::connection::Stream;
use crate::imap::Imap;
use crate::imap::reply::Capabilities;
use crate::target::hear;
use std::future::pending;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

/// The backend's ends of the opened connections.
type Opened = Arc<Mutex<Vec<DuplexStream>>>;

async fn open(opened: Opened) -> Result<Greeted<Capabilities>, BackendError> {
    let (mut backend, front) = duplex(1024);
    backend.write_all(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n").await?;
    opened.lock().unwrap().push(backend);
    hear::<Imap>(Box::new(front) as Box<dyn Stream>).await
}

/// Connections to a backend that can be reached.
fn preconnect() -> (PreconnectPool<Capabilities>, Opened) {
    let opened = Opened::default();
    let ends = Arc::clone(&opened);
    (PreconnectPool::keep(move || open(Arc::clone(&ends))), opened)
}

/// Lets the keeper task run until it waits.
async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

/// How many are still open.
async fn open_ends(opened: &Opened) -> usize {
    let mut ends = std::mem::take(&mut *opened.lock().unwrap());
    let mut count = 0;
    for end in &mut ends {
        // The front sends nothing, so a read that completes is the end of the stream.
        count += usize::from(tokio::time::timeout(Duration::ZERO, end.read(&mut [0])).await.is_err());
    }
    opened.lock().unwrap().extend(ends);
    count
}

#[test]
fn a_connection_is_replaced_before_a_backend_ends_it() {
    const EXCHANGE: Duration = Duration::from_secs(60);
    assert!(MAX_AGE + crate::target::CONNECT < EXCHANGE && MAX_WARM == 8 && LATELY == EXCHANGE);
}

#[tokio::test(start_paused = true)]
async fn there_is_one_for_each_that_was_taken_lately() {
    let (preconnect, opened) = preconnect();
    settle().await;
    assert_eq!(open_ends(&opened).await, 0, "nobody has asked");
    assert!(preconnect.take().await.is_none());
    settle().await;
    assert_eq!(open_ends(&opened).await, 1);
    let taken = preconnect.take().await.unwrap();
    settle().await;
    assert_eq!(opened.lock().unwrap().len(), 3, "one was taken, two wait");
    for _ in 0..3 * MAX_WARM {
        drop(preconnect.take().await);
    }
    settle().await;
    assert_eq!(open_ends(&opened).await, MAX_WARM + 1);
    drop(taken);
    sleep(LATELY + MAX_AGE).await;
    assert_eq!(open_ends(&opened).await, 0, "nobody has asked for long");
    let count = opened.lock().unwrap().len();
    sleep(LATELY * 10).await;
    assert_eq!(opened.lock().unwrap().len(), count, "nor is any opened");
}

#[tokio::test(start_paused = true)]
async fn none_grows_old() {
    let (preconnect, opened) = preconnect();
    drop(preconnect.take().await);
    settle().await;
    sleep(MAX_AGE).await;
    assert_eq!((open_ends(&opened).await, opened.lock().unwrap().len()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn what_has_ended_or_says_goodbye_is_never_handed_out() {
    let (preconnect, opened) = preconnect();
    for _ in 0..3 {
        drop(preconnect.take().await);
    }
    settle().await;
    let mut ends = std::mem::take(&mut *opened.lock().unwrap());
    ends[0].shutdown().await.unwrap();
    ends[1].write_all(b"* BYE Disconnected for inactivity.\r\n").await.unwrap();
    let mut good = preconnect.take().await.unwrap();
    good.dialogue.say(b"here").await.unwrap();
    let mut said = [0; 4];
    ends[2].read_exact(&mut said).await.unwrap();
    assert!(preconnect.take().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_is_down_is_tried_more_and_more_seldom_and_nobody_waits() {
    let tried = Arc::new(Mutex::new(Vec::new()));
    let tries = Arc::clone(&tried);
    let preconnect = PreconnectPool::<Capabilities>::keep(move || {
        tries.lock().unwrap().push(Instant::now());
        async { Err(BackendError::Silent) }
    });
    let began = Instant::now();
    for _ in 0..600 {
        assert!(preconnect.take().await.is_none());
        sleep(Duration::from_secs(1)).await;
    }
    assert!(began.elapsed() < Duration::from_secs(601));
    let tried = tried.lock().unwrap();
    assert_eq!(tried[1] - tried[0], FIRST_PAUSE);
    assert_eq!(*tried.last().unwrap() - tried[tried.len() - 2], LONGEST_PAUSE);
    assert!((15..40).contains(&tried.len()), "{}", tried.len());
}

#[tokio::test(start_paused = true)]
async fn none_is_left_behind() {
    let (preconnect, opened) = preconnect();
    let preconnect = Arc::new(preconnect);
    let other = Arc::clone(&preconnect);
    drop(preconnect.take().await);
    settle().await;
    drop(preconnect);
    settle().await;
    assert_eq!(open_ends(&opened).await, 1);
    drop(other);
    settle().await;
    assert_eq!(open_ends(&opened).await, 0);

    let hanging = PreconnectPool::<Capabilities>::keep(pending);
    drop(hanging.take().await);
    settle().await;
    let shelf = Arc::downgrade(&hanging.shelf);
    drop(hanging);
    settle().await;
    assert!(shelf.upgrade().is_none());
}
