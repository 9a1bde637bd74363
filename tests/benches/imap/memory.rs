//! What an idle session costs in memory: that of the candidate's processes which is theirs alone, less what it was
//! before, for each session. What the kernel keeps for its sockets is not in it.

use crate::backend;
use crate::candidate::{Candidate, Candidates};
use crate::client::Client;
use crate::cost::private_kib;
use nix::sys::resource::{Resource, getrlimit};
use postern_tests::mailboxes::{DOMAIN, Mailbox};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Sessions that are idle.
const SESSIONS: [usize; 2] = [1_000, 10_000];
/// Sessions that came and went before: what is loaded and made once is not counted.
const WARM: usize = 200;
/// Sign-ins at the same time.
const AT_ONCE: usize = 48;
/// Files that a front needs for itself.
const SPARE: u64 = 200;
/// What a quiet moment is, before memory is looked at.
const QUIET: Duration = Duration::from_millis(500);

/// Each candidate is started anew, before a backend that costs little.
pub(crate) fn measure(runtime: &Runtime, candidates: &Candidates<'_>) {
    let (_backend, port) = backend::start(&candidates.directory, &candidates.world.certificates, candidates.security);
    let sessions = SESSIONS.map(|wanted| wanted.min(possible()));
    println!("\nKiB for each idle session  {:>8} sessions  {:>8} sessions  KiB before", sessions[0], sessions[1]);
    for candidate in candidates.start(runtime, port) {
        drop(runtime.block_on(open(&candidate, 0, WARM)));
        let before = resting(&candidate);
        let mut open_now = Vec::new();
        let each = sessions.map(|count| {
            open_now.extend(runtime.block_on(open(&candidate, open_now.len(), count)));
            (resting(&candidate) - before) / count as f64
        });
        println!("{:25}  {:17.1}  {:17.1}  {before:10.0}", candidate.name, each[0], each[1]);
    }
}

/// As many sessions as one process can hold here: each is two files there.
fn possible() -> usize {
    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    usize::try_from((soft - SPARE) / 2).unwrap_or(usize::MAX)
}

/// Memory when nothing goes on.
fn resting(candidate: &Candidate) -> f64 {
    std::thread::sleep(QUIET);
    private_kib(&candidate.processes)
}

/// Sessions with these numbers, each of somebody else: no limit of a mailbox is met.
async fn open(candidate: &Candidate, from: usize, to: usize) -> Vec<Client> {
    let (mut opening, mut opened, mut numbers) = (JoinSet::new(), Vec::new(), from..to);
    loop {
        while opening.len() < AT_ONCE
            && let Some(number) = numbers.next()
        {
            let (tls, port) = (candidate.tls.clone(), candidate.port);
            let person = Mailbox { name: format!("person{number}@{DOMAIN}"), password: "knocks-twice".to_owned() };
            opening.spawn(async move { Client::sign_in(&tls, port, &person).await });
        }
        match opening.join_next().await {
            Some(client) => {
                let client = client.expect("a client");
                opened.push(client.unwrap_or_else(|error| panic!("{error}\n{}", candidate.log())));
            }
            None => return opened,
        }
    }
}
