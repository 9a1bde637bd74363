//! What a sign-in costs through three PAM modules, in one run, in the same host, on the same disk:
//!
//! ```text
//! cargo bench --package postern-tests --bench pam
//! ```
//!
//! The host is real libpam under Python (`src/pam/host.py`); a stack of `pam_permit.so` alone shows what it costs by
//! itself. Each figure is the median of the rounds, which take turns. Every Postern sign-in spends a code for good, and
//! the CPU of posternd is counted apart. The other two spend theirs by counting up (HOTP), `pam_oath` with 2,000 users in
//! its file; `pam_google_authenticator` once more with one TOTP code again and again, which it does not remember unless
//! it is told to.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use postern_tests::pam::{Hosts, Session, protect};
use postern_tests::tools;
use std::collections::VecDeque;
use std::fs;
use std::process::Command;
use std::time::Duration;

const ROUNDS: usize = 5;
/// Sign-ins of a round that are measured, and those before them.
const MEASURED: usize = 90;
const WARM: usize = 10;
/// Backup codes of an account: each is one sign-in.
const CODES: usize = 10;
/// Processes that are started to see what loading costs.
const LOADS: usize = 15;
const OATH_USERS: usize = 2_000;
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
/// Clock ticks of a second in `/proc/PID/stat`, on each Linux.
const TICKS: f64 = 100.0;

fn main() {
    let mut hosts = Hosts::start().expect("hosts");
    let mut codes = codes(&hosts);
    let oath = peers(&hosts);
    let mut counted: VecDeque<&str> = oath.lines().skip(1).collect();
    let mut oath: VecDeque<&str> = oath.lines().collect();
    let google = tools::oathtool(SECRET, postern_tests::clock::real_time()).expect("oathtool");

    let mut rows = [
        ("pam_permit", vec![]),
        ("pam_postern", vec![]),
        ("google, counting", vec![]),
        ("google, not remembering", vec![]),
        ("pam_oath, counting", vec![]),
    ];
    let mut daemon = Duration::ZERO;
    for _ in 0..ROUNDS {
        for (service, figures) in &mut rows {
            let before = cpu_of(hosts.world.posternd.pid().expect("posternd"));
            let owned: Vec<(String, String)> = (0..WARM + MEASURED)
                .map(|_| match *service {
                    "pam_postern" => codes.pop_front().expect("enough codes"),
                    "pam_oath, counting" => ("user1000".to_owned(), oath.pop_front().expect("enough codes").to_owned()),
                    "google, counting" => ("alice".to_owned(), counted.pop_front().expect("enough codes").to_owned()),
                    _ => ("alice".to_owned(), google.clone()),
                })
                .collect();
            let sequence = owned.iter().map(|(user, code)| (user.as_str(), code.as_str())).collect();
            let ended = Session::new(&hosts, service).sequence(WARM, sequence).run().expect("a session");
            assert!(ended.codes.iter().all(|code| *code == 0), "{service}: {:?}", ended.codes);
            figures.push((ended.took.as_secs_f64() / MEASURED as f64, ended.cpu.as_secs_f64() / MEASURED as f64));
            if *service == "pam_postern" {
                daemon += cpu_of(hosts.world.posternd.pid().expect("posternd")) - before;
            }
        }
    }
    println!("{:26} {:>9} {:>9}", "per sign-in", "wall ms", "CPU ms");
    for (service, figures) in &rows {
        let wall = median(figures.iter().map(|figure| figure.0).collect());
        let cpu = median(figures.iter().map(|figure| figure.1).collect());
        println!("{service:26} {:9.3} {:9.3}", wall * 1e3, cpu * 1e3);
    }
    let each = daemon.as_secs_f64() / (ROUNDS * (WARM + MEASURED)) as f64;
    println!("{:26} {:>9} {:9.3}", "  and in posternd", "", each * 1e3);

    // The first sign-in of a process loads the modules. For Postern one that needs no code, so that nothing else is new.
    println!("\n{:26} {:>9}", "first in a process", "wall ms");
    for (service, user) in [("pam_permit", "bob"), ("pam_postern", "bob"), ("google, not remembering", "alice")] {
        let load = |_| {
            let ended = Session::new(&hosts, service).user(user).typing(&[&google]).run().expect("a session");
            ended.took.as_secs_f64()
        };
        println!("{service:26} {:9.3}", median((0..LOADS).map(load).collect()) * 1e3);
    }
}

/// Accounts with backup codes, one account after another: nobody signs in twice in a row.
fn codes(hosts: &Hosts) -> VecDeque<(String, String)> {
    let accounts = ROUNDS * (WARM + MEASURED) / CODES;
    let mut all = vec![];
    for number in 0..accounts {
        let mailbox = format!("user{number}@example.com");
        hosts.postern(["account", "enable", &mailbox]).expect("an account");
        let (_, codes) = protect(&hosts.world, &mailbox).expect("a method");
        all.push((mailbox, codes));
    }
    (0..CODES).flat_map(|at| all.iter().map(move |(mailbox, codes)| (mailbox.clone(), codes[at].clone()))).collect()
}

/// The stacks, and the files of the other modules; gives the codes of one user of pam_oath, a line each.
fn peers(hosts: &Hosts) -> String {
    let [google, counting, oath] = ["google", "google-counting", "users.oath"].map(|name| hosts.path(name));
    fs::write(&google, format!("{SECRET}\n\" WINDOW_SIZE 17\n\" TOTP_AUTH\n")).expect("a file");
    fs::write(&counting, format!("{SECRET}\n\" HOTP_COUNTER 1\n")).expect("a file");
    let users = (0..OATH_USERS).map(|number| format!("HOTP user{number} - 3132333435363738393031323334353637383930\n"));
    fs::write(&oath, users.collect::<String>()).expect("a file");
    for path in [&google, &counting, &oath] {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("permissions");
    }
    let permit = "\nauth required pam_permit.so";
    let [google, counting, oath] = [&google, &counting, &oath].map(|path| path.display());
    let module = "auth required pam_google_authenticator.so user=root";
    for (name, lines) in [
        ("pam_permit", String::new()),
        ("pam_postern", "auth required POSTERN".to_owned()),
        ("google, counting", format!("{module} secret={counting}")),
        ("google, not remembering", format!("{module} secret={google}")),
        ("pam_oath, counting", format!("auth required pam_oath.so usersfile={oath} window=20 digits=6")),
    ] {
        hosts.service(name, &(lines + permit)).expect("a service");
    }
    let mut oathtool = Command::new("oathtool");
    let count = (ROUNDS * (WARM + MEASURED) + 1).to_string();
    oathtool.args(["--hotp", "--window", &count, "3132333435363738393031323334353637383930"]);
    tools::run(&mut oathtool, &[]).and_then(tools::Outcome::success).expect("oathtool")
}

/// User and system time of a process.
fn cpu_of(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a running process");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // Fields 14 and 15 of proc(5); the second ends at the parenthesis.
    let ticks: f64 = fields[11..13].iter().map(|field| field.parse::<f64>().unwrap_or_default()).sum();
    Duration::from_secs_f64(ticks / TICKS)
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
