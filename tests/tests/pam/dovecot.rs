//! Dovecot's passdb pam: one string, no prompts, and the last prompt's text for who is refused.

use postern_tests::pam::Hosts;
use postern_tests::service::{Ready, Service};
use postern_tests::tools::{self, Outcome};
use postern_tests::{ports, wait};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// As in pam_postern(8).
const STACK: &str = "auth requisite POSTERN forward_pass no_enrol \
    enrol_url=https://webmail.example.com/\nauth required pam_unix.so try_first_pass nodelay\n\
    account required pam_permit.so";

struct Imap {
    service: Service,
    port: u16,
}

fn imap(hosts: &Hosts) -> Imap {
    hosts.service("dovecot", STACK).unwrap();
    let (port, directory) = (ports::free().unwrap(), hosts.path(""));
    let directory = directory.display();
    fs::set_permissions(hosts.path("home"), Permissions::from_mode(0o777)).unwrap();
    let version = tools::run(Command::new("dovecot").arg("--version"), &[]).unwrap().success().unwrap();
    let versioned = if version.starts_with("2.3.") {
        format!(
            "ssl = no\ndisable_plaintext_auth = no\nmail_location = maildir:~/Maildir\n\
             passdb {{\n  driver = pam\n  args = failure_show_msg=yes dovecot\n  result_failure = return-fail\n}}\n\
             userdb {{\n  driver = static\n  args = uid=mail gid=mail home={directory}/home/%u\n}}\n"
        )
    } else {
        format!(
            "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\nssl = no\nauth_allow_cleartext = yes\n\
             mail_driver = maildir\nmail_path = ~/Maildir\n\
             passdb pam {{\n  passdb_pam_failure_show_msg = yes\n  passdb_pam_service_name = dovecot\n}}\n\
             userdb static {{\n  fields {{\n    uid = mail\n    gid = mail\n    home = {directory}/home/%{{user}}\n  }}\n}}\n"
        )
    };
    let shared = format!(
        "protocols = imap\nbase_dir = {directory}/run\nstate_dir = {directory}/run\nlog_path = /dev/stderr\n\
         listen = 127.0.0.1\nauth_mechanisms = plain\nauth_failure_delay = 0\nauth_debug = yes\nfirst_valid_uid = 1\n\
         service imap-login {{\n  inet_listener imap {{\n    port = {port}\n  }}\n}}\n"
    );
    let config = hosts.path("dovecot.conf");
    fs::write(&config, versioned + &shared).unwrap();
    let inside = hosts.inside("dovecot");
    let mut service = Service::new("dovecot", inside.get_program(), Ready::Port(port), &hosts.path(""));
    for arg in inside.get_args() {
        service = service.arg(arg);
    }
    service = service.arg("-F").arg("-c").arg(&config);
    service.start().unwrap();
    Imap { service, port }
}

impl Imap {
    fn login(&self, user: &str, password: &str) -> Outcome {
        let url = format!("imap://127.0.0.1:{}/", self.port);
        tools::curl(["--verbose", "--max-time", "20", "--user", &format!("{user}:{password}"), &url]).unwrap()
    }
}

#[test]
fn a_mail_app_sends_password_and_code_in_one_field() {
    let mut hosts = Hosts::start().unwrap();
    let imap = imap(&hosts);
    let (alice, bob) = (hosts.alice.clone(), hosts.world.mailboxes()[1].clone());
    let field = format!("{}{}", alice.password, hosts.code().unwrap());
    assert_eq!(imap.login(&alice.name, &field).code, 0, "{}", imap.service.log_tail());
    for wrong in [&field, &alice.password, &format!("nonsense{}", hosts.code().unwrap())] {
        let outcome = imap.login(&alice.name, wrong);
        assert!(outcome.stderr.contains("NO [AUTHENTICATIONFAILED]"), "{outcome:?}");
    }
    // Bob has nothing to do with it: his password goes to the next module as it is.
    assert_eq!(imap.login(&bob.name, &bob.password).code, 0, "{}", imap.service.log_tail());
    assert_ne!(imap.login(&bob.name, "nonsense").code, 0);
    let audit = hosts.audit().unwrap();
    assert!(audit[0].contains("pam_postern(dovecot:auth): outcome=accepted"), "{audit:?}");
    assert!(audit[0].ends_with("rhost=127.0.0.1 user=alice@example.com"), "{audit:?}");
}

