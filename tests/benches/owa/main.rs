//! The webmail front as Outlook on the web uses it: thousands of browsers that each hold a long poll, and many small
//! requests by script beside them. Beside it nginx, which does the same TLS and proxies to the same upstream, in the
//! same run:
//!
//! ```text
//! cargo bench --package postern-tests --bench owa [-- http1 http2]      (needs root and nginx; two minutes)
//! ```
//!
//! Every browser signs in through the front and has a released session of its own; the accounts need no second factor.
//! nginx passes cookies on as they come. The upstream is an imitation (`upstream.rs`) that costs little. The browsers
//! come from many addresses of the loopback network, since the front limits the connections of one.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark measures time and prints it")]

mod browser;
mod candidate;
#[path = "../imap/cost.rs"]
#[expect(dead_code, reason = "what is shared is more than what is needed here")]
mod cost;
mod crowd;
mod load;
mod upstream;

use browser::Protocol;
use candidate::Candidate;
use crowd::Crowd;
use load::Load;
use postern_tests::backend::private_directory;
use postern_tests::tools::Outcome;
use postern_tests::world::PLATFORM;
use postern_tests::{Plan, Upstream, World};
use std::time::Duration;
use tokio::runtime::Runtime;

/// How long nothing goes on but what is held, for its cost.
const REST: Duration = Duration::from_secs(3);

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if words.first().is_some_and(|word| word == upstream::ROLE) {
        return upstream::run(&words[1]);
    }
    cost::raise_file_limit();
    let directory = private_directory().expect("a directory");
    let (_upstream, port) = upstream::start(directory.path());
    let url = format!("http://127.0.0.1:{port}/");
    let mut world =
        World::start(Plan { upstream: Upstream::Product { product: "owa", url, endpoints: "" }, ..Plan::default() });
    let world = world.as_mut().expect("a world");
    // Its people are not listed.
    world.postern(["platform", "set", PLATFORM, "unlisted", "pass"]).and_then(Outcome::success).expect("a policy");
    let runtime = Runtime::new().expect("threads");
    for protocol in [Protocol::Http1, Protocol::Http2] {
        if !words.is_empty() && !words.iter().any(|word| word == protocol.word()) {
            continue;
        }
        let (nginx, site) = candidate::nginx(world, directory.path(), protocol, port);
        let candidates = [candidate::front(world, protocol), site];
        measure(&runtime, &candidates);
        drop(nginx);
    }
}

/// All of it, by one protocol.
fn measure(runtime: &Runtime, candidates: &[Candidate]) {
    println!("\n{}", candidates[0].protocol.name());
    println!(
        "{:14}  KiB at first  KiB/session  KiB/held poll  CPU ms/sign-in  CPU ms/browser that comes  CPU ms/s at rest",
        ""
    );
    let crowds: Vec<Crowd> = candidates.iter().map(|candidate| Crowd::gather(runtime, candidate)).collect();
    for (candidate, crowd) in candidates.iter().zip(&crowds) {
        let before = candidate.cpu();
        std::thread::sleep(REST);
        let rest = (candidate.cpu() - before) / REST.as_secs_f64();
        let cost = crowd.cost();
        print!("{:14}  {:12.0}  {:11.1}  {:13.1}", candidate.name, cost.before, cost.session, cost.poll);
        println!("  {:14.2}  {:25.2}  {:16.1}", cost.sign_in * 1e3, cost.coming * 1e3, rest * 1e3);
    }
    let mut rounds: Vec<Vec<[Load; 2]>> = Vec::new();
    for _ in 0..load::ROUNDS {
        let turns = candidates.iter().zip(&crowds);
        rounds.push(turns.map(|(candidate, crowd)| load::turn(runtime, candidate, crowd)).collect());
    }
    load::report(candidates, &rounds);
    for (candidate, crowd) in candidates.iter().zip(crowds) {
        assert!(crowd.waits_still(runtime), "{}: a poll has ended\n{}", candidate.name, candidate.errors());
    }
}
