//! Which users may use the sockets, whatever their modes.
//!
//! The clients without access are this test's own program, started again as another user. Groups are given to the
//! daemon only, with a mount in its own namespace. Both require root; without root the tests say so and pass.

use crate::calls::Refuses;
use crate::home::{Home, Plan, Running};
use crate::messages::answer_of;
use crate::people::ALICE;
use crate::{skipped, wait_until};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use postern_wire::admin::{Accounts, Mailbox};
use postern_wire::auth::{Answer, Ask, AskVerdict, Channel, Origin};
use postern_wire::{CallError, Client, Secret};
use posternd::serve::socket_limits::{CONNECTIONS_MAX, CONNECTIONS_PER_USER_MAX, FRONTS_RESERVE, WAITING_PER_USER_MAX};
use serde_json::{Value, json};
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// `nobody`, and users and groups that do not exist on this machine.
const STRANGER: u32 = 65534;
const OTHER_STRANGER: u32 = 54324;
const FRONTS: u32 = 54323;
const AUTH_GROUP: u32 = 54321;
const ADMIN_GROUP: u32 = 54322;
/// The environment variable with the socket that the client tries.
const SOCKET_VARIABLE: &str = "POSTERN_STRANGER_SOCKET";
/// The environment variable with the client's answer at a sign-in, in JSON.
const ANSWER_VARIABLE: &str = "POSTERN_STRANGER_ANSWER";
/// The exit code of a process that received an answer, and of one that was rejected.
const ANSWERED: i32 = 42;
const TURNED_AWAY: i32 = 43;
const DEADLINE: Duration = Duration::from_secs(10);

fn is_root() -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        skipped("only root can be another user");
    }
    root
}

/// Whether a process of this user and group gets an answer on a socket.
fn is_answered(home: &Home, socket: &Path, uid: u32, gid: u32) -> bool {
    is_answered_when_told(home, socket, (uid, gid), "")
}

/// The same, for an answer at a sign-in.
fn is_answered_when_told(home: &Home, socket: &Path, (uid, gid): (u32, u32), answer: &str) -> bool {
    let output = Command::new(stranger(home))
        .args(["--exact", "peers::the_stranger", "--ignored", "--nocapture"])
        .env(SOCKET_VARIABLE, socket)
        .env(ANSWER_VARIABLE, answer)
        .current_dir("/")
        .uid(uid)
        .gid(gid)
        .output()
        .unwrap();
    match output.status.code() {
        Some(ANSWERED) => true,
        Some(TURNED_AWAY) => false,
        _ => panic!("{}\n{}", output.status, String::from_utf8_lossy(&output.stderr)),
    }
}

/// Copies this test's program to a place where another user can run it, whatever the permissions of the build
/// directories.
fn stranger(home: &Home) -> PathBuf {
    let program = home.path("stranger");
    if !program.exists() {
        // Copied by another process: a file that is open for writing here would be inherited by processes that other
        // tests start, and could not be executed while they run.
        let copied = Command::new("cp").arg(env::current_exe().unwrap()).arg(&program).status().unwrap();
        assert!(copied.success());
    }
    program
}

#[test]
#[ignore = "a part of the tests above"]
fn the_stranger() {
    let Some(socket) = env::var_os(SOCKET_VARIABLE) else { return };
    let told = env::var(ANSWER_VARIABLE).unwrap_or_default();
    let answer = Client::connect(socket.as_ref(), DEADLINE).and_then(|mut client| match told.as_str() {
        "" => client.call::<Value>("org.varlink.service", "GetInfo", &json!({})),
        told => client.call::<Value>("org.postern.Auth", "Answer", &serde_json::from_str::<Value>(told).unwrap()),
    });
    match answer {
        Ok(reply) if !told.is_empty() && reply["verdict"] != "accepted" => panic!("{reply}"),
        Ok(_) => std::process::exit(ANSWERED),
        Err(CallError::Lost(_) | CallError::Unreachable(_)) => std::process::exit(TURNED_AWAY),
        Err(error) => panic!("{error}"),
    }
}

