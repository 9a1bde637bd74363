//! Durable verifications a second, and the round trip of an `Ask`, of a real posternd through its socket:
//!
//! ```text
//! cargo bench --package postern-tests --bench verify
//! ```
//!
//! Each verification spends a backup code: one sign-in is one durable commit of the account and its audit entry. The
//! peers, in the same run and on the same disk, are the raw durable batch writes of the same records: by the store's
//! engine alone (no socket, no rules, no sealing), and by a file to which batches of as many records as there are
//! clients are appended with one `fdatasync` for each, which no store can beat.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark measures time and prints it")]

use postern_engine::{Change, Engine as _, SledEngine, Swap};
use postern_tests::{Plan, Upstream, World};
use postern_wire::auth::{Answer, AnswerVerdict, Ask, AskVerdict, Channel, Origin};
use postern_wire::{Client, Secret, admin, auth};
use std::collections::VecDeque;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(10);
const CLIENTS: [usize; 3] = [1, 16, 128];
/// How long each figure is measured, at most.
const MEASURED: Duration = Duration::from_secs(5);
/// Accounts, with ten codes each.
const ACCOUNTS: usize = 6_000;
/// Codes that one figure may spend.
const SPENT_EACH: usize = ACCOUNTS * 10 / CLIENTS.len();
/// Bytes of an account with one method, sealed, and of its audit entry, sealed.
const RECORD: [usize; 2] = [1_400, 400];
const ASKS: usize = 20_000;

type Codes = Mutex<VecDeque<(String, Secret)>>;

fn main() {
    let world = World::start(Plan { upstream: Upstream::None, ..Plan::default() }).expect("a world");
    let (auth, admin) = (&world.files.auth_socket, &world.files.admin_socket);
    let codes = enrol(admin);
    println!("clients  verifications/s  p50 ms  p99 ms  raw engine/s  ratio  raw file/s  ratio");
    for clients in CLIENTS {
        let (rate, mut waits) = verify(auth, &codes, clients);
        waits.sort_unstable();
        let engine = commit(world.files.directory.as_path(), clients);
        let file = append(world.files.directory.as_path(), clients);
        let at = |share: usize| waits[waits.len() * share / 100].as_secs_f64() * 1000.0;
        let (of_engine, of_file) = (rate / engine, rate / file);
        print!("{clients:7}  {rate:15.0}  {:6.2}  {:6.2}  ", at(50), at(99));
        println!("{engine:12.0}  {of_engine:5.2}  {file:10.0}  {of_file:5.2}");
    }
    let (p50, p99) = ask(auth);
    println!("ask round trip: p50 {:.0} µs, p99 {:.0} µs", p50.as_secs_f64() * 1e6, p99.as_secs_f64() * 1e6);
}

/// Enables accounts and gives each a method; the backup codes that come with it are what is spent later.
fn enrol(socket: &Path) -> Codes {
    let codes = Codes::default();
    let threads = 32;
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let codes = &codes;
            scope.spawn(move || {
                let mut client = Client::connect(socket, DEADLINE).expect("posternd");
                for number in (thread..ACCOUNTS).step_by(threads) {
                    let mailbox = format!("user{number}@example.com");
                    let enable = admin::Action::Enable;
                    let change = admin::ChangeAccount {
                        mailbox: mailbox.clone(),
                        action: enable,
                        hours: None,
                        dry_run: false,
                        enrolment_code: false,
                    };
                    let _: admin::Changed = client.call(admin::INTERFACE, "ChangeAccount", &change).expect("enabled");
                    let add = admin::AddTotp { mailbox: mailbox.clone(), ..admin::AddTotp::default() };
                    let added: admin::TotpAdded = client.call(admin::INTERFACE, "AddTotp", &add).expect("added");
                    let added = added.backup_codes.expect("the first method brings backup codes");
                    codes.lock().expect("codes").extend(added.into_iter().map(|code| (mailbox.clone(), code)));
                }
            });
        }
    });
    // Clients that take turns must not meet at one account: the next code is another account's.
    let mut all: Vec<_> = codes.into_inner().expect("codes").into();
    let length = all.len();
    let mut mixed = VecDeque::with_capacity(length);
    for turn in 0..10 {
        mixed.extend((turn..length).step_by(10).map(|at| std::mem::take(&mut all[at])));
    }
    Mutex::new(mixed)
}

