//! How long posternd takes to start, and how much memory it has, by how many accounts there are:
//!
//! ```text
//! cargo bench --package postern-tests --bench start      (a minute and a half, and 4 GB of disk)
//! ```
//!
//! Every account is protected: an authenticator and ten backup codes, as the daemon itself makes them. One is made
//! through its socket, and written under other names, sealed for each, by the daemon's own engine while it is stopped.
//! A start is from the process to `READY=1`. The daily export is off, which else begins at the first start of a day.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark measures time and prints it")]

#[path = "imap/cost.rs"]
#[expect(dead_code, reason = "what is shared is more than what is needed here")]
mod cost;

use cost::{cpu_seconds, private_kib};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use postern_engine::{SledEngine, Swap};
use postern_tests::{Plan, Upstream, World, mailboxes, tools};
use postern_vault::keys::ACCOUNT;
use postern_vault::master_key;
use postern_vault::records::Records;
use postern_vault::seal::Sealer;
use postern_wire::auth::{Ask, AskVerdict, Channel, Origin};
use postern_wire::{Client, admin, auth};
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Accounts that there are, beside the one that the others are made after.
const ACCOUNTS: [usize; 3] = [0, 100_000, 1_000_000];
/// Starts with each: the first finds all that was written since, those behind it nothing new.
const STARTS: usize = 3;
/// Records that are written in one commit, and commits that are made at the same time.
const BATCH: usize = 64;
const WRITERS: usize = 16;
/// Accounts that are asked about before memory is looked at once more.
const ASKS: usize = 100_000;
/// How long anything may take: what the packaged unit allows a start.
const DEADLINE: Duration = Duration::from_secs(300);
/// What a quiet moment is, before memory is looked at.
const QUIET: Duration = Duration::from_secs(2);
/// The longest readiness message that is read.
const NOTIFY_LENGTH: usize = 4096;

fn main() {
    // It names an upstream that is never asked: the front is there to be weighed.
    let upstream = Upstream::Url("http://127.0.0.1:9/".to_owned());
    let mut world = World::start(Plan { upstream, ..Plan::default() }).expect("a world");
    std::thread::sleep(QUIET);
    let front = world.proxy.pid().expect("a running front");
    println!(
        "postern-proxy at rest: {:.0} KiB of its own, {} resident",
        private_kib(&[front]),
        resident(front, "VmRSS:")
    );
    let pattern = protect(&world);
    world.proxy.stop().expect("the front stops");
    let mut config = File::options().append(true).open(&world.files.posternd_config).expect("a configuration");
    config.write_all(b"[export]\nkeep = 0\n").expect("a configuration");
    let runtime = Runtime::new().expect("threads");
    println!("accounts  store MB  first start s  CPU s  later s  CPU s  KiB own  resident  the most  own after asks");
    let mut made = 0;
    for accounts in ACCOUNTS {
        world.posternd.stop().expect("posternd stops");
        fill(&runtime, &world, &pattern, made, accounts);
        made = accounts;
        let store = size(&world.files.store) as f64 / 1e6;
        let starts: Vec<Start> = (0..STARTS).map(|_| Start::of(&world, accounts)).collect();
        let (first, last) = (&starts[0], &starts[STARTS - 1]);
        print!(
            "{accounts:8}  {store:8.0}  {:13.2}  {:5.2}  {:7.2}  {:5.2}",
            first.took, first.cpu, last.took, last.cpu
        );
        println!("  {:7.0}  {:>8}  {:>8}  {:14.0}", last.own, last.resident, last.most, last.used);
    }
}

/// One start.
struct Start {
    /// Seconds, and those of CPU in them.
    took: f64,
    cpu: f64,
    /// KiB of memory: its own, resident, and the most that was resident.
    own: f64,
    resident: String,
    most: String,
    /// KiB of its own after [`ASKS`].
    used: f64,
}

