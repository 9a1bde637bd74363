//! Coming from another module: the files that google-authenticator, pam_google_authenticator and pam_oath really write,
//! taken over, and the person's same app, codes and all, at Postern's prompt.

use postern_tests::pam::{Hosts, STEP};
use postern_tests::tools;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

const POSTERN: &str = "auth required POSTERN\nauth required pam_permit.so";
/// The 20 bytes of RFC 6238 appendix B, and others.
const BOB: &str = "3132333435363738393031323334353637383930";
const BOB_BASE32: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const CAROL: &str = "00112233445566778899aabbccddeeff00112233";

/// Whether a service lets somebody in who types this.
fn lets_in(hosts: &Hosts, service: &str, user: &str, typed: &str) -> bool {
    hosts.pamtester(service, user, &[typed]).unwrap().stdout.contains("successfully authenticated")
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn what_google_authenticator_made_goes_on() {
    let mut hosts = Hosts::start().unwrap();
    let file = hosts.path("google_authenticator");
    let mut make = Command::new("google-authenticator");
    make.args(["--time-based", "--disallow-reuse", "--force", "--quiet", "--no-confirm", "--no-rate-limit"]);
    make.args(["--minimal-window", "--emergency-codes=4"]).arg(format!("--secret={}", file.display()));
    tools::run(&mut make, &[]).unwrap().success().unwrap();
    let made = text(&file);
    let secret = made.lines().next().unwrap().to_owned();
    let codes: Vec<&str> = made.lines().filter(|line| line.len() == 8 && line.parse::<u32>().is_ok()).collect();
    assert_eq!(codes.len(), 4, "{made}");
    hosts.world.plant(&secret);
    codes.iter().for_each(|code| hosts.world.plant(code));

    // It is used there first: a code of the app, and one of the four.
    let module = format!("auth required pam_google_authenticator.so user=root secret={}", file.display());
    hosts.service("google", &format!("{module}\nauth required pam_permit.so")).unwrap();
    hosts.service("postern", POSTERN).unwrap();
    let used = hosts.world.code(&secret).unwrap();
    assert!(lets_in(&hosts, "google", "bob", &used));
    assert!(lets_in(&hosts, "google", "bob", codes[0]));
    assert!(lets_in(&hosts, "postern", "bob", ""), "no code is asked of Bob yet");

    let before = text(&file);
    assert!(before.contains("\" DISALLOW_REUSE ") && !before.contains(codes[0]), "{before}");
    let path = file.to_str().unwrap();
    let import = ["import", "google-authenticator", path, "bob@example.com"];
    let tried = hosts.postern(import.into_iter().chain(["--dry-run"])).unwrap();
    assert!(tried.contains("would be"), "{tried}");
    assert!(lets_in(&hosts, "postern", "bob", ""), "a dry run does nothing");
    let done = hosts.postern(import).unwrap();
    assert!(done.contains("bob@example.com") && done.contains("yes"), "{done}");
    for shown in [&tried, &done] {
        assert!(!shown.contains(&secret) && !codes.iter().any(|code| shown.contains(code)), "{shown}");
    }
    assert_eq!(text(&file), before, "the file is only read");

    assert!(!lets_in(&hosts, "postern", "bob", ""));
    assert!(!lets_in(&hosts, "postern", "bob", &used), "it was spent there");
    assert!(!lets_in(&hosts, "postern", "bob", codes[0]), "it was spent there");
    assert!(lets_in(&hosts, "postern", "bob", codes[1]));
    assert!(!lets_in(&hosts, "postern", "bob", codes[1]), "it is good once");
    hosts.world.move_clock(2 * STEP).unwrap();
    let next = hosts.world.code(&secret).unwrap();
    assert!(lets_in(&hosts, "postern", "bob", &next));
    assert!(!lets_in(&hosts, "postern", "bob", &next));
    assert!(lets_in(&hosts, "postern", "bob", codes[2]));

    assert!(hosts.postern(import).unwrap().contains("already"), "it can be done again");
    let other = ["import", "google-authenticator", path, &hosts.alice.name];
    let refused = hosts.world.postern(other).unwrap();
    assert!(refused.code == 1 && refused.stdout.contains("protected already"), "{refused:?}");
    hosts.postern(other.into_iter().chain(["--add"])).unwrap();
}

#[test]
fn a_file_that_counts_sign_ins_is_refused() {
    let hosts = Hosts::start().unwrap();
    let file = hosts.path("google_authenticator");
    let mut make = Command::new("google-authenticator");
    make.args(["--counter-based", "--force", "--quiet", "--no-confirm", "--no-rate-limit", "--minimal-window"]);
    tools::run(make.arg(format!("--secret={}", file.display())), &[]).unwrap().success().unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let import = ["import", "google-authenticator", file.to_str().unwrap(), "bob@example.com"];
    let refused = hosts.world.postern(import).unwrap();
    assert!(refused.code == 1 && refused.stderr.contains("it counts sign-ins"), "{refused:?}");
    assert!(refused.stderr.contains("warning") && refused.stderr.contains("mode 0644"), "{refused:?}");
    let secret = text(&file).lines().next().unwrap().to_owned();
    assert!(!refused.stderr.contains(&secret) && !refused.stdout.contains(&secret));
}

#[test]
fn what_pam_oath_has_used_goes_on() {
    let mut hosts = Hosts::start().unwrap();
    let file = hosts.path("users.oath");
    let lines = format!("# our tokens\nHOTP/T30/6 bob - {BOB}\nHOTP/E carol - {CAROL}\nHOTP/T60/8 dave 1234 {CAROL}\n");
    fs::write(&file, lines).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let module = format!("auth required pam_oath.so usersfile={} window=1 digits=6", file.display());
    hosts.service("oath", &format!("{module}\nauth required pam_permit.so")).unwrap();
    hosts.service("postern", POSTERN).unwrap();
    for secret in [BOB, BOB_BASE32, CAROL] {
        hosts.world.plant(secret);
    }
    let used = hosts.world.code(BOB_BASE32).unwrap();
    assert!(lets_in(&hosts, "oath", "bob", &used));
    let before = text(&file);
    assert!(before.contains(&used), "the module notes what was used: {before}");

    let import = ["import", "oath", file.to_str().unwrap(), "--domain", "example.com", "--json"];
    let done = hosts.world.postern(import).unwrap();
    assert_eq!(done.code, 1, "not all of it: {done:?}");
    let rows: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    let row = |at: usize, key: &str| rows[at][key].as_str().unwrap().to_owned();
    let outcomes: Vec<_> = (0..3).map(|at| (row(at, "mailbox"), row(at, "outcome"))).collect();
    let expected = [("bob", "imported"), ("carol", "refused"), ("dave", "imported")];
    assert_eq!(outcomes, expected.map(|(user, outcome)| (format!("{user}@example.com"), outcome.to_owned())));
    assert!(done.stdout.contains("counts sign-ins") && done.stdout.contains("PIN"), "{done:?}");
    assert!(![BOB, BOB_BASE32, CAROL, "1234"].iter().any(|secret| done.stdout.contains(secret)), "{done:?}");
    assert_eq!(text(&file), before, "the file is only read");

    assert!(!lets_in(&hosts, "postern", "bob", &used), "it was spent there");
    hosts.world.move_clock(3 * STEP).unwrap();
    let next = hosts.world.code(BOB_BASE32).unwrap();
    assert!(lets_in(&hosts, "postern", "bob", &next));
    assert!(lets_in(&hosts, "postern", "carol", ""), "nobody asks Carol for a code");
    let mut oathtool = Command::new("oathtool");
    oathtool.args(["--totp", "--digits=8", "--time-step-size=60s", &format!("--now=@{}", hosts.world.now()), CAROL]);
    let code = tools::run(&mut oathtool, &[]).unwrap().success().unwrap();
    assert!(lets_in(&hosts, "postern", "dave", code.trim()), "eight digits of a minute");
}