fn verify(socket: &Path, codes: &Codes, clients: usize) -> (f64, Vec<Duration>) {
    let waits = Mutex::new(Vec::new());
    let start = Barrier::new(clients);
    let spent = AtomicUsize::new(0);
    let all = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                let mut client = Client::connect(socket, DEADLINE).expect("posternd");
                let mut own = Vec::new();
                start.wait();
                let begun = Instant::now();
                while begun.elapsed() < MEASURED && spent.fetch_add(1, Ordering::Relaxed) < SPENT_EACH {
                    let (name, code) = codes.lock().expect("codes").pop_front().expect("there are enough");
                    let answer = Answer {
                        name,
                        channel: Channel::Webmail,
                        origin: Origin::default(),
                        method: None,
                        code,
                        challenge: None,
                        trust: false,
                        proves: None,
                    };
                    let sent = Instant::now();
                    let verdict = client.call(auth::INTERFACE, "Answer", &answer).expect("a verdict");
                    assert!(matches!(verdict, AnswerVerdict::Accepted { .. }), "{verdict:?}");
                    own.push(sent.elapsed());
                }
                waits.lock().expect("waits").extend(own);
            });
        }
    });
    let waits = waits.into_inner().expect("waits");
    (waits.len() as f64 / all.elapsed().as_secs_f64(), waits)
}

/// Commits a second that the engine takes: for each, one record that is written over and one that is new.
fn commit(directory: &Path, clients: usize) -> f64 {
    let engine = Arc::new(SledEngine::init(&directory.join(format!("raw-{clients}"))).expect("a store"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (begun, mut commits) = (Instant::now(), 0);
    runtime.block_on(async {
        let tasks: Vec<_> =
            (0..clients).map(|client| tokio::spawn(commit_alone(engine.clone(), client, begun))).collect();
        for task in tasks {
            commits += task.await.expect("a task");
        }
    });
    let rate = f64::from(commits) / begun.elapsed().as_secs_f64();
    engine.close();
    rate
}

async fn commit_alone(engine: Arc<SledEngine>, client: usize, begun: Instant) -> u32 {
    let (mut commits, mut revision) = (0, None);
    while begun.elapsed() < MEASURED {
        let account = format!("account/{client}").into_bytes();
        let account = Change::write(account, revision, vec![0x5a; RECORD[0]]);
        let entry = Change::create(format!("audit/{client}/{commits}"), vec![0x5a; RECORD[1]]);
        let Swap::Done(now) = engine.commit(vec![account, entry]).await.expect("the store") else {
            panic!("a conflict")
        };
        revision = Some(now);
        commits += 1;
    }
    commits
}

/// Records a second that a bare file takes, in batches, each made durable.
fn append(directory: &Path, batch: usize) -> f64 {
    let mut file = File::create(directory.join("raw")).expect("a file");
    let bytes = vec![0x5a; RECORD.iter().sum::<usize>() * batch];
    let (begun, mut records) = (Instant::now(), 0);
    while begun.elapsed() < MEASURED {
        file.write_all(&bytes).expect("written");
        file.sync_data().expect("durable");
        records += batch;
    }
    records as f64 / begun.elapsed().as_secs_f64()
}

fn ask(socket: &Path) -> (Duration, Duration) {
    let mut client = Client::connect(socket, DEADLINE).expect("posternd");
    let ask = Ask {
        name: "user1@example.com".to_owned(),
        channel: Channel::Webmail,
        origin: Origin::default(),
        ..Ask::default()
    };
    let mut waits: Vec<Duration> = (0..ASKS)
        .map(|_| {
            let sent = Instant::now();
            let verdict: AskVerdict = client.call(auth::INTERFACE, "Ask", &ask).expect("a verdict");
            assert!(matches!(verdict, AskVerdict::Challenge { .. }));
            sent.elapsed()
        })
        .collect();
    waits.sort_unstable();
    (waits[ASKS / 2], waits[ASKS * 99 / 100])
}
