//! A good guest: nothing stays, nothing is heard of it, and one code lets one in.

use postern_tests::pam::{Ended, Hosts, Session};

use postern_tests::tools;
use std::fs;
use std::process::{Command, Stdio};

const SUCCESS: i32 = 0;
const AUTH_ERR: i32 = 7;
/// Transactions after which nothing may be left.
const MANY: usize = 500;
/// Memory that they may leave behind: what the allocators round up to.
const SLACK_KIB: u32 = 256;
const PROMPT: &str = "auth required POSTERN\nauth required pam_permit.so";

#[test]
fn one_code_from_20_processes_is_one_success() {
    let mut hosts = Hosts::start().unwrap();
    hosts.service("prompt", PROMPT).unwrap();
    let code = hosts.code().unwrap();
    let session = Session::new(&hosts, "prompt").typing(&[&code]);
    let children: Vec<_> =
        (0..20).map(|_| session.command().unwrap().stdout(Stdio::piped()).spawn().unwrap()).collect();
    let ends = children.into_iter().map(|child| {
        let output = child.wait_with_output().unwrap();
        Ended::read(&String::from_utf8(output.stdout).unwrap()).unwrap().codes[0]
    });
    let ends: Vec<i32> = ends.collect();
    assert_eq!(ends.iter().filter(|end| **end == SUCCESS).count(), 1, "{ends:?}");
}

#[test]
fn after_500_transactions_nothing_is_left() {
    let hosts = Hosts::start().unwrap();
    hosts.service("prompt", PROMPT).unwrap();
    // Not required, refused without a question (an empty answer), unavailable: what a host does all day.
    for (user, typed) in [("bob", None), ("alice", Some(""))] {
        let typed = typed.map(|text| vec![text]);
        let mut session = Session::new(&hosts, "prompt").times(20, MANY);
        if let Some(typed) = &typed {
            session = session.typing(typed);
        }
        let ended = session.user(user).run().unwrap();
        assert_eq!(ended.codes.len(), MANY + 20);
        let (before, after) = (&ended.before, &ended.after);
        assert_eq!((before.fds, before.threads), (after.fds, after.threads));
        assert_eq!(ended.handlers, after.handlers, "signal handlers");
        assert!(after.kib < before.kib + SLACK_KIB, "{before:?} {after:?}");
        assert!(ended.credentials.iter().flatten().all(|code| *code == SUCCESS));
    }
}

#[test]
fn forks_and_threads_between_transactions_do_no_harm() {
    let mut hosts = Hosts::start().unwrap();
    hosts.service("prompt", PROMPT).unwrap();
    let codes: Vec<String> = hosts.backup_codes.clone();
    let ended = Session::new(&hosts, "prompt").typing(&[&codes[0]]).forking(2).run().unwrap();
    assert_eq!((ended.codes, ended.children), (vec![SUCCESS], vec![AUTH_ERR, AUTH_ERR]), "the code was spent before");
    hosts.postern(["account", "unlock", "alice@example.com"]).unwrap();
    let ended = Session::new(&hosts, "prompt").typing(&["000000"]).threads(2).run().unwrap();
    assert_eq!((ended.codes, ended.parallel), (vec![AUTH_ERR], vec![AUTH_ERR; 2]));
    hosts.postern(["account", "unlock", "alice@example.com"]).unwrap();
    let code = hosts.code().unwrap();
    let mut ended = Session::new(&hosts, "prompt").typing(&[&code]).times(0, 0).threads(2).run().unwrap();
    ended.parallel.sort_unstable();
    assert_eq!(ended.parallel, [SUCCESS, AUTH_ERR]);
}

#[test]
fn valgrind_has_nothing_to_say() {
    let mut hosts = Hosts::start().unwrap();
    hosts.service("prompt", PROMPT).unwrap();
    hosts.service("forward", "auth required POSTERN forward_pass\nauth required pam_permit.so").unwrap();
    let code = hosts.code().unwrap();
    for (service, user, typed, expected) in [
        ("prompt", "alice", code.clone(), 0),
        ("forward", "alice", format!("x{code}"), 1),
        ("prompt", "bob", String::new(), 0),
        ("prompt", "alice", String::new(), 1),
    ] {
        let mut valgrind = hosts.inside("valgrind");
        valgrind.args(["--quiet", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=definite,indirect"]);
        valgrind.args(["--errors-for-leak-kinds=definite,indirect", "--keep-debuginfo=yes"]);
        valgrind.args(["pamtester", service, user, "authenticate"]);
        let outcome = tools::run(&mut valgrind, typed.as_bytes()).unwrap();
        assert_eq!(outcome.code, expected, "{service} {user}: {outcome:#?}");
        assert!(!outcome.stderr.contains("=="), "{outcome:#?}");
    }
}

/// What the linker made of it, of the module as it is shipped.
#[test]
fn the_module_exports_its_hooks_and_needs_three_libraries() {
    let mut cargo = postern_tests::binaries::cargo();
    let output =
        cargo.args(["build", "--release", "--package", "pam_postern", "--message-format=json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = String::from_utf8(output.stdout).unwrap();
    let module = messages.split('"').find(|part| part.ends_with("/libpam_postern.so")).unwrap();

    let run = |program: &str, args: &[&str]| {
        tools::run(Command::new(program).args(args).arg(module), &[]).unwrap().success().unwrap()
    };
    let exported = run("nm", &["--dynamic", "--defined-only", "--format=just-symbols"]);
    let hooks = ["acct_mgmt", "authenticate", "chauthtok", "close_session", "open_session", "setcred"];
    assert_eq!(exported.lines().collect::<Vec<_>>(), hooks.map(|hook| format!("pam_sm_{hook}")));
    let dynamic = run("readelf", &["--dynamic", "--wide"]);
    let needed = dynamic.lines().filter(|line| line.contains("(NEEDED)"));
    let mut needed: Vec<&str> = needed.filter_map(|line| line.split(['[', ']']).nth(1)).collect();
    // The loader itself is there in any case; some linkers name it.
    needed.retain(|library| !library.starts_with("ld-linux"));
    needed.sort_unstable();
    assert_eq!(needed, ["libc.so.6", "libgcc_s.so.1", "libpam.so.0"]);
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
    assert!(fs::metadata(module).unwrap().len() < 1_000_000);
}
