//! su, sudo and login on a terminal.

use super::terminal::Terminal;
use postern_tests::pam::Hosts;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

const SU: &str = "auth requisite pam_unix.so nodelay\nauth required POSTERN\n\
    account required pam_permit.so\nsession required pam_permit.so";
/// As in pam_postern(8) for sudo, and the same for login.
const PASSWORD_AND_CODE: &str = SU;
/// The break-glass line of pam_postern(8).
const BREAK_GLASS: &str = "auth requisite pam_unix.so nodelay\n\
    auth [success=ok ignore=ignore authinfo_unavail=ignore default=die] POSTERN\n\
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

/// Alice, who may become root by her own password and code. Of the two names that her user id has, the first counts.
fn sudo(hosts: &Hosts) -> Terminal {
    let sudoers = hosts.path("sudoers");
    fs::write(
        &sudoers,
        "Defaults passwd_tries=1, timestamp_timeout=0, !lecture\n\"alice@example.com\" ALL=(ALL) ALL\n",
    )
    .unwrap();
    fs::set_permissions(&sudoers, Permissions::from_mode(0o440)).unwrap();
    let mut inside = hosts.inside("sh");
    let script = "mount --bind \"$1\" /etc/sudoers; \
        exec setpriv --reuid=alice --regid=100 --clear-groups sudo --reset-timestamp id -un";
    inside.args(["-ec", script, "sh"]).arg(&sudoers);
    Terminal::run(&inside)
}

fn login(hosts: &Hosts) -> Terminal {
    Terminal::run(hosts.inside("login").arg("alice"))
}

/// Types the password, and the code if it is asked for; gives what was shown after the last that was typed.
fn answer(mut terminal: Terminal, prompt: &str, password: &str, code: Option<&str>) -> Terminal {
    terminal.expect(prompt);
    terminal.type_line(password);
    if let Some(code) = code {
        terminal.expect("Verification code: ");
        terminal.type_line(code);
    }
    terminal
}

#[test]
fn sudo_asks_for_the_password_and_then_for_the_code() {
    const PROMPT: &str = "password for alice@example.com: ";
    let mut hosts = Hosts::start().unwrap();
    hosts.service("sudo", PASSWORD_AND_CODE).unwrap();
    let (password, code) = (hosts.alice.password.clone(), hosts.code().unwrap());
    let ends = |hosts: &Hosts, password: &str, code: Option<&str>| answer(sudo(hosts), PROMPT, password, code).end();
    let (shown, status) = ends(&hosts, &password, Some(&code));
    assert!(status == 0 && shown.contains("root"), "{shown}");
    for (password, code) in [(password.as_str(), Some("000000")), (&password, Some(&code)), ("nonsense", None)] {
        let (shown, status) = ends(&hosts, password, code);
        assert!(status != 0 && !shown.contains("root"), "{shown}");
    }
    let audit = hosts.audit().unwrap();
    assert!(audit[0].contains("pam_postern(sudo:auth): outcome=accepted method="), "{audit:?}");
    assert!(audit[0].ends_with("user=alice@example.com"), "it is the code of who runs it: {audit:?}");

    // Without the daemon nobody becomes root, unless the stack says so; and then by the password still.
    hosts.world.posternd.stop().unwrap();
    let (shown, status) = ends(&hosts, &password, None);
    assert!(status != 0 && !shown.contains("root"), "{shown}");
    hosts.service("sudo", BREAK_GLASS).unwrap();
    let (shown, status) = ends(&hosts, &password, None);
    assert!(status == 0 && shown.contains("root"), "{shown}");
    assert_ne!(ends(&hosts, "nonsense", None).1, 0);
    // The glass is whole again once the daemon is back.
    hosts.world.posternd.start().unwrap();
    assert_ne!(ends(&hosts, &password, Some("000000")).1, 0);
    let code = hosts.code().unwrap();
    assert_eq!(ends(&hosts, &password, Some(&code)).1, 0);
}

#[test]
fn login_asks_for_the_password_and_then_for_the_code() {
    const PROMPT: &str = "Password: ";
    let mut hosts = Hosts::start().unwrap();
    hosts.service("login", PASSWORD_AND_CODE).unwrap();
    fs::set_permissions(hosts.path(""), Permissions::from_mode(0o711)).unwrap();
    let (password, code) = (hosts.alice.password.clone(), hosts.code().unwrap());
    let mut terminal = answer(login(&hosts), PROMPT, &password, Some(&code));
    terminal.expect("$ ");
    terminal.type_line("id -un; exit");
    assert!(terminal.end().0.contains("alice"));
    for (password, code) in [(password.as_str(), Some("000000")), (&password, Some(&code)), ("nonsense", None)] {
        // It would ask for another name then.
        answer(login(&hosts), PROMPT, password, code).expect("Login incorrect");
    }
    hosts.world.posternd.stop().unwrap();
    answer(login(&hosts), PROMPT, &password, None).expect("Login incorrect");
    hosts.service("login", BREAK_GLASS).unwrap();
    answer(login(&hosts), PROMPT, &password, None).expect("$ ");
    answer(login(&hosts), PROMPT, "nonsense", None).expect("Login incorrect");
}
