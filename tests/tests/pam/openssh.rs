//! OpenSSH: keyboard-interactive, where a person is asked, and `password`, where a string is sent.

use super::terminal::{Terminal, photograph};
use postern_tests::pam::Hosts;
use postern_tests::service::{Ready, Service};
use postern_tests::{ports, tools};
use std::fs;
use std::process::Command;

const ACCOUNT: &str = "\naccount required pam_permit.so\nsession required pam_permit.so";
/// The password first, and nothing after a wrong one: least of all an enrolment.
const TWO_PROMPTS: &str = "auth requisite pam_unix.so nodelay\nauth required POSTERN";
/// Both in one string.
const ONE_STRING: &str = "auth requisite POSTERN forward_pass no_enrol\n\
    auth required pam_unix.so try_first_pass nodelay";

struct Sshd {
    service: Service,
    port: u16,
}

fn sshd(hosts: &Hosts, stack: &str) -> Sshd {
    hosts.service("sshd", &format!("{stack}{ACCOUNT}")).unwrap();
    let (port, key, config) = (ports::free().unwrap(), hosts.path("host_key"), hosts.path("sshd_config"));
    if !key.exists() {
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key);
        tools::run(&mut keygen, &[]).unwrap().success().unwrap();
    }
    let text = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nPidFile none\nUsePAM yes\nStrictModes no\n\
         PermitRootLogin no\nKbdInteractiveAuthentication yes\nPasswordAuthentication yes\nPrintMotd no\n",
        key.display()
    );
    fs::write(&config, text).unwrap();
    // `exec` all the way: the process that is started is sshd in the end.
    let inside = hosts.inside("/usr/sbin/sshd");
    let mut service = Service::new("sshd", inside.get_program(), Ready::Port(port), &hosts.path(""));
    for arg in inside.get_args() {
        service = service.arg(arg);
    }
    service = service.arg("-D").arg("-e").arg("-f").arg(&config);
    service.start().unwrap();
    Sshd { service, port }
}

