//! The modes, in pamtester: where the code is taken from, and what the next module gets.

use postern_tests::pam::{Hosts, STEP};

/// The established behaviour, in the words of pamtester(1), which prints pam_strerror(3).
const OK: &str = "successfully authenticated";
const AUTH_ERR: &str = "Authentication failure";
const MAXTRIES: &str = "Have exhausted maximum number of retries for service";
const SERVICE_ERR: &str = "Error in service module";

const PROMPT: &str = "auth required POSTERN\nauth required pam_permit.so";
/// The next module is pam_unix, which knows the bare password: what it accepts, the module has forwarded.
const FORWARD: &str = "auth requisite POSTERN forward_pass\nauth required pam_unix.so use_first_pass nodelay";
const USE_FIRST: &str = "auth optional pam_unix.so nodelay\nauth requisite POSTERN use_first_pass forward_pass\n\
    auth required pam_unix.so use_first_pass nodelay";
const TRY_FIRST: &str = "auth required pam_unix.so nodelay\nauth required POSTERN try_first_pass";
const TRY_FORWARD: &str = "auth optional pam_unix.so nodelay\nauth requisite POSTERN try_first_pass forward_pass\n\
    auth required pam_unix.so use_first_pass nodelay";

#[track_caller]
fn ends(hosts: &Hosts, service: &str, typed: &[&str], expected: &str) {
    let outcome = hosts.pamtester(service, "alice", typed).unwrap();
    let said = outcome.stdout + &outcome.stderr;
    assert!(said.contains(expected), "{typed:?}: {said}\n{:#?}", hosts.audit().unwrap());
}

#[test]
fn a_prompted_code_works_once_with_its_leading_zeros_and_in_its_window() {
    let mut hosts = Hosts::start().unwrap();
    hosts.service("prompt", PROMPT).unwrap();
    // Move to a code that begins with a zero.
    let code = std::iter::repeat_with(|| hosts.code().unwrap()).find(|code| code.starts_with('0')).unwrap();
    ends(&hosts, "prompt", &[code.strip_prefix('0').unwrap()], AUTH_ERR);
    ends(&hosts, "prompt", &[&code], OK);
    ends(&hosts, "prompt", &[&code], AUTH_ERR);
    let late = hosts.code().unwrap();
    hosts.world.move_clock(STEP).unwrap();
    ends(&hosts, "prompt", &[&late], OK);
    let too_late = hosts.code().unwrap();
    hosts.world.move_clock(2 * STEP).unwrap();
    ends(&hosts, "prompt", &[&too_late], AUTH_ERR);
    for wrong in ["12345", "1234567", "12345678", "", "      ", "secret"] {
        hosts.postern(["account", "unlock", "alice@example.com"]).unwrap();
        let outcome = hosts.pamtester("prompt", "alice", &[wrong]).unwrap();
        assert_ne!(outcome.code, 0, "{wrong}");
    }
    // Grouped, as apps show it.
    hosts.postern(["account", "unlock", "alice@example.com"]).unwrap();
    let code = hosts.code().unwrap();
    ends(&hosts, "prompt", &[&format!("{} {}", &code[..3], &code[3..])], OK);
}

#[test]
fn a_backup_code_works_once_in_every_mode() {
    let hosts = Hosts::start().unwrap();
    let password = hosts.alice.password.clone();
    hosts.service("prompt", PROMPT).unwrap();
    hosts.service("forward", FORWARD).unwrap();
    hosts.service("use-first", USE_FIRST).unwrap();
    hosts.service("try-forward", TRY_FORWARD).unwrap();
    let codes = hosts.backup_codes.clone();
    for (at, service) in ["prompt", "forward", "use-first", "try-forward"].into_iter().enumerate() {
        let field = if service == "prompt" { codes[at].clone() } else { format!("{password}{}", codes[at]) };
        // With try_first_pass it is for the prompt: its length is not known.
        let typed = [field.as_str(), &field];
        let outcome = hosts.pamtester(service, "alice", &typed).unwrap();
        assert_eq!(outcome.code, 0, "{service}: {outcome:?}");
        assert!((outcome.stdout + &outcome.stderr).contains(&format!("{} backup codes are left", 9 - at)), "{service}");
        assert_ne!(hosts.pamtester(service, "alice", &typed).unwrap().code, 0, "{service}: a second time");
    }
    assert!(hosts.audit().unwrap().iter().any(|line| line.contains("outcome=accepted method=backup")));
}

#[test]
fn forward_pass_takes_both_from_one_prompt() {
    let mut hosts = Hosts::start().unwrap();
    hosts.service("forward", FORWARD).unwrap();
    let (password, code) = (hosts.alice.password.clone(), hosts.code().unwrap());
    ends(&hosts, "forward", &[&format!("{password}{code}")], OK);
    ends(&hosts, "forward", &[&format!("{password}{code}")], AUTH_ERR);
    // A right code before a wrong password: the next module refuses, and the code is spent all the same.
    let code = hosts.code().unwrap();
    ends(&hosts, "forward", &[&format!("nonsense{code}")], AUTH_ERR);
    ends(&hosts, "forward", &[&format!("{password}{code}")], AUTH_ERR);
    ends(&hosts, "forward", &[&password], AUTH_ERR);
}

