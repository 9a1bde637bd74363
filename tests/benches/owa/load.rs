//! Small requests beside the polls that are held: as many a second as so many people make, then as many as can be.

use crate::candidate::Candidate;
use crate::cost::median;
use crate::crowd::{BROWSERS, Crowd};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::interval;

/// Rounds of small requests. The candidates take turns, so that other load on the machine affects both.
pub(crate) const ROUNDS: usize = 5;
/// Requests a second of people at work: each one's browser asks for something every ten seconds.
const RATE: u32 = BROWSERS as u32 / 10;
/// How many of them are counted in one turn.
const STEADY: usize = 2 * RATE as usize;
/// Requests under way at the same time at full speed.
const AT_ONCE: usize = 64;
/// How long that lasts in one turn.
const FULL: Duration = Duration::from_millis(1500);

/// What came of it.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    rate: f64,
    /// How long each took: at a fixed rate from the moment in which it was due.
    waits: Vec<Duration>,
    /// Seconds of CPU.
    cpu: f64,
}

/// A candidate's turn: at a fixed rate, and at full speed.
pub(crate) fn turn(runtime: &Runtime, candidate: &Candidate, crowd: &Crowd) -> [Load; 2] {
    let counted = |waits: &dyn Fn() -> Vec<Duration>| {
        let (before, began) = (candidate.cpu(), Instant::now());
        let waits = waits();
        let took = began.elapsed().as_secs_f64();
        Load { rate: waits.len() as f64 / took, waits, cpu: candidate.cpu() - before }
    };
    [
        counted(&|| runtime.block_on(steady(candidate, crowd))),
        counted(&|| runtime.block_on(at_full_speed(candidate, crowd))),
    ]
}

/// Whoever is slow does not keep the others from asking in their time.
async fn steady(candidate: &Candidate, crowd: &Crowd) -> Vec<Duration> {
    let (mut ticks, mut asking) = (interval(Duration::from_secs(1) / RATE), JoinSet::new());
    for browser in crowd.busy.iter().cycle().take(STEADY) {
        let (due, browser) = (ticks.tick().await, browser.clone());
        asking.spawn(async move { browser.ask().await.map(|()| due.elapsed()) });
    }
    let waits = asking.join_all().await.into_iter();
    waits.map(|wait| wait.unwrap_or_else(|error| panic!("{}: {error}", candidate.name))).collect()
}

async fn at_full_speed(candidate: &Candidate, crowd: &Crowd) -> Vec<Duration> {
    let end = Instant::now() + FULL;
    let step = crowd.busy.len() / AT_ONCE;
    let ask = |browser: crate::browser::Browser| async move {
        let mut waits = Vec::new();
        while Instant::now() < end {
            let began = Instant::now();
            browser.ask().await?;
            waits.push(began.elapsed());
        }
        std::io::Result::Ok(waits)
    };
    let asking: JoinSet<_> = crowd.busy.iter().step_by(step).take(AT_ONCE).cloned().map(ask).collect();
    let waits = asking.join_all().await.into_iter();
    waits.flat_map(|waits| waits.unwrap_or_else(|error| panic!("{}: {error}", candidate.name))).collect()
}

/// For each round and candidate a turn.
pub(crate) fn report(candidates: &[Candidate], rounds: &[Vec<[Load; 2]>]) {
    for (at_load, how) in [format!("{RATE}/s"), "full speed".to_owned()].iter().enumerate() {
        println!("{how:14}  requests/s  beside nginx  p50 ms  p99 ms  CPU s/1000  beside nginx  ({ROUNDS} rounds)");
        for (at, candidate) in candidates.iter().enumerate() {
            let loads = |at: usize| rounds.iter().map(move |round| &round[at][at_load]);
            let beside = |of: fn(&Load) -> f64| {
                median(loads(at).zip(loads(candidates.len() - 1)).map(|(own, other)| of(own) / of(other)))
            };
            let cpu = |load: &Load| load.cpu / load.waits.len() as f64 * 1e3;
            let mut waits: Vec<Duration> = loads(at).flat_map(|load| load.waits.clone()).collect();
            waits.sort_unstable();
            let wait = |share: usize| waits[waits.len() * share / 100].as_secs_f64() * 1e3;
            print!("{:14}  {:10.0}", candidate.name, median(loads(at).map(|load| load.rate)));
            print!("  {:12.2}  {:6.2}  {:6.2}", beside(|load| load.rate), wait(50), wait(99));
            println!("  {:10.4}  {:12.2}", median(loads(at).map(cpu)), beside(cpu));
        }
    }
}
