//! The modes, in pamtester: where the code is taken from, and what the next module gets.
//!
//! What the tests of pam_google_authenticator and pam_oath try is tried here in each mode that they know, but for what
//! Postern has not: counting codes (HOTP), and a window that moves after a phone whose clock is wrong.

use postern_tests::pam::{Hosts, STEP};
use postern_tests::tools::{self, Outcome};
use std::process::Command;

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
/// The next module gets what was typed, so it is none that looks at it.
const USE_ALONE: &str = "auth optional pam_unix.so nodelay\nauth requisite POSTERN use_first_pass\n\
    auth required pam_permit.so";
const TRY_ALONE: &str = "auth optional pam_unix.so nodelay\nauth requisite POSTERN try_first_pass\n\
    auth required pam_permit.so";
const TRY_FORWARD: &str = "auth optional pam_unix.so nodelay\nauth requisite POSTERN try_first_pass forward_pass\n\
    auth required pam_unix.so use_first_pass nodelay";

/// A mode: the stack, and what is typed for an answer.
struct Mode {
    name: &'static str,
    stack: &'static str,
    /// Lines that are typed; `P` stands for the password, `A` for the answer.
    lines: &'static [&'static str],
    /// The answer has a prompt of its own.
    is_alone: bool,
}

/// Each with the code alone where it can be, and in one field with the password where it can be.
const MODES: [Mode; 8] = [
    Mode { name: "prompt", stack: PROMPT, lines: &["A"], is_alone: true },
    Mode { name: "forward", stack: FORWARD, lines: &["PA"], is_alone: false },
    Mode { name: "use", stack: USE_ALONE, lines: &["PA"], is_alone: false },
    Mode { name: "use-forward", stack: USE_FIRST, lines: &["PA"], is_alone: false },
    // Where the field has no code that opens, there is a second prompt.
    Mode { name: "try", stack: TRY_ALONE, lines: &["PA", "A"], is_alone: false },
    Mode { name: "try-forward", stack: TRY_FORWARD, lines: &["PA", "PA"], is_alone: false },
    Mode { name: "try-asking", stack: TRY_FIRST, lines: &["P", "A"], is_alone: true },
    Mode { name: "try-forward-asking", stack: TRY_FORWARD, lines: &["P", "PA"], is_alone: false },
];

impl Mode {
    fn serve(&self, hosts: &Hosts) {
        hosts.service(self.name, self.stack).unwrap();
    }

    fn sign_in(&self, hosts: &Hosts, answer: &str) -> Outcome {
        let fill = |line: &&str| line.replace('A', answer).replace('P', &hosts.alice.password);
        // The last line is ended too, so that an empty one is an answer.
        let lines: Vec<String> = self.lines.iter().map(fill).chain([String::new()]).collect();
        hosts.pamtester(self.name, "alice", &lines.iter().map(String::as_str).collect::<Vec<_>>()).unwrap()
    }

    /// Signs in, with no failure before.
    #[track_caller]
    fn judge(&self, hosts: &Hosts, answer: &str, opens: bool, what: &str) {
        hosts.postern(["account", "unlock", "alice@example.com"]).unwrap();
        let outcome = self.sign_in(hosts, answer);
        let said = if opens { OK } else { AUTH_ERR };
        assert!((outcome.stdout.clone() + &outcome.stderr).contains(said), "{}, {what}: {outcome:?}", self.name);
    }
}

/// Sets the clock to `time`, in seconds since 1970.
fn at(hosts: &mut Hosts, time: i64) {
    let now = i64::try_from(hosts.world.now()).unwrap();
    hosts.world.move_clock(time - now).unwrap();
}

fn step(hosts: &Hosts) -> i64 {
    i64::try_from(hosts.world.now()).unwrap() / STEP
}

/// The code that Alice's phone shows in a step.
fn code_of(hosts: &Hosts, step: i64) -> String {
    tools::oathtool(&hosts.secret, u64::try_from(step * STEP).unwrap()).unwrap()
}

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
    let codes = hosts.backup_codes.clone();
    for (at, (mode, code)) in MODES.iter().zip(&codes).enumerate() {
        mode.serve(&hosts);
        let outcome = mode.sign_in(&hosts, code);
        assert_eq!(outcome.code, 0, "{}: {outcome:?}", mode.name);
        let left = match 9 - at {
            1 => "One backup code is left".to_owned(),
            left => format!("{left} backup codes are left"),
        };
        assert!((outcome.stdout + &outcome.stderr).contains(&left), "{}", mode.name);
        assert_ne!(mode.sign_in(&hosts, code).code, 0, "{}: a second time", mode.name);
        hosts.postern(["account", "unlock", "alice@example.com"]).unwrap();
    }
    assert!(hosts.audit().unwrap().iter().any(|line| line.contains("outcome=accepted method=backup")));
}