impl Start {
    /// Starts posternd, weighs it, asks it, and stops it.
    fn of(world: &World, accounts: usize) -> Self {
        let path = world.files.directory.join("start.notify");
        let _ = fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path).expect("a socket");
        socket.set_read_timeout(Some(DEADLINE)).expect("a socket");
        let log = File::create(world.files.directory.join("start.log")).expect("a log");
        let began = Instant::now();
        let mut daemon = Command::new(&world.binaries.posternd);
        daemon.arg("--config").arg(&world.files.posternd_config).env("NOTIFY_SOCKET", &path);
        let daemon = daemon.stdin(Stdio::null()).stderr(log.try_clone().expect("a log")).stdout(log);
        let daemon = Running(daemon.spawn().expect("posternd"));
        let pid = daemon.0.id();
        let mut message = [0; NOTIFY_LENGTH];
        loop {
            let length = socket.recv(&mut message).expect("READY=1");
            if message[..length].split(|byte| *byte == b'\n').any(|line| line == b"READY=1") {
                break;
            }
        }
        let (took, cpu) = (began.elapsed().as_secs_f64(), cpu_seconds(&[pid]));
        std::thread::sleep(QUIET);
        let (own, resident, most) = (private_kib(&[pid]), resident(pid, "VmRSS:"), resident(pid, "VmHWM:"));
        ask(world, accounts);
        Self { took, cpu, own, resident, most, used: private_kib(&[pid]) }
    }
}

/// A process that is told to end, and waited for, when this is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.0.id().cast_signed()), Signal::SIGTERM);
        let _ = self.0.wait();
    }
}

/// A line of `/proc/PID/status`, in KiB.
fn resident(pid: u32, name: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a running process");
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.map(|line| line.trim().trim_end_matches(" kB").to_owned()).expect("a figure")
}

/// Asks about accounts all over the store.
fn ask(world: &World, accounts: usize) {
    /// Far apart, and no factor of how many there are.
    const STEP: usize = 7_919;
    let mut front = Client::connect(&world.files.auth_socket, DEADLINE).expect("posternd");
    for number in (0..ASKS).filter(|_| accounts > 0) {
        let ask = Ask {
            name: name(number * STEP % accounts),
            channel: Channel::Webmail,
            origin: Origin::default(),
            ..Ask::default()
        };
        let verdict: AskVerdict = front.call(auth::INTERFACE, "Ask", &ask).expect("a verdict");
        assert!(matches!(verdict, AskVerdict::Challenge { .. }), "{}: {verdict:?}", ask.name);
    }
}

fn name(number: usize) -> String {
    format!("person{number:07}@{}", mailboxes::DOMAIN)
}

/// Protects an account, and gives its mailbox.
fn protect(world: &World) -> String {
    let mailbox = mailboxes::all().swap_remove(0).name;
    let mut order = Client::connect(&world.files.admin_socket, DEADLINE).expect("posternd");
    let add = admin::AddTotp { mailbox: mailbox.clone(), ..admin::AddTotp::default() };
    let added: admin::TotpAdded = order.call(admin::INTERFACE, "AddTotp", &add).expect("added");
    assert!(added.backup_codes.is_some(), "it is the first method");
    let shown = world.postern(["account", "show", &mailbox]).and_then(tools::Outcome::success).expect("posternd");
    assert!(shown.contains("protected"), "{shown}");
    mailbox
}

/// Writes accounts like `pattern` under the names with these numbers.
fn fill(runtime: &Runtime, world: &World, pattern: &str, from: usize, to: usize) {
    let keys = master_key::load_file(&world.files.master_key).expect("the master key");
    let (engine, _) = SledEngine::open(&world.files.store).expect("the store");
    let records = Records::new(Arc::new(engine), Arc::new(Sealer::new(keys)));
    let key = |name: &str| [ACCOUNT, name.as_bytes()].concat();
    let pattern = runtime.block_on(records.load::<serde_json::Value>(&key(pattern))).expect("a record");
    let pattern = pattern.expect("an account").value;
    let writers = (0..WRITERS).map(|writer| {
        let (records, pattern) = (records.clone(), pattern.clone());
        runtime.spawn(async move {
            for first in (from..to).step_by(BATCH).skip(writer).step_by(WRITERS) {
                let account = |number| {
                    let mut account = pattern.clone();
                    account["mailbox"] = name(number).into();
                    records.put(key(&name(number)), None, &account).expect("a record")
                };
                let changes = (first..to.min(first + BATCH)).map(account).collect();
                let written = records.engine().commit(changes).await.expect("the store");
                assert!(matches!(written, Swap::Done(_)), "nobody else writes");
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        runtime.block_on(writer).expect("a writer");
    }
}

/// Bytes of the files in a directory and in those below it.
fn size(directory: &Path) -> u64 {
    let entries = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry"));
    entries
        .map(|entry| match entry.metadata().expect("a file") {
            about if about.is_dir() => size(&entry.path()),
            about => about.len(),
        })
        .sum()
}
