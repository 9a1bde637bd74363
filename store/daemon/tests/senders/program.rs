//! Text messages and mail through local programs.

use crate::{ADDRESS, NUMBER, SOON, refused, send_mail, send_text, senders, text, unavailable};
use posternd::clock::Stopwatch;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

/// Creates a program that writes its arguments, its environment and its input to files, and then runs `then`.
fn recorder(then: &str) -> (TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("send");
    let to = dir.path().display();
    let script = format!(
        "#!/bin/sh\necho run >> {to}/runs\nprintf '%s\\n' \"$@\" > {to}/arguments\nenv > {to}/environment\n\
         cat > {to}/input\n{then}\n"
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
    let shown = path.display().to_string();
    (dir, shown)
}

fn recorded(dir: &TempDir, name: &str) -> String {
    fs::read_to_string(dir.path().join(name)).unwrap()
}

fn sms(program: &str) -> String {
    format!("[sms]\ncommand = [\"{program}\", \"TEXT\", \"{{number}}\", \"00{{digits}}\"]\n")
}

#[tokio::test]
async fn a_command_has_the_number_and_reads_the_text() {
    let (dir, program) = recorder("");
    send_text(&senders(&sms(&program))).await.unwrap();
    assert_eq!(recorded(&dir, "arguments"), format!("TEXT\n{NUMBER}\n0044612345678\n"));
    assert_eq!(recorded(&dir, "input"), text().reveal());
    let environment = recorded(&dir, "environment");
    // A shell sets some variables itself.
    let own = |line: &&str| !["PWD=", "SHLVL=", "_=", "OLDPWD="].iter().any(|name| line.starts_with(name));
    let left: Vec<_> = environment.lines().filter(own).collect();
    assert!(matches!(left[..], [path] if path.starts_with("PATH=/usr/local/sbin:")), "{left:?}");
}

#[tokio::test]
async fn sendmail_has_a_mail_on_its_input() {
    let (dir, program) = recorder("");
    let senders = senders(&format!("[mail]\nfrom = \"Postern <security@example.com>\"\nsendmail = \"{program}\"\n"));
    send_mail(&senders, ADDRESS).await.unwrap();
    assert_eq!(recorded(&dir, "arguments"), format!("-i\n-f\nsecurity@example.com\n--\n{ADDRESS}\n"));
    let mail = recorded(&dir, "input");
    assert!(mail.contains("\nTo: bob.smith@example.org\n") && !mail.contains('\r'), "{mail}");
    assert!(refused(send_mail(&senders, "bob@example.org\nBcc: eve@example.org").await).contains("address"));
    // It is not interpreted as an option.
    send_mail(&senders, "-oQ/tmp@example.org").await.unwrap();
    assert_eq!(recorded(&dir, "arguments"), "-i\n-f\nsecurity@example.com\n--\n-oQ/tmp@example.org\n");
}

#[tokio::test]
async fn a_status_has_its_meaning() {
    let complaint = format!("echo \"no user <bob.smith@example.org> {NUMBER}\" >&2; cat {{}}/input >&2; exit");
    for (status, is_refused) in [(65, true), (67, true), (68, true), (1, false), (75, false), (127, false)] {
        let (dir, program) = recorder("");
        let then = format!("{} {status}", complaint.replace("{}", &dir.path().display().to_string()));
        fs::write(dir.path().join("send"), format!("{}{then}\n", recorded(&dir, "send"))).unwrap();
        let outcome = send_text(&senders(&sms(&program))).await;
        let why = if is_refused { refused(outcome) } else { unavailable(outcome) };
        assert!(why.contains(&format!("exit status: {status} and says “no user @ +###")), "{why}");
        assert_eq!(recorded(&dir, "runs"), "run\n");
    }
}

#[tokio::test]
async fn a_program_that_hangs_is_stopped_with_what_it_started() {
    let (dir, program) = recorder("sleep 1000 & echo $! > ${0%/*}/child.new; mv ${0%/*}/child.new ${0%/*}/child; wait");
    let senders = senders(&sms(&program));
    let child = dir.path().join("child");
    let hanging = async {
        let waiting = Stopwatch::start();
        while !child.exists() {
            assert!(waiting.elapsed() < SOON);
            tokio::task::yield_now().await;
        }
        tokio::time::pause();
    };
    let (outcome, ()) = tokio::join!(send_text(&senders), hanging);
    let why = unavailable(outcome);
    assert!(why.contains("has not ended within 20 s and was stopped"), "{why}");
    assert_eq!(recorded(&dir, "runs"), "run\n");
    let child = recorded(&dir, "child");
    // It has ended, or waits for its parent to reap it.
    let state = || fs::read_to_string(Path::new("/proc").join(child.trim()).join("stat")).unwrap_or_default();
    let waiting = Stopwatch::start();
    while !(state().is_empty() || state().contains(") Z ")) {
        assert!(waiting.elapsed() < SOON, "{}", state());
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn what_a_program_leaves_running_is_not_waited_for() {
    let (_dir, program) = recorder("sleep 30 & exit 0");
    send_text(&senders(&sms(&program))).await.unwrap();
}

#[tokio::test]
async fn a_program_that_reads_nothing_is_believed() {
    let dir = tempfile::tempdir().unwrap();
    let senders = senders("[sms]\ncommand = [\"/bin/true\", \"{number}\"]\n");
    send_text(&senders).await.unwrap();
    let missing = dir.path().join("none").display().to_string();
    let why = unavailable(send_text(&crate::senders(&sms(&missing))).await);
    assert!(why.contains("cannot be run: No such file"), "{why}");
}
