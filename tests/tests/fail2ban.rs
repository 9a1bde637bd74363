//! The filters of fail2ban, over lines that the programs really write: they ban who guesses, and nobody else.

use crate::owa::Site;
use crate::story::visitor::Visitor;
use postern_tests::backend::private_directory;
use postern_tests::binaries::workspace;
use postern_tests::pam::{Hosts, protect};
use postern_tests::{Plan, World, tools};
use std::fs;
use std::process::Command;

/// What stands before a line: the host and the name of the log's writer, in either of syslog's forms.
const PREFIXES: [&str; 2] = ["Nov 22 01:17:54 mail ", "2026-11-22T01:17:54.123456+00:00 mail "];
/// A name that wants to be somebody else's line.
const FORGER: &str = "x\" door=imap address=\"198.51.100.1\" reason=Wrong";

/// The addresses that a filter finds in what `writer` said, a line each.
fn banned(filter: &str, writer: &str, said: &[&str]) -> Vec<String> {
    let directory = private_directory().unwrap();
    let path = |name: &str| directory.path().join(name);
    // The filter includes one of fail2ban's own, which is looked for beside it.
    fs::copy(workspace().join("packaging/fail2ban").join(filter), path(filter)).unwrap();
    fs::copy("/etc/fail2ban/filter.d/common.conf", path("common.conf")).unwrap();
    let found = PREFIXES.map(|prefix| {
        fs::write(path("log"), said.iter().map(|line| format!("{prefix}{writer}[123]: {line}\n")).collect::<String>())
            .unwrap();
        let mut regex = Command::new("fail2ban-regex");
        regex.args(["--print-all-matched", "--out", "ip"]).args([path("log"), path(filter)]);
        let printed = tools::run(&mut regex, &[]).unwrap().success().unwrap();
        printed.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    });
    assert_eq!(found[0], found[1], "{said:?}");
    let [found, _] = found;
    found
}

/// The lines of a log as the journal has them: it has its own time for each, and takes off the blanks before them.
fn journal(log: &str) -> Vec<&str> {
    log.lines().filter_map(|line| line.find("INFO ").map(|at| &line[at..])).collect()
}

#[test]
fn who_guesses_at_a_pam_host_is_banned() {
    let hosts = Hosts::start().unwrap();
    hosts.service("sshd", "auth required POSTERN\nauth required pam_permit.so").unwrap();
    hosts.pamtester("sshd", "alice", &["000000"]).unwrap();
    hosts.pamtester("sshd", "alice rhost=198.51.100.1 ", &["000000"]).unwrap();
    hosts.pamtester("sshd", "bob", &[]).unwrap();
    let lines: Vec<String> = hosts.audit().unwrap();
    let said: Vec<&str> = lines.iter().map(|line| &line[line.find("pam_postern(").unwrap()..]).collect();
    assert_eq!(said.len(), 3, "{said:?}");
    assert_eq!(banned("postern.conf", "sshd", &said), ["192.0.2.7"], "{said:?}");
    // They are not counted twice.
    let log = hosts.world.posternd.log();
    assert!(log.contains("door=pam address=\"192.0.2.7\" reason="), "{log}");
    assert!(banned("posternd.conf", "posternd", &journal(&log)).is_empty(), "{log}");
}

#[test]
fn who_guesses_at_a_front_is_banned() {
    let world = World::start(Plan { imap_front: true, pop3_front: true, ..Plan::default() }).unwrap();
    let [alice, bob, ..] = &world.mailboxes()[..] else { panic!() };
    protect(&world, &alice.name).unwrap();
    // Who knows what he types leaves no line that counts.
    Visitor::new(&world).sign_in(bob);
    assert_eq!(imap(&world, &bob.name, &bob.password), 0);
    let counted = |world: &World| {
        let (proxy, posternd) = (world.proxy.log(), world.posternd.log());
        let of_proxy = banned("postern-proxy.conf", "postern-proxy", &journal(&proxy));
        let of_posternd = banned("posternd.conf", "posternd", &journal(&posternd));
        for address in of_proxy.iter().chain(&of_posternd) {
            assert_eq!(address, "127.0.0.1", "{proxy}{posternd}");
        }
        (of_proxy.len(), of_posternd.len())
    };
    assert_eq!(counted(&world), (0, 0));

    // Passwords, which the webmail and the mail server refuse.
    Visitor::new(&world).password(&bob.name, "nonsense");
    assert_eq!(counted(&world), (1, 0));
    assert_ne!(imap(&world, &bob.name, "nonsense"), 0);
    assert_eq!(counted(&world), (2, 0));
    assert_ne!(pop3(&world, &bob.name, "nonsense"), 0);
    assert_eq!(counted(&world), (3, 0));
    // Codes, which posternd refuses, and names that are nobody's.
    let thief = Visitor::new(&world);
    thief.sign_in(alice);
    thief.code("000000");
    assert_eq!(counted(&world), (3, 1));
    for (name, password) in [(alice.name.as_str(), alice.password.as_str()), (FORGER, "nonsense")] {
        assert_ne!(imap(&world, name, password), 0);
    }
    assert_eq!(counted(&world), (3, 3));
    assert_ne!(pop3(&world, &alice.name, &alice.password), 0);
    assert_eq!(counted(&world), (3, 4));
}

/// Signs in by IMAP; curl's exit code.
fn imap(world: &World, name: &str, password: &str) -> i32 {
    curl(&format!("imaps://127.0.0.1:{}/", world.imap_front.unwrap().imaps), name, password)
}

/// Signs in by POP3; curl's exit code.
fn pop3(world: &World, name: &str, password: &str) -> i32 {
    curl(&format!("pop3s://127.0.0.1:{}/", world.pop3_front.unwrap().pop3s), name, password)
}

fn curl(url: &str, name: &str, password: &str) -> i32 {
    tools::curl(["--insecure", "--max-time", "20", "--user", &format!("{name}:{password}"), url]).unwrap().code
}

#[test]
fn a_client_that_guesses_at_an_endpoint_of_exchange_is_banned() {
    let world = Site::with_endpoints("ews = \"app-password\"");
    let bob = world.mailbox("bob");
    let visitor = Visitor::new(&world);
    let url = visitor.address("/EWS/Exchange.asmx");
    let counted = || banned("postern-proxy.conf", "postern-proxy", &journal(&world.proxy.log()));
    for (password, count) in [(bob.password.as_str(), 0), ("nonsense", 1)] {
        let pair = format!("{}:{password}", bob.name);
        visitor.curl(["--basic", "--user", &pair, &url]).success().unwrap();
        assert_eq!(counted(), vec!["127.0.0.1"; count], "{}", world.proxy.log());
    }
}