/// Makes the sockets reachable for other users.
fn open_the_way(home: &Home) {
    fs::set_permissions(home.path(""), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn another_user_is_refused_even_if_the_mode_would_allow_it() {
    if !is_root() {
        return;
    }
    let home = Home::new(Plan::default());
    let posternd = home.start();
    open_the_way(&home);
    for socket in [home.auth(), home.admin()] {
        let mode = fs::metadata(&socket).unwrap().permissions().mode();
        assert_eq!(mode & 0o007, 0, "{mode:o}");
        assert!(!is_answered(&home, &socket, STRANGER, STRANGER), "by the mode alone");
        fs::set_permissions(&socket, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(!is_answered(&home, &socket, STRANGER, STRANGER));
        assert!(is_answered(&home, &socket, 0, 0), "the stranger's program does get answers");
    }
    let is_named = || home.log().contains(&format!("uid {STRANGER}"));
    wait_until("he is named in the journal", Duration::from_secs(20), is_named);
    posternd.stop();
}

/// Starts a daemon that has users and groups of its own; none if that is not possible.
fn with_groups(home: &Home) -> Option<Running<'_>> {
    if !is_root() {
        return None;
    }
    let groups = format!("root:x:0:\npostern-auth:x:{AUTH_GROUP}:\npostern-admin:x:{ADMIN_GROUP}:\n");
    let users = format!("root:x:0:0::/root:/bin/sh\npostern-proxy:x:{FRONTS}:{AUTH_GROUP}::/:/bin/false\n");
    let mut mounting = String::new();
    for (name, text) in [("group", groups), ("passwd", users)] {
        fs::write(home.path(name), text).unwrap();
        mounting += &format!("mount --bind {} /etc/{name} && ", home.path(name).display());
    }
    mounting += "exec \"$0\" \"$@\"";
    let posternd = env!("CARGO_BIN_EXE_posternd");
    let mut running: Running<'_> = home.spawn(&["unshare", "--mount", "sh", "-c", &mounting, posternd]);
    if running.ready_within(DEADLINE) != Some(Ok(())) {
        skipped("a directory can't be mounted here");
        return None;
    }
    open_the_way(home);
    running.make_platform();
    Some(running)
}

#[test]
fn each_socket_is_for_its_own_group() {
    let home = Home::new(Plan::default());
    let Some(_running) = with_groups(&home) else { return };
    // Mode 660 admits the members of the group; then the daemon itself must decide, with a mode that admits every user.
    for mode in [0o660, 0o666] {
        for (socket, may, may_not) in [(home.auth(), AUTH_GROUP, ADMIN_GROUP), (home.admin(), ADMIN_GROUP, AUTH_GROUP)]
        {
            assert_eq!(fs::metadata(&socket).unwrap().gid(), may);
            fs::set_permissions(&socket, fs::Permissions::from_mode(mode)).unwrap();
            assert!(is_answered(&home, &socket, STRANGER, may), "{mode:o} {}", socket.display());
            assert!(!is_answered(&home, &socket, STRANGER, may_not), "{mode:o} {}", socket.display());
            assert!(!is_answered(&home, &socket, STRANGER, STRANGER), "{mode:o} {}", socket.display());
        }
    }
}

#[test]
fn what_is_said_of_browsers_counts_only_of_a_front() {
    let home = Home::with_clock();
    let Some(posternd) = with_groups(&home) else { return };
    posternd.set("trusted-browsers", "30");
    let alice = posternd.enrolled(ALICE);
    let token = Secret::from(format!("{:043}", 1));
    home.saw(&token);
    let origin = || Origin { browser: Some(token.clone()), ..Origin::default() };
    let ask = || {
        let ask = Ask { name: ALICE.to_owned(), channel: Channel::Webmail, origin: origin(), ..Ask::default() };
        posternd.front::<AskVerdict>("Ask", &ask)
    };
    let answers = |code: &str, who: (u32, u32)| {
        let answer = Answer { origin: origin(), trust: true, ..answer_of(ALICE, Channel::Webmail, code) };
        is_answered_when_told(&home, &home.auth(), who, &serde_json::to_string(&answer).unwrap())
    };
    assert!(answers(&alice.backup_codes[0], (STRANGER, AUTH_GROUP)), "a host of the group signs people in");
    assert!(matches!(ask(), AskVerdict::Challenge { .. }));
    let shown: Accounts = posternd.order("ShowAccount", &Mailbox { mailbox: ALICE.to_owned() }).unwrap();
    assert_eq!(shown.accounts[0].browsers, 0);
    assert!(answers(&alice.backup_codes[1], (0, 0)));
    assert!(matches!(ask(), AskVerdict::NotRequired { .. }));
}

/// A client of another user that has as many calls running as the daemon allows, until this is dropped.
struct Crowd {
    stranger: Child,
    calls: usize,
}

impl Crowd {
    /// Starts `the_crowd` or `the_restless_crowd`.
    fn of(home: &Home, part: &str, uid: u32) -> Self {
        let mut stranger = Command::new(stranger(home))
            .args(["--exact", &format!("peers::{part}"), "--ignored", "--nocapture"])
            .env(SOCKET_VARIABLE, home.auth())
            .current_dir("/")
            .uid(uid)
            .gid(AUTH_GROUP)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(stranger.stdout.take().unwrap()).lines().map(Result::unwrap);
        let calls = lines.find_map(|line| line.split("calls: ").nth(1)?.parse().ok()).unwrap();
        Self { stranger, calls }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.stranger.kill().unwrap();
        self.stranger.wait().unwrap();
    }
}

/// Allows this process more connections than the daemon accepts.
fn allow_many_files() {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, soft.max(2 * CONNECTIONS_MAX as u64).min(hard), hard).unwrap();
}

/// Opens as many calls as the daemon accepts, at most `most`; none of them ends.
fn endless_calls(socket: &Path, most: usize) -> Vec<UnixStream> {
    allow_many_files();
    let begin = || {
        let mut stream = UnixStream::connect(socket).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        stream.write_all(b"{\"method\":\"org.postern.Auth.Watch\",\"more\":true}\0").ok()?;
        // The first reply is sent at once, and the call continues.
        stream.read_exact(&mut [0]).ok().map(|()| stream)
    };
    std::iter::from_fn(begin).take(most).collect()
}

#[test]
#[ignore = "a part of the tests below"]
#[expect(clippy::print_stdout, reason = "the test that has started it reads this")]
fn the_crowd() {
    let Some(socket) = env::var_os(SOCKET_VARIABLE) else { return };
    let calls = endless_calls(socket.as_ref(), CONNECTIONS_MAX + 1);
    println!("calls: {}", calls.len());
    // Until it is killed.
    let _ = std::io::stdin().read(&mut [0]);
}

/// All places of a user except one are in calls that do not end. The last connection makes ten calls per second, so it
/// is never idle for long; and more connections wait for it.
#[test]
#[ignore = "a part of the tests below"]
#[expect(clippy::print_stdout, reason = "the test that has started it reads this")]
fn the_restless_crowd() {
    let Some(socket) = env::var_os(SOCKET_VARIABLE) else { return };
    let calls = endless_calls(socket.as_ref(), CONNECTIONS_PER_USER_MAX - 1);
    let mut restless = UnixStream::connect(&socket).unwrap();
    restless.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let mut waiting = Vec::new();
    while restless.write_all(b"{\"method\":\"org.varlink.service.GetInfo\"}\0").is_ok() {
        // Until nothing more has arrived for this time.
        while restless.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {}
        if waiting.is_empty() {
            waiting.extend((0..8).map(|_| UnixStream::connect(&socket).unwrap()));
            println!("calls: {}", calls.len());
        }
    }
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
fn one_user_takes_half_of_the_places_and_the_fronts_always_find_one() {
    let home = Home::new(Plan::default());
    let Some(posternd) = with_groups(&home) else { return };
    let first = Crowd::of(&home, "the_crowd", STRANGER);
    assert_eq!(first.calls, CONNECTIONS_PER_USER_MAX);
    assert_eq!(posternd.ask("bob").reason(), None);
    let second = Crowd::of(&home, "the_crowd", OTHER_STRANGER);
    assert_eq!(second.calls, CONNECTIONS_MAX - FRONTS_RESERVE - CONNECTIONS_PER_USER_MAX);
    assert!(is_answered(&home, &home.auth(), FRONTS, AUTH_GROUP));
    posternd.status();
}

#[test]
fn who_waits_for_a_place_keeps_nobody_else_waiting() {
    let home = Home::new(Plan::default());
    let Some(posternd) = with_groups(&home) else { return };
    let crowd = Crowd::of(&home, "the_restless_crowd", STRANGER);
    assert_eq!(crowd.calls, CONNECTIONS_PER_USER_MAX - 1);
    assert_eq!(posternd.ask("bob").reason(), None);
    assert!(is_answered(&home, &home.auth(), FRONTS, AUTH_GROUP));
    let is_turned_away = || home.log().contains("one more is turned away");
    wait_until("who waits in vain is turned away", DEADLINE, is_turned_away);
    posternd.stop();
}

#[test]
fn a_burst_of_one_user_is_served() {
    let home = Home::new(Plan::default());
    let posternd = home.start();
    allow_many_files();
    let begin = |_| {
        let mut stream = UnixStream::connect(home.auth()).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.write_all(b"{\"method\":\"org.varlink.service.GetInfo\"}\0").unwrap();
        stream
    };
    let calls: Vec<UnixStream> = (0..CONNECTIONS_PER_USER_MAX + WAITING_PER_USER_MAX).map(begin).collect();
    for (at, mut call) in calls.iter().enumerate() {
        call.read_exact(&mut [0]).unwrap_or_else(|error| panic!("call {at}: {error}\n{}", home.log()));
    }
    posternd.stop();
}
