//! Peers that send invalid data, nothing, too much, or too slowly; and too many of them.

use crate::calls::{Refuses, exchange};
use crate::home::{Home, Plan, Running};
use crate::wait_until;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use posternd::clock::Stopwatch;
use posternd::serve::connection::FRAME_DEADLINE;
use serde_json::Value;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// How much longer than a deadline the daemon may take on a busy machine.
const SLACK: Duration = Duration::from_secs(3);
/// Maximum time that other peers may wait for an answer meanwhile.
const ANSWERED_WITHIN: Duration = Duration::from_secs(2);
/// Interval between two bytes of a slow peer.
const DRIP: Duration = Duration::from_millis(100);
/// Maximum growth of its memory, in KiB: what an allocator retains, but no 10 MB lines.
const GROWTH_MAX: u64 = 24 * 1024;
/// More connections than it serves at a time.
const CROWD: usize = 1200;
/// Number of files that the crowd needs in this process.
const FILES: u64 = 4096;
/// The default limits that a service manager sets for a service.
const SERVICE_FILES: &str = "--nofile=1024:4096";

const INFO: &[u8] = b"{\"method\":\"org.varlink.service.GetInfo\"}\0";

fn call(method: &str, parameters: &str) -> Vec<u8> {
    format!("{{\"method\":\"{method}\",\"parameters\":{parameters}}}\0").into_bytes()
}

fn error_of(reply: &[u8]) -> String {
    let reply: Value = serde_json::from_slice(&reply[..reply.len() - 1]).unwrap();
    reply["error"].as_str().unwrap_or_default().to_owned()
}

/// Returns how long it takes until the daemon has closed the connection.
fn closed_after(socket: &Path, misbehave: impl FnOnce(&mut UnixStream)) -> Duration {
    let waiting = Stopwatch::start();
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(4 * FRAME_DEADLINE)).unwrap();
    stream.set_write_timeout(Some(4 * FRAME_DEADLINE)).unwrap();
    misbehave(&mut stream);
    let mut bytes = [0; 4096];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return waiting.elapsed(),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {
                return waiting.elapsed();
            }
            Err(error) => panic!("it was not closed: {error}"),
        }
    }
}

/// Sends one byte at a time until the connection is closed.
fn drip(stream: &mut UnixStream) {
    stream.set_read_timeout(Some(DRIP)).unwrap();
    let mut byte = [0];
    for _ in 0..(4 * FRAME_DEADLINE).div_duration_f64(DRIP) as usize {
        if stream.write_all(b" ").is_err()
            || !matches!(stream.read(&mut byte), Err(e) if e.kind() == ErrorKind::WouldBlock)
        {
            break;
        }
    }
    stream.set_read_timeout(Some(4 * FRAME_DEADLINE)).unwrap();
}

/// Requests so much that the answers fill every buffer, and reads none of them.
fn never_read(stream: &mut UnixStream) {
    while stream.write_all(&INFO.repeat(100)).is_ok() {}
}

fn good_call(stream: &mut UnixStream) {
    stream.write_all(INFO).unwrap();
    let mut byte = [1];
    while byte != [0] {
        stream.read_exact(&mut byte).unwrap();
    }
}

fn assert_serves(posternd: &Running<'_>) {
    let waiting = Stopwatch::start();
    assert_eq!(posternd.ask("bob").reason(), None);
    posternd.status();
    assert!(waiting.elapsed() < ANSWERED_WITHIN, "{:?}", waiting.elapsed());
}