impl Sshd {
    fn login(&self, user: &str, method: &str) -> Terminal {
        let mut ssh = Command::new("ssh");
        ssh.args(["-F", "/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]);
        ssh.args(["-o", "LogLevel=ERROR", "-o", "NumberOfPasswordPrompts=1", "-o", "PubkeyAuthentication=no"]);
        ssh.arg("-o").arg(format!("PreferredAuthentications={method}"));
        ssh.args(["-p", &self.port.to_string(), &format!("{user}@127.0.0.1"), "echo got-in"]);
        ssh.env("LC_ALL", "C.UTF-8");
        Terminal::run(&ssh)
    }
}

#[test]
fn keyboard_interactive_asks_for_the_password_and_the_code() {
    let mut hosts = Hosts::start().unwrap();
    let sshd = sshd(&hosts, TWO_PROMPTS);
    let code = hosts.code().unwrap();
    for expected in ["got-in", "Permission denied"] {
        let mut terminal = sshd.login("alice", "keyboard-interactive");
        terminal.expect("Password: ");
        terminal.type_line(&hosts.alice.password);
        terminal.expect("Verification code: ");
        terminal.type_line(&code);
        let (shown, _) = terminal.end();
        assert!(shown.contains(expected), "{shown}\n{}", sshd.service.log_tail());
    }
    // Who has no password sees no enrolment, of which there would be one.
    hosts.postern(["account", "reset", "alice@example.com"]).unwrap();
    let mut terminal = sshd.login("alice", "keyboard-interactive");
    terminal.expect("Password: ");
    terminal.type_line("nonsense");
    let (shown, _) = terminal.end();
    assert!(shown.contains("Permission denied") && !shown.contains("secret"), "{shown}");
    let audit = hosts.audit().unwrap();
    assert!(audit[0].contains("pam_postern(sshd:auth): outcome=accepted"), "{audit:?}");
    assert!(audit[0].ends_with("service=sshd rhost=127.0.0.1 user=alice"), "{audit:?}");
}

#[test]
fn the_password_method_takes_both_in_one_string() {
    let mut hosts = Hosts::start().unwrap();
    let sshd = sshd(&hosts, ONE_STRING);
    let (password, code) = (hosts.alice.password.clone(), hosts.code().unwrap());
    let sign_in = |user: &str, typed: &str| {
        let mut terminal = sshd.login(user, "password");
        terminal.expect("password: ");
        terminal.type_line(typed);
        terminal.end().0
    };
    assert!(sign_in("alice", &format!("{password}{code}")).contains("got-in"), "{}", sshd.service.log_tail());
    assert!(sign_in("alice", &format!("{password}{code}")).contains("Permission denied"));
    assert!(sign_in("alice", &password).contains("Permission denied"));
    // Bob's account is off: his password alone, PAM_DISALLOW_NULL_AUTHTOK or not.
    assert!(sign_in("bob", &hosts.world.mailboxes()[1].password.clone()).contains("got-in"));
    // A user that sshd does not know: it sends a stand-in, which the daemon never sees.
    hosts.audit().unwrap();
    hosts.postern(["account", "enable", "nobody-here@example.com"]).unwrap();
    hosts.postern(["method", "add", "totp", "nobody-here@example.com"]).unwrap();
    assert!(sign_in("nobody-here", "246810").contains("Permission denied"));
    let audit = hosts.audit().unwrap();
    assert!(audit.iter().any(|line| line.contains("reason=stand_in")), "{audit:?}");
}

/// A shell is not for a string that lies in phones, though the same stack takes it for mail.
#[test]
fn an_app_password_opens_no_shell() {
    let hosts = Hosts::start().unwrap();
    let sshd = sshd(&hosts, ONE_STRING);
    let (_, typed) = hosts.app_password().unwrap();
    let mut terminal = sshd.login("alice", "password");
    terminal.expect("password: ");
    terminal.type_line(&typed);
    let (shown, _) = terminal.end();
    assert!(shown.contains("Permission denied"), "{shown}");
    let audit = hosts.audit().unwrap();
    assert!(audit[0].contains("outcome=refused reason=wrong service=sshd"), "{audit:?}");
    hosts.service("dovecot", "auth required POSTERN forward_pass").unwrap();
    assert_eq!(hosts.pamtester("dovecot", "alice", &[&typed]).unwrap().code, 0);
}

/// The whole of it as a person sees it: the picture on the screen is what the phone reads.
#[test]
fn a_person_enrols_in_the_terminal() {
    let mut hosts = Hosts::start().unwrap();
    let (erin, password) = ("erin@example.com", hosts.world.mailboxes()[4].password.clone());
    hosts.postern(["account", "enable", erin]).unwrap();
    let sshd = sshd(&hosts, TWO_PROMPTS);
    let mut terminal = sshd.login("erin", "keyboard-interactive");
    terminal.expect("Password: ");
    terminal.type_line(&password);
    let shown = terminal.expect("Code that the app shows: ");
    let file = hosts.path("screen.pgm");
    fs::write(&file, photograph(&shown)).unwrap();
    let uri = tools::zbar(&file).unwrap();
    assert!(uri.starts_with("otpauth://totp/"), "{uri}");
    let secret: String = uri.split("secret=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    hosts.world.plant(&secret);
    let grouped: String = shown.split("secret ").nth(1).unwrap().lines().next().unwrap().split_whitespace().collect();
    assert_eq!(grouped, secret, "what is typed by hand is what the picture says");

    terminal.type_line("000000");
    let again = terminal.expect("Code that the app shows: ");
    assert!(again.contains("does not fit"), "{again}");
    terminal.type_line(&hosts.world.code(&secret).unwrap());
    let codes = terminal.expect("Press Enter");
    assert_eq!(codes.split_whitespace().filter(|word| word.len() == 11 && word.contains('-')).count(), 10, "{codes}");
    terminal.type_line("");
    let (shown, code) = terminal.end();
    assert!(shown.contains("got-in") && code == 0, "{shown}");
    assert!(hosts.postern(["account", "show", erin, "--json"]).unwrap().contains("\"protected\""));
    assert!(hosts.audit().unwrap().iter().any(|line| line.contains("outcome=enrolled")));
}