/// The module's last prompt has the address, and Dovecot's PAM code takes it for the reason of the failure
/// (`failure_show_msg`). Dovecot 2.3 and 2.4 then forget the fields of a passdb that failed before they answer the mail
/// app, so the mail app gets nothing but NO; what is seen here is what Dovecot was told.
#[test]
fn who_must_enrol_first_is_refused_and_dovecot_is_told_where() {
    let hosts = Hosts::start().unwrap();
    let imap = imap(&hosts);
    let erin = hosts.world.mailboxes()[4].clone();
    hosts.postern(["account", "enable", &erin.name]).unwrap();
    let outcome = imap.login(&erin.name, &erin.password);
    assert!(outcome.stderr.contains("NO [AUTHENTICATIONFAILED]"), "{outcome:?}");
    // Dovecot's log is written by a process of its own, which may come after the answer.
    let told = "style=1 msg=This account needs a second factor. Set it up at https://webmail.example.com/";
    wait::until("Dovecot's log", || Ok(imap.service.log().contains(told).then_some(()))).unwrap();
    assert!(hosts.audit().unwrap()[0].contains("reason=unenrolled"));
}

/// The same string from the same source passes again while the platform's window is open, and the code in it is not
/// good for another channel.
#[test]
fn a_mail_app_that_reconnects_passes_within_the_window() {
    let mut hosts = Hosts::start().unwrap();
    let imap = imap(&hosts);
    let alice = hosts.alice.clone();
    hosts.postern(["platform", "set", "example", "reconnect-window", "10"]).unwrap();
    let field = format!("{}{}", alice.password, hosts.code().unwrap());
    for _ in 0..3 {
        assert_eq!(imap.login(&alice.name, &field).code, 0, "{}", imap.service.log_tail());
    }
    hosts.world.move_clock(601).unwrap();
    assert_ne!(imap.login(&alice.name, &field).code, 0);
}

#[test]
fn with_the_daemon_away_nobody_gets_in() {
    let mut hosts = Hosts::start().unwrap();
    let imap = imap(&hosts);
    let bob = hosts.world.mailboxes()[1].clone();
    hosts.world.posternd.stop().unwrap();
    assert_ne!(imap.login(&bob.name, &bob.password).code, 0);
    hosts.world.posternd.start().unwrap();
    assert_eq!(imap.login(&bob.name, &bob.password).code, 0);
}

/// The mailbox's own password is what the next module gets, so that it need not know of app passwords.
#[test]
fn an_app_password_in_the_same_field_passes_also_while_the_account_is_suspended() {
    let hosts = Hosts::start().unwrap();
    let imap = imap(&hosts);
    let alice = hosts.alice.clone();
    let (id, typed) = hosts.app_password().unwrap();
    assert_eq!(imap.login(&alice.name, &typed).code, 0, "{}", imap.service.log_tail());
    assert!(hosts.audit().unwrap()[0].contains(&format!("method=app_password_{id}")), "{:?}", hosts.audit());
    hosts.postern(["account", "suspend", &alice.name, "--hours", "1"]).unwrap();
    assert_eq!(imap.login(&alice.name, &typed.replace('-', "")).code, 0, "{}", imap.service.log_tail());
    assert_eq!(imap.login(&alice.name, &alice.password).code, 0, "suspended");
    hosts.postern(["account", "resume", &alice.name]).unwrap();
    assert_ne!(imap.login(&alice.name, &alice.password).code, 0);
    // A shell is not for a string that lies in phones.
    hosts.service("sshd", STACK).unwrap();
    assert_ne!(hosts.pamtester("sshd", &alice.name, &[&typed]).unwrap().code, 0);
    hosts.postern(["app-password", "revoke", &alice.name, &id]).unwrap();
    assert_ne!(imap.login(&alice.name, &typed).code, 0);
}