#[test]
fn garbage_is_refused_at_once() {
    let home = Home::new(Plan::default());
    let posternd = home.start_with_platform();
    let nested = |open: &str| {
        format!("{{\"method\":\"org.postern.Auth.Ask\",\"parameters\":{}", open.repeat(60_000 / open.len()))
    };
    let closing: [&[u8]; 9] = [
        b"\0",
        b"hello\0",
        b"\xff\xfe\xfd\0",
        b"{\"method\":\"\xc3\x28\"}\0",
        b"{\"method\":5}\0",
        b"[]\0",
        b"{\"method\":\"org.postern.Auth.Ask\",\"more\":\"yes\"}\0",
        &[nested("[").as_bytes(), b"\0"].concat(),
        &[nested("{\"a\":").as_bytes(), b"\0"].concat(),
    ];
    for socket in [home.auth(), home.admin()] {
        for garbage in closing {
            let taken = closed_after(&socket, |stream| stream.write_all(garbage).unwrap());
            assert!(
                taken < ANSWERED_WITHIN,
                "{taken:?} {:?}",
                String::from_utf8_lossy(&garbage[..garbage.len().min(60)])
            );
        }
        for long in [10_000_000, 65_536] {
            // The daemon closes the connection before the end, so the rest cannot be written.
            let taken = closed_after(&socket, |stream| drop(stream.write_all(&vec![b'x'; long])));
            assert!(taken < ANSWERED_WITHIN, "{taken:?}");
        }
    }
    let ask = "org.postern.Auth.Ask";
    for (bytes, error) in [
        (call(ask, r#"{"name":5,"door":"webmail","origin":{}}"#), "InvalidParameter"),
        (call(ask, r#"{"name":"bob","door":"window","origin":{}}"#), "InvalidParameter"),
        (call(ask, r#"{"door":"webmail"}"#), "InvalidParameter"),
        (call(ask, r#"{"name":"bob","door":"webmail","origin":{"address":"here"}}"#), "InvalidParameter"),
        (call(ask, "[]"), "InvalidParameter"),
        (call(ask, "null"), "InvalidParameter"),
        (call(ask, &format!(r#"{{"name":"{}","door":"webmail"}}"#, "x".repeat(60_000))), "InvalidParameter"),
        (call("org.postern.Auth.Open", "{}"), "MethodNotFound"),
        (call("", "{}"), "MethodNotFound"),
        (call("org.postern.Auth.Watch", "{}"), "ExpectedMore"),
    ] {
        let reply = exchange(&home.auth(), &bytes);
        assert_eq!(error_of(&reply), format!("org.varlink.service.{error}"), "{:?}", String::from_utf8_lossy(&bytes));
    }
    assert_serves(&posternd);
}

#[test]
fn slow_peers_are_closed_at_the_deadline_and_others_are_served() {
    let home = Home::new(Plan::default());
    let posternd = home.start_with_platform();
    assert_serves(&posternd);
    let (files, memory) = (posternd.open_files(), posternd.resident());
    let half = |stream: &mut UnixStream| stream.write_all(b"{\"method\":").unwrap();
    type Misbehave = Box<dyn Fn(&mut UnixStream) + Send>;
    let peers = || -> [(&str, Misbehave); 6] {
        [
            ("silent", Box::new(|_| {})),
            ("half a frame", Box::new(half)),
            ("drip", Box::new(drip)),
            (
                "half a frame after a good one",
                Box::new(move |stream| {
                    good_call(stream);
                    half(stream);
                }),
            ),
            (
                "drip after a good one",
                Box::new(|stream| {
                    good_call(stream);
                    drip(stream);
                }),
            ),
            ("never reads", Box::new(never_read)),
        ]
    };
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for socket in [home.auth(), home.admin()] {
            for (what, misbehave) in peers() {
                let socket = socket.clone();
                threads.push((what, scope.spawn(move || closed_after(&socket, misbehave))));
            }
        }
        while threads.iter().any(|(_, thread)| !thread.is_finished()) {
            assert_serves(&posternd);
        }
        for (what, thread) in threads {
            let taken = thread.join().unwrap();
            assert!(taken < FRAME_DEADLINE + SLACK, "{what}: {taken:?}");
            assert!(taken >= FRAME_DEADLINE - DRIP, "{what}: {taken:?} is too early");
        }
    });
    wait_until("all are forgotten", SLACK, || posternd.open_files() <= files);
    let grown = posternd.resident().saturating_sub(memory);
    assert!(grown < GROWTH_MAX, "{grown} KiB");
}

#[test]
fn a_crowd_keeps_nobody_out() {
    let limits = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, limits.0.max(FILES).min(limits.1), limits.1).unwrap();
    let home = Home::new(Plan::default());
    let posternd = env!("CARGO_BIN_EXE_posternd");
    let mut posternd = home.spawn(&["prlimit", SERVICE_FILES, posternd]);
    assert_eq!(posternd.ready_within(Duration::from_secs(30)), Some(Ok(())));
    posternd.make_platform();
    assert_serves(&posternd);
    let (files, memory) = (posternd.open_files(), posternd.resident());
    for long in [false, true] {
        let crowd: Vec<UnixStream> = (0..CROWD)
            .map(|_| {
                let mut peer = UnixStream::connect(home.auth()).unwrap();
                if long {
                    peer.set_nonblocking(true).unwrap();
                    let _ = peer.write(&[b'x'; 60_000]);
                }
                peer
            })
            .collect();
        // The administrator has a separate socket.
        let waiting = Stopwatch::start();
        posternd.status();
        assert!(waiting.elapsed() < ANSWERED_WITHIN, "{:?}", waiting.elapsed());
        // The connections that were silent for the longest time are closed.
        assert_eq!(posternd.ask("bob").reason(), None);
        assert!(waiting.elapsed() < ANSWERED_WITHIN, "{:?}", waiting.elapsed());
        drop(crowd);
        wait_until("all are forgotten", 2 * FRAME_DEADLINE, || posternd.open_files() <= files);
    }
    assert!(!home.log().contains("cannot be accepted"), "it ran out of files");
    // Hundreds of partial frames of 60 KB may be held at a time; once these are closed, most of the memory is free.
    let grown = posternd.resident().saturating_sub(memory);
    assert!(grown < GROWTH_MAX + 1024 * 64, "{grown} KiB");
}
