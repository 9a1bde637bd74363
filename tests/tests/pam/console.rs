//! su on a terminal.

use super::terminal::Terminal;
use postern_tests::pam::Hosts;

const SU: &str = "auth requisite pam_unix.so nodelay\nauth required POSTERN\n\
    account required pam_permit.so\nsession required pam_permit.so";

/// Bob, who is nobody here, becomes somebody.
fn su(hosts: &Hosts, user: &str, locale: &str) -> Terminal {
    let mut setpriv = hosts.inside("setpriv");
    setpriv.args(["--reuid=bob", "--regid=100", "--clear-groups", "su", user, "-c", "id -un"]);
    setpriv.env("LC_ALL", locale);
    Terminal::run(&setpriv)
}

#[test]
fn su_asks_for_the_password_and_then_for_the_code() {
    let mut hosts = Hosts::start().unwrap();
    hosts.service("su", SU).unwrap();
    for (code, expected) in [(hosts.code().unwrap(), "alice"), ("000000".to_owned(), "Authentication failure")] {
        let mut terminal = su(&hosts, "alice", "C.UTF-8");
        terminal.expect("Password: ");
        terminal.type_line(&hosts.alice.password);
        terminal.expect("Verification code: ");
        terminal.type_line(&code);
        let (shown, _) = terminal.end();
        assert!(shown.contains(expected) && !shown.contains(&code), "{shown}");
    }
    let audit = hosts.audit().unwrap();
    assert!(audit[0].contains("pam_postern(su:auth): outcome=accepted method="), "{audit:?}");
}

#[test]
fn where_the_locale_is_not_utf8_the_picture_is_ascii() {
    let hosts = Hosts::start().unwrap();
    hosts.service("su", SU).unwrap();
    let erin = hosts.world.mailboxes()[4].clone();
    hosts.postern(["account", "enable", &erin.name]).unwrap();
    for (locale, picture) in [("C", "#".repeat(70)), ("C.UTF-8", "█".repeat(40))] {
        let mut terminal = su(&hosts, "erin", locale);
        terminal.expect("Password: ");
        terminal.type_line(&erin.password);
        let shown = terminal.expect("Code that the app shows: ");
        assert!(shown.contains(&picture) && shown.is_ascii() == (locale == "C"), "{shown}");
    }
    // Who went away then has not enrolled.
    assert!(hosts.postern(["account", "show", &erin.name, "--json"]).unwrap().contains("\"enrolling\""));
}