/// What the established modules' own tests try, by the steps of a code: when it is typed, of which step it is, and
/// whether it opens.
const STEPS: [(i64, i64, bool); 16] = [
    // Two steps late or early are outside the window.
    (0, -2, false),
    (0, 2, false),
    (0, 0, true),
    // Once only, also a step later.
    (0, 0, false),
    (1, 0, false),
    // One step late, and early.
    (3, 2, true),
    (3, 4, true),
    // Older than the last that opened, though in the window and never typed.
    (3, 3, false),
    // Spent before its time came.
    (4, 4, false),
    // A clock that goes back brings none back.
    (3, 4, false),
    (2, 3, false),
    (6, 6, true),
    // Three codes in a row of a phone whose clock is hours off: no window moves there.
    (7, -993, false),
    (8, -992, false),
    (9, -991, false),
    (10, 10, true),
];

#[test]
fn a_code_opens_in_its_step_and_the_next_ones_once_in_every_mode() {
    in_every_mode(|hosts, mode, begin| {
        for (typed, of, opens) in STEPS {
            at(hosts, (begin + typed) * STEP);
            mode.judge(hosts, &code_of(hosts, begin + of), opens, &format!("at {typed} that of {of}"));
        }
    });
}

/// Runs a test in every mode, with a step that is out of reach of what the mode before has spent.
fn in_every_mode(mut test: impl FnMut(&mut Hosts, &Mode, i64)) {
    let mut hosts = Hosts::start().unwrap();
    for mode in MODES {
        mode.serve(&hosts);
        let begin = step(&hosts) + 20;
        test(&mut hosts, &mode, begin);
    }
}

#[test]
fn no_other_number_of_digits_opens_in_any_mode() {
    in_every_mode(|hosts, mode, begin| {
        let step = (begin..).find(|step| code_of(hosts, *step).starts_with('0')).unwrap();
        at(hosts, step * STEP);
        let code = code_of(hosts, step);
        let (short, cut) = (&code[1..], &code[..5]);
        let mut wrong = vec![short.to_owned(), cut.to_owned(), String::new(), "123456".to_owned(), "      ".to_owned()];
        if mode.is_alone {
            // In one field the digit before would be the password's last.
            wrong.extend([format!("0{code}"), format!("00{code}"), format!("{code}0"), "secret".to_owned()]);
        }
        for wrong in wrong {
            mode.judge(hosts, &wrong, false, &format!("{wrong:?}"));
        }
        mode.judge(hosts, &code, true, "with its zero");
    });
}

/// Seconds of a longer step.
const LONG: i64 = 60;

#[test]
fn a_window_is_counted_in_the_steps_of_the_method() {
    let mut hosts = Hosts::start().unwrap();
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    hosts.postern(["method", "add", "totp", "alice@example.com", "--secret", secret, "--period", "60"]).unwrap();
    let begin = step(&hosts) * STEP / LONG + 5;
    let mut oathtool = Command::new("oathtool");
    oathtool.args(["--totp", "--base32", "--time-step-size=60", &format!("--now=@{}", begin * LONG), secret]);
    let code = tools::run(&mut oathtool, &[]).unwrap().success().unwrap();
    let [prompt, ..] = MODES;
    prompt.serve(&hosts);
    for (typed, opens) in [(-2, false), (2, false), (1, true), (0, false)] {
        at(&mut hosts, (begin + typed) * LONG);
        prompt.judge(&hosts, code.trim(), opens, &format!("at {typed}"));
    }
}

/// Mail only: the same stack under a shell's name takes none.
#[test]
fn an_app_password_passes_behind_a_module_that_left_it() {
    let hosts = Hosts::start().unwrap();
    let (_, typed) = hosts.app_password().unwrap();
    for stack in [FORWARD, USE_FIRST, TRY_FORWARD] {
        hosts.service("dovecot", stack).unwrap();
        hosts.service("sshd", stack).unwrap();
        for _ in 0..2 {
            // pam_unix, the last of the stack, knows the mailbox's own password only.
            ends(&hosts, "dovecot", &[&typed], OK);
            ends(&hosts, "dovecot", &[&typed.replace('-', " ").to_uppercase()], OK);
        }
        let near = typed.replace(typed.chars().last().unwrap(), if typed.ends_with('7') { "6" } else { "7" });
        ends(&hosts, "dovecot", &[&near, &near], AUTH_ERR);
        ends(&hosts, "sshd", &[&typed, &typed], AUTH_ERR);
        hosts.postern(["account", "unlock", "alice@example.com"]).unwrap();
    }
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
    let mut oathtool = Command::new("oathtool");
    oathtool.args(["--totp", "--base32", "--digits=8", &now, eight]);
    let code = tools::run(&mut oathtool, &[]).unwrap().success().unwrap();
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
fn too_many_wrong_codes_lock_the_channel_and_a_mistyped_option_refuses_too() {
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
