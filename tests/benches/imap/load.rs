//! Sign-ins, NOOPs and messages: how fast, and for how much CPU. The candidates take turns, so that what else the
//! machine does meets all of them.

use crate::candidate::Candidate;
use crate::client::Client;
use crate::cost::{cpu_seconds, median};
use crate::people::People;
use postern_tests::mailboxes::Mailbox;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

/// Bytes of the message that is fetched.
pub(crate) const BIG: usize = 100_000_000;
const ROUNDS: usize = 7;
/// How long a candidate's turn is.
const TURN: Duration = Duration::from_millis(1500);
/// Clients at the same time; before them a turn with one alone says how long something takes.
const CLIENTS: usize = 16;
/// Messages that are fetched in one turn.
const MESSAGES: u32 = 3;

/// Who is measured, and who signs in there.
struct Course {
    name: String,
    port: u16,
    tls: TlsConnector,
    processes: Vec<u32>,
    people: Vec<Mailbox>,
}

impl Course {
    fn of(candidate: &Candidate, people: &[Mailbox], addition: &str) -> Arc<Self> {
        let Candidate { name, port, tls, processes, .. } = candidate;
        let (name, tls, processes) = (format!("{name}{addition}"), tls.clone(), processes.clone());
        Arc::new(Self { name, port: *port, tls, processes, people: people.to_vec() })
    }

    async fn sign_in(&self, at: usize) -> Client {
        let person = &self.people[at % self.people.len()];
        let client = Client::sign_in(&self.tls, self.port, person).await;
        client.unwrap_or_else(|error| panic!("{}, {}: {error}", self.name, person.name))
    }
}

/// What came of a turn.
#[derive(Clone, Copy)]
struct Turn {
    /// A second, of all clients together.
    rate: f64,
    /// Milliseconds that half of them took at most.
    p50: f64,
    /// Microseconds of CPU for each.
    cpu: f64,
}

/// Runs the tasks and counts what they did; what they leave is given back.
async fn turn<T: Send + 'static>(
    course: &Course,
    tasks: impl IntoIterator<Item = impl Future<Output = (T, Vec<Duration>)> + Send + 'static>,
) -> (Turn, Vec<T>) {
    let (before, began) = (cpu_seconds(&course.processes), Instant::now());
    let mut running: JoinSet<_> = tasks.into_iter().collect();
    let (mut left, mut waits) = (Vec::new(), Vec::new());
    while let Some(ended) = running.join_next().await {
        let (thing, its_waits) = ended.expect("a client");
        left.push(thing);
        waits.extend(its_waits);
    }
    let (took, spent) = (began.elapsed().as_secs_f64(), cpu_seconds(&course.processes) - before);
    let count = waits.len() as f64;
    let p50 = median(waits.iter().map(Duration::as_secs_f64)) * 1e3;
    (Turn { rate: count / took, p50, cpu: spent / count * 1e6 }, left)
}

/// Sign-ins, each on a connection of its own with a handshake of its own, and signing out.
pub(crate) fn logins(runtime: &Runtime, candidates: &[Candidate], people: &People) {
    let mut courses: Vec<_> = candidates.iter().map(|it| Course::of(it, &people.free, "")).collect();
    courses.push(Course::of(&candidates[0], &people.protected, ", with a code"));
    let rounds = (0..ROUNDS).map(|_| {
        let one_round = |course: &Arc<Course>| {
            [1, CLIENTS].map(|clients| {
                let end = Instant::now() + TURN;
                runtime.block_on(turn(course, (0..clients).map(|at| sign_ins(Arc::clone(course), at, end)))).0
            })
        };
        courses.iter().map(one_round).collect()
    });
    report("sign-ins", &courses, &rounds.collect::<Vec<_>>());
}

async fn sign_ins(course: Arc<Course>, at: usize, end: Instant) -> ((), Vec<Duration>) {
    let mut waits = Vec::new();
    while Instant::now() < end {
        let began = Instant::now();
        let client = course.sign_in(at).await;
        waits.push(began.elapsed());
        client.leave().await.expect("a goodbye");
    }
    ((), waits)
}