#[test]
fn use_first_pass_takes_both_from_the_password_before_and_never_prompts() {
    let mut hosts = Hosts::start().unwrap();
    hosts.service("use-first", USE_FIRST).unwrap();
    let (password, code) = (hosts.alice.password.clone(), hosts.code().unwrap());
    ends(&hosts, "use-first", &[&format!("{password}{code}")], OK);
    let code = hosts.code().unwrap();
    ends(&hosts, "use-first", &[&password, &code], AUTH_ERR);
    hosts.service("alone", "auth required POSTERN use_first_pass").unwrap();
    ends(&hosts, "alone", &[&code], AUTH_ERR);
}

#[test]
fn try_first_pass_prompts_where_the_password_has_no_code() {
    let mut hosts = Hosts::start().unwrap();
    hosts.service("try-first", TRY_FIRST).unwrap();
    hosts.service("try-forward", TRY_FORWARD).unwrap();
    let (password, code) = (hosts.alice.password.clone(), hosts.code().unwrap());
    ends(&hosts, "try-first", &[&password, &code], OK);
    let code = hosts.code().unwrap();
    ends(&hosts, "try-forward", &[&format!("{password}{code}")], OK);
    let code = hosts.code().unwrap();
    ends(&hosts, "try-forward", &[&password, &format!("{password}{code}")], OK);
}

#[test]
fn every_length_in_use_is_found_in_a_field() {
    let mut hosts = Hosts::start().unwrap();
    hosts.service("forward", FORWARD).unwrap();
    let eight = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    hosts.postern(["method", "add", "totp", "alice@example.com", "--secret", eight, "--digits", "8"]).unwrap();
    let password = hosts.alice.password.clone();
    let six = hosts.code().unwrap();
    ends(&hosts, "forward", &[&format!("{password}{six}")], OK);
    let now = format!("--now=@{}", hosts.world.now());
    let mut oathtool = std::process::Command::new("oathtool");
    oathtool.args(["--totp", "--base32", "--digits=8", &now, eight]);
    let code = postern_tests::tools::run(&mut oathtool, &[]).unwrap().success().unwrap();
    ends(&hosts, "forward", &[&format!("{password}{}", code.trim())], OK);
}

#[test]
fn what_needs_no_code_passes_without_a_prompt() {
    let hosts = Hosts::start().unwrap();
    hosts.service("prompt", PROMPT).unwrap();
    ends(&hosts, "prompt", &[], "Conversation error");
    hosts.postern(["account", "suspend", "alice@example.com", "--hours", "1"]).unwrap();
    ends(&hosts, "prompt", &[], OK);
    hosts.postern(["account", "resume", "alice@example.com"]).unwrap();
    hosts.postern(["platform", "disable", "example"]).unwrap();
    ends(&hosts, "prompt", &[], OK);
    hosts.postern(["platform", "enable", "example"]).unwrap();
    ends(&hosts, "prompt", &[], "Conversation error");
    // The bare password goes through as it is.
    hosts.postern(["account", "suspend", "alice@example.com", "--hours", "1"]).unwrap();
    hosts
        .service("try", "auth requisite POSTERN forward_pass\nauth required pam_unix.so try_first_pass nodelay")
        .unwrap();
    ends(&hosts, "try", &["nonsense"], AUTH_ERR);
    hosts
        .service(
            "try",
            "auth [success=ok ignore=ignore default=die] POSTERN forward_pass\n\
        auth required pam_unix.so try_first_pass nodelay",
        )
        .unwrap();
    ends(&hosts, "try", &[&hosts.alice.password], OK);
    hosts.postern(["account", "remove", "alice@example.com"]).unwrap();
    ends(&hosts, "prompt", &[], OK);
    assert!(
        hosts
            .audit()
            .unwrap()
            .iter()
            .any(|line| line.contains("outcome=not_required service=prompt rhost=192.0.2.7 user=alice"))
    );
}

#[test]
fn too_many_wrong_codes_close_the_door_and_a_mistyped_option_does_too() {
    let mut hosts = Hosts::start().unwrap();
    hosts.service("prompt", PROMPT).unwrap();
    for _ in 0..5 {
        ends(&hosts, "prompt", &["000000"], AUTH_ERR);
    }
    let code = hosts.code().unwrap();
    hosts.world.move_clock(-STEP).unwrap();
    ends(&hosts, "prompt", &[&code], MAXTRIES);
    hosts.service("option", "auth required POSTERN foward_pass\nauth required pam_permit.so").unwrap();
    ends(&hosts, "option", &[], SERVICE_ERR);
    let audit = hosts.audit().unwrap();
    let count = |what: &str| audit.iter().filter(|line| line.contains(what)).count();
    assert_eq!((count("reason=wrong service=prompt rhost=192.0.2.7 user=alice"), count("reason=locked")), (5, 1));
    assert_eq!(count("reason=option detail=foward_pass"), 1, "{audit:#?}");
}
