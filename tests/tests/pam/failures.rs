//! The daemon absent, hanging, dripping, talking garbage, killed in the middle: the right code, in time.

use postern_tests::pam::Hosts;
use postern_tests::pam::Session;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// PAM_AUTHINFO_UNAVAIL in numbers (`_pam_types.h`).
const AUTHINFO_UNAVAIL: i32 = 9;
const CHALLENGE: &[u8] =
    b"{\"parameters\":{\"verdict\":\"challenge\",\"mailbox\":\"alice@example.com\",\"methods\":[]}}\0";
/// What the module allows itself, and what a busy machine adds.
const IN_TIME: Duration = Duration::from_millis(5000 + 1500);

/// A service whose daemon is `behave`, for each connection.
fn daemon(hosts: &Hosts, name: &str, behave: impl Fn(UnixStream) + Send + 'static) {
    let socket = hosts.path(&format!("{name}.sock"));
    let listener = UnixListener::bind(&socket).unwrap();
    // It ends with the process; nothing waits for it.
    thread::spawn(move || listener.incoming().flatten().for_each(behave));
    behind(hosts, name, &socket);
}

/// A service whose daemon listens at `socket`.
fn behind(hosts: &Hosts, name: &str, socket: &Path) {
    let lines =
        format!("auth required {} socket={}\nauth required pam_permit.so\n", hosts.module.display(), socket.display());
    std::fs::write(hosts.path("pam.d").join(name), lines).unwrap();
}

#[track_caller]
fn is_unavailable(hosts: &Hosts, service: &str) {
    let ended = Session::new(hosts, service).typing(&["246810", "246810"]).run().unwrap();
    assert_eq!(ended.codes, [AUTHINFO_UNAVAIL], "{service}: {ended:?}");
    assert!(ended.took < IN_TIME, "{service} took {:?}", ended.took);
    assert!(hosts.audit().unwrap().iter().any(|line| line.contains("reason=unavailable")), "{service}");
}

/// Reads the call, so that what follows is an answer to it.
fn heard(mut stream: &UnixStream) {
    let mut byte = [0];
    while stream.read(&mut byte).is_ok_and(|read| read == 1) && byte[0] != 0 {}
}

#[test]
fn a_daemon_that_gives_no_verdict_is_unavailable_in_time() {
    let hosts = Hosts::start().unwrap();
    behind(&hosts, "absent", &hosts.path("nothing.sock"));
    is_unavailable(&hosts, "absent");
    behind(&hosts, "directory", &hosts.path(""));
    is_unavailable(&hosts, "directory");

    for (name, bytes) in [
        ("bytes", &b"\xff\xfe\x00"[..]),
        ("empty", b"{}\0"),
        ("truncated", b"{\"parameters\":{\"verdict\":\"not_required\",\"mailbox\":\"alice@exa"),
        ("unknown", b"{\"parameters\":{\"verdict\":\"fine\",\"mailbox\":\"alice@example.com\",\"standing\":\"s\"}}\0"),
        (
            "misplaced",
            b"{\"parameters\":{\"verdict\":\"accepted\",\"mailbox\":\"a@b\",\"standing\":\"s\",\"method\":\"k\"}}\0",
        ),
        ("version", b"{\"error\":\"org.varlink.service.InterfaceNotFound\",\"parameters\":{}}\0"),
    ] {
        daemon(&hosts, name, move |mut stream| {
            heard(&stream);
            let _ = stream.write_all(bytes);
        });
        is_unavailable(&hosts, name);
    }
    // It closes before it has read, or after the first verdict: writing to it must not kill the host (SIGPIPE).
    daemon(&hosts, "closing", drop);
    is_unavailable(&hosts, "closing");
    daemon(&hosts, "leaving", |mut stream| {
        heard(&stream);
        let _ = stream.write_all(CHALLENGE);
    });
    is_unavailable(&hosts, "leaving");
    daemon(&hosts, "endless", |mut stream| {
        heard(&stream);
        while stream.write_all(&[b'x'; 4096]).is_ok() {}
    });
    is_unavailable(&hosts, "endless");
}

#[test]
fn a_daemon_that_hangs_or_drips_does_not_hold_the_host() {
    let hosts = Hosts::start().unwrap();
    let _backlog = UnixListener::bind(hosts.path("backlog.sock")).unwrap();
    behind(&hosts, "backlog", &hosts.path("backlog.sock"));
    is_unavailable(&hosts, "backlog");
    daemon(&hosts, "dripping", |mut stream| {
        heard(&stream);
        while stream.write_all(b" ").is_ok() {
            // The peer waits too: nothing is looked at that a sleep would hide.
            thread::park_timeout(Duration::from_millis(300));
        }
    });
    is_unavailable(&hosts, "dripping");
}

/// The budget is one for all calls: what the question took, the answer does not have.
#[test]
fn a_daemon_that_is_slow_each_time_is_given_up_in_time_all_the_same() {
    let hosts = Hosts::start().unwrap();
    daemon(&hosts, "slow", |mut stream| {
        loop {
            heard(&stream);
            thread::park_timeout(Duration::from_secs(3));
            if stream.write_all(CHALLENGE).is_err() {
                break;
            }
        }
    });
    is_unavailable(&hosts, "slow");
}

#[test]
fn a_daemon_that_is_killed_between_question_and_answer_is_unavailable() {
    let mut hosts = Hosts::start().unwrap();
    hosts.service("prompt", "auth required POSTERN\nauth required pam_permit.so").unwrap();
    let pid = hosts.world.posternd.pid().unwrap();
    let ended = Session::new(&hosts, "prompt").typing(&["246810"]).killing(pid).run().unwrap();
    assert_eq!(ended.codes, [AUTHINFO_UNAVAIL], "{ended:?}");
    hosts.world.posternd.start().unwrap();
    let code = hosts.code().unwrap();
    assert_eq!(Session::new(&hosts, "prompt").typing(&[&code]).run().unwrap().codes, [0]);
}