/// NOOPs in sessions that stay.
pub(crate) fn noop(runtime: &Runtime, candidates: &[Candidate], people: &People) {
    let courses: Vec<_> = candidates.iter().map(|it| Course::of(it, &people.free, "")).collect();
    let mut sessions: Vec<_> = courses.iter().map(|course| runtime.block_on(selected(course))).collect();
    let mut round = || {
        let one_round = |(course, sessions): (&Arc<Course>, &mut Vec<Client>)| {
            [1, CLIENTS].map(|clients| {
                let end = Instant::now() + TURN;
                let tasks: Vec<_> = sessions.drain(..clients).map(|client| noops(client, end)).collect();
                let (turn, left) = runtime.block_on(turn(course, tasks));
                sessions.extend(left);
                turn
            })
        };
        courses.iter().zip(&mut sessions).map(one_round).collect()
    };
    let rounds: Vec<_> = (0..ROUNDS).map(|_| round()).collect();
    report("NOOPs", &courses, &rounds);
}

async fn selected(course: &Course) -> Vec<Client> {
    let mut sessions = Vec::new();
    for at in 0..CLIENTS {
        let mut client = course.sign_in(at).await;
        client.ask("SELECT INBOX").await.expect("a folder");
        sessions.push(client);
    }
    sessions
}

async fn noops(mut client: Client, end: Instant) -> (Client, Vec<Duration>) {
    let mut waits = Vec::new();
    while Instant::now() < end {
        let began = Instant::now();
        client.ask("NOOP").await.expect("an answer");
        waits.push(began.elapsed());
    }
    (client, waits)
}

/// For each round and course a turn with one client, and one with many.
fn report(what: &str, courses: &[Arc<Course>], rounds: &[Vec<[Turn; 2]>]) {
    println!("\n{what:20}  p50 ms, one client  a second, {CLIENTS} clients  p50 ms  CPU µs each  Postern's is times");
    let of =
        |at: usize, load: usize, figure: fn(&Turn) -> f64| median(rounds.iter().map(|round| figure(&round[at][load])));
    for (at, course) in courses.iter().enumerate() {
        let share = median(rounds.iter().map(|round| round[0][1].cpu / round[at][1].cpu));
        let (alone, rate) = (of(at, 0, |turn| turn.p50), of(at, 1, |turn| turn.rate));
        let (p50, cpu) = (of(at, 1, |turn| turn.p50), of(at, 1, |turn| turn.cpu));
        println!("{:20}  {alone:18.3}  {rate:20.0}  {p50:6.3}  {cpu:11.1}  {share:18.2}", course.name);
    }
}

/// A big message, again and again in one session.
pub(crate) fn fetch(runtime: &Runtime, candidates: &[Candidate], people: &People) {
    let courses: Vec<_> = candidates.iter().map(|it| Course::of(it, &people.free, "")).collect();
    let rounds: Vec<Vec<[f64; 2]>> =
        (0..ROUNDS).map(|_| courses.iter().map(|course| runtime.block_on(fetches(course))).collect()).collect();
    println!("\n{:20}  MB/s  CPU ms/GB  Postern's is times", "FETCH");
    for (at, course) in courses.iter().enumerate() {
        let [speed, cpu] = [0, 1].map(|figure| median(rounds.iter().map(|round| round[at][figure])));
        let share = median(rounds.iter().map(|round| round[0][1] / round[at][1]));
        println!("{:20}  {speed:4.0}  {cpu:9.0}  {share:18.2}", course.name);
    }
}

/// Million bytes a second, and milliseconds of CPU for a thousand million.
async fn fetches(course: &Course) -> [f64; 2] {
    let mut client = course.sign_in(0).await;
    client.ask("SELECT INBOX").await.expect("a folder");
    let (before, began) = (cpu_seconds(&course.processes), Instant::now());
    let mut bytes = 0;
    for _ in 0..MESSAGES {
        bytes += client.fetch(1).await.unwrap_or_else(|error| panic!("{}: {error}", course.name));
    }
    assert!(bytes >= BIG * MESSAGES as usize, "that is not the big message: {bytes} bytes");
    let (took, spent) = (began.elapsed().as_secs_f64(), cpu_seconds(&course.processes) - before);
    client.leave().await.unwrap_or_else(|error| panic!("{}: {error}", course.name));
    [bytes as f64 / 1e6 / took, spent * 1e3 / (bytes as f64 / 1e9)]
}
