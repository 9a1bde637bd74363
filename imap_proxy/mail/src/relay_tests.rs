use super::*;
use std::future::pending;
use tokio::io::{AsyncReadExt, DuplexStream, duplex};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const FAREWELL_WORDS: Farewell = Farewell {
    cut: "* BYE The account has changed, sign in again\r\n",
    stopped: "* BYE The server is being restarted\r\n",
};

struct Session {
    client: DuplexStream,
    backend: DuplexStream,
    cut: oneshot::Sender<()>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Ended>,
}

/// A session over pipes that hold `room` bytes.
fn session(room: usize) -> Session {
    session_with(room, First::default())
}

fn session_with(room: usize, first: First) -> Session {
    let ((client, mut front), (backend, mut back)) = (duplex(room), duplex(room));
    let ((cut, is_cancelled), (stop, is_stopped)) = (oneshot::channel::<()>(), oneshot::channel::<()>());
    let task = tokio::spawn(async move {
        relay(
            &mut front,
            &mut back,
            (first, FAREWELL_WORDS, &crate::metrics::METRICS.imap_bytes),
            told(is_cancelled),
            told(is_stopped),
        )
        .await
    });
    Session { client, backend, cut, stop, task }
}

/// Completes when something is sent, and not when the sender is dropped.
async fn told(sent: oneshot::Receiver<()>) {
    if sent.await.is_err() {
        pending().await
    }
}

async fn all(stream: &mut DuplexStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    bytes
}

#[tokio::test]
async fn bytes_pass_both_ways_whatever_the_room() {
    for room in [1, 7, PIECE, 4 * PIECE] {
        let Session { client, backend, task, .. } = session(room);
        let sent: Vec<u8> = (0..100_000u32).map(|number| number.to_le_bytes()[0] ^ number.to_le_bytes()[1]).collect();
        let (mut from_client, mut to_client) = tokio::io::split(client);
        let (mut from_backend, mut to_backend) = tokio::io::split(backend);
        let (up, down) = (sent.clone(), sent.clone());
        let sender = tokio::spawn(async move {
            to_client.write_all(&up).await.unwrap();
            to_client.shutdown().await.unwrap();
        });
        let (mut heard, mut reply) = (vec![0; sent.len()], vec![0; sent.len()]);
        let backend = tokio::spawn(async move {
            from_backend.read_exact(&mut heard).await.unwrap();
            // The client has ended its side, and still receives the rest.
            assert_eq!(from_backend.read(&mut [0]).await.unwrap(), 0);
            to_backend.write_all(&down).await.unwrap();
            to_backend.shutdown().await.unwrap();
            heard
        });
        from_client.read_exact(&mut reply).await.unwrap();
        sender.await.unwrap();
        assert!(reply == sent && backend.await.unwrap() == sent, "{room}");
        assert_eq!(task.await.unwrap(), Ended::ByItself);
    }
}

#[tokio::test]
async fn what_was_said_before_is_heard_first() {
    let first = First { to_client: b"a OK in\r\n".to_vec(), to_backend: b"b NOOP\r\n".to_vec() };
    let Session { mut client, mut backend, cut, .. } = session_with(3, first);
    let (mut to_client, mut to_backend) = ([0; 9], [0; 8]);
    client.read_exact(&mut to_client).await.unwrap();
    backend.read_exact(&mut to_backend).await.unwrap();
    assert_eq!((&to_client, &to_backend), (b"a OK in\r\n", b"b NOOP\r\n"));
    cut.send(()).unwrap();
    assert!(all(&mut client).await.starts_with(b"* BYE "));
}

#[tokio::test]
async fn what_is_not_taken_is_not_read() {
    let Session { mut backend, client, .. } = session(16);
    let sent = timeout(Duration::from_millis(200), backend.write_all(&vec![0; 10 * PIECE])).await;
    assert!(sent.is_err());
    drop(client);
}

#[tokio::test]
async fn a_session_that_is_over_says_goodbye_where_a_line_may_begin() {
    for (told, says) in [("* 1 EXISTS\r\n", true), ("", true), ("* 1 FETCH (BODY[] {10}\r\nabc", false)] {
        let Session { mut client, mut backend, cut, task, .. } = session(1024);
        backend.write_all(told.as_bytes()).await.unwrap();
        client.read_exact(&mut vec![0; told.len()]).await.unwrap();
        cut.send(()).unwrap();
        assert_eq!(all(&mut client).await.starts_with(b"* BYE "), says, "{told}");
        assert_eq!((all(&mut backend).await.len(), task.await.unwrap()), (0, Ended::Cut));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_a_quiet_moment_and_not_for_ever() {
    assert_eq!((QUIET, DRAIN), (Duration::from_millis(500), Duration::from_secs(10)));
    let Session { mut client, backend, stop, task, .. } = session(1024);
    let began = Instant::now();
    stop.send(()).unwrap();
    assert!(all(&mut client).await.starts_with(b"* BYE "));
    assert_eq!((began.elapsed(), task.await.unwrap()), (QUIET, Ended::Stopped));
    drop(backend);

    let Session { mut client, mut backend, stop, task, .. } = session(1024);
    let began = Instant::now();
    stop.send(()).unwrap();
    tokio::spawn(async move {
        while backend.write_all(b"* OK\r\n").await.is_ok() {
            tokio::time::sleep(QUIET / 2).await;
        }
    });
    all(&mut client).await;
    assert_eq!((began.elapsed(), task.await.unwrap()), (DRAIN, Ended::Stopped));
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_ignores_the_end_is_left() {
    assert_eq!(HALF_OPEN, Duration::from_secs(600));
    let Session { mut client, backend: _backend, task, .. } = session(1024);
    let began = Instant::now();
    client.shutdown().await.unwrap();
    assert_eq!(task.await.unwrap(), Ended::ByItself);
    assert!(began.elapsed() >= HALF_OPEN && began.elapsed() <= HALF_OPEN + 2 * FAREWELL);
}

#[tokio::test]
async fn an_idle_session_keeps_no_buffer() {
    assert!(std::mem::size_of::<Way>() <= 64);
    let mut way = Way::holding(Vec::new(), (&crate::metrics::METRICS.imap_bytes, Direction::ToClient));
    let (mut from, mut source) = duplex(1024);
    let (mut target, _sink) = duplex(1);
    from.write_all(b"abc").await.unwrap();
    poll_fn(|cx| Poll::Ready(way.poll(cx, &mut source, &mut target).is_pending())).await;
    assert_eq!(way.waiting.capacity(), 2);
    let (mut wide, _sink) = duplex(1024);
    poll_fn(|cx| Poll::Ready(way.poll(cx, &mut source, &mut wide).is_pending())).await;
    assert_eq!(way.waiting.capacity(), 0);
}
