//! The way to the daemon, seen from a daemon of the test's own: it says what the real one never would.

use postern_front::daemon::{DEADLINE, Daemon, DaemonError, Watched};
use postern_wire::Secret;
use postern_wire::auth::{Answer, Ask, AskVerdict, Channel, Origin, Reason, Recheck, Refusal, Session};
use std::path::PathBuf;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, timeout};

struct Directory {
    _dir: TempDir,
    socket: PathBuf,
}

impl Directory {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("auth.sock");
        Self { _dir: dir, socket }
    }

    fn listen(&self) -> UnixListener {
        let _ = std::fs::remove_file(&self.socket);
        UnixListener::bind(&self.socket).unwrap()
    }

    fn daemon(&self) -> Daemon {
        Daemon::new(self.socket.clone())
    }
}

/// Reads one call.
async fn call(stream: &mut UnixStream) -> String {
    let mut bytes = Vec::new();
    loop {
        match stream.read_u8().await.unwrap() {
            0 => return String::from_utf8(bytes).unwrap(),
            byte => bytes.push(byte),
        }
    }
}

/// What is made of an `Ask` that is answered with these bytes, after which nothing more is said.
async fn answered_with(bytes: &'static [u8]) -> Result<AskVerdict, DaemonError> {
    let place = Directory::new();
    let listener = place.listen();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let call = call(&mut stream).await;
        assert!(call.starts_with("{\"method\":\"org.postern.Auth.Ask\",\"parameters\":{\"name\":\"bob\""), "{call}");
        stream.write_all(bytes).await.unwrap();
        // Held open until the client is gone.
        let _ = stream.read_u8().await;
    });
    let ask = Ask { name: "bob".to_owned(), channel: Channel::Webmail, origin: Origin::default(), ..Ask::default() };
    let verdict = place.daemon().ask(&ask).await.map(|asked| asked.verdict);
    server.await.unwrap();
    verdict
}

#[tokio::test]
async fn a_verdict_is_read() {
    let verdict =
        answered_with(b"{\"parameters\":{\"verdict\":\"refused\",\"reason\":\"locked\",\"until\":7}}\0").await;
    let refusal = Refusal { until: Some(7), ..Refusal::new(Reason::Locked) };
    assert_eq!(verdict.unwrap(), AskVerdict::Refused(refusal));
}

#[tokio::test]
async fn what_is_no_verdict_is_an_error() {
    const LONG: &[u8] = &[b'x'; postern_wire::MAX_FRAME];
    const SURE: &[u8] = b"{\"parameters\":{\"verdict\":\"sure\"}}\0";
    const INCOMPLETE: &[u8] = b"{\"parameters\":{\"verdict\":\"not_required\"}}\0";
    for bytes in [&b"{}\0"[..], b"\0", b"\xff\0", LONG, SURE, INCOMPLETE] {
        let verdict = answered_with(bytes).await;
        assert!(matches!(verdict, Err(DaemonError::Garbage(_))), "{verdict:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_falls_silent_is_given_up() {
    let began = Instant::now();
    for bytes in [&b""[..], b"{\"parameters\""] {
        assert!(matches!(answered_with(bytes).await, Err(DaemonError::Lost(_))));
    }
    assert_eq!(DEADLINE.as_secs(), 5);
    assert!(began.elapsed() >= DEADLINE * 2);
}

#[tokio::test]
async fn nobody_there_is_unreachable_and_is_found_when_it_comes() {
    let place = Directory::new();
    let daemon = place.daemon();
    let answer = Answer {
        name: "bob@example.com".to_owned(),
        channel: Channel::Webmail,
        origin: Origin::default(),
        method: None,
        code: Secret::from("123456"),
        challenge: None,
        trust: false,
        proves: None,
    };
    assert!(matches!(daemon.answer(&answer).await, Err(DaemonError::Unreachable(_))));
    let listener = place.listen();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(call(&mut stream).await.contains("123456"));
        stream.write_all(b"{\"parameters\":{\"verdict\":\"refused\",\"reason\":\"wrong\"}}\0").await.unwrap();
    });
    assert!(daemon.answer(&answer).await.is_ok());
    server.await.unwrap();
}

#[tokio::test]
async fn a_recheck_has_one_word_for_each_session() {
    let place = Directory::new();
    let listener = place.listen();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            call(&mut stream).await;
            stream.write_all(b"{\"parameters\":{\"ended\":[true]}}\0").await.unwrap();
        }
    });
    let session = Session { mailbox: "bob@example.com".to_owned(), standing: "1".to_owned() };
    let one = Recheck { sessions: vec![session.clone()] };
    assert_eq!(place.daemon().recheck(&one).await.unwrap().ended, [true]);
    let two = Recheck { sessions: vec![session.clone(), session] };
    assert!(matches!(place.daemon().recheck(&two).await, Err(DaemonError::Garbage(_))));
}

async fn next(watched: &mut Receiver<Watched>) -> Watched {
    timeout(DEADLINE, watched.recv()).await.expect("an event in time").expect("it watches for ever")
}

#[tokio::test]
async fn watching_survives_the_daemon() {
    let place = Directory::new();
    let mut watched = place.daemon().watch();
    // Watching began before anybody listened; the daemon comes, goes, talks nonsense, and comes again.
    for farewell in [&b""[..], b"nonsense\0", b"{\"parameters\":{}}\0"] {
        let listener = place.listen();
        let (mut stream, _) = listener.accept().await.unwrap();
        assert_eq!(call(&mut stream).await, "{\"method\":\"org.postern.Auth.Watch\",\"parameters\":{},\"more\":true}");
        stream.write_all(b"{\"parameters\":{\"mailbox\":null},\"continues\":true}\0").await.unwrap();
        assert_eq!(next(&mut watched).await, Watched::Connected);
        stream
            .write_all(b"{\"parameters\":{\"mailbox\":\"bob@example.com\"},\"continues\":true}\0{\"parameters\":{},")
            .await
            .unwrap();
        assert_eq!(next(&mut watched).await, Watched::Changed { mailbox: Some("bob@example.com".to_owned()) });
        stream.write_all(b"\"continues\":true}\0").await.unwrap();
        assert_eq!(next(&mut watched).await, Watched::Changed { mailbox: None });
        stream.write_all(farewell).await.unwrap();
        if !farewell.is_empty() && farewell.starts_with(b"{") {
            // A last reply is an event, and then the stream is over.
            assert_eq!(next(&mut watched).await, Watched::Changed { mailbox: None });
        }
    }
}

#[tokio::test]
async fn a_watcher_that_stops_listening_is_disconnected() {
    let place = Directory::new();
    let listener = place.listen();
    let watched = place.daemon().watch();
    let (mut stream, _) = listener.accept().await.unwrap();
    call(&mut stream).await;
    drop(watched);
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
}
