//! Everybody's browser: it has signed in, and waits for news.

use crate::browser::{Browser, Protocol};
use crate::candidate::Candidate;
use hyper::body::{Body as _, Incoming};
use postern_tests::mailboxes::DOMAIN;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// How many there are.
pub(crate) const BROWSERS: usize = 5_000;
/// Browsers that came and went before: what is loaded and made once is not counted.
const WARM: usize = 200;
/// Browsers that come at the same time.
const AT_ONCE: usize = 24;
/// With HTTP/1.1, in which a poll has its connection for itself: those that have a second one for the rest.
const BUSY: usize = 500;
/// What a quiet moment is, before memory is looked at.
const QUIET: Duration = Duration::from_millis(500);

/// The browsers of one candidate.
pub(crate) struct Crowd {
    polls: Vec<Incoming>,
    /// Connections for small requests.
    pub(crate) busy: Vec<Browser>,
    cost: Cost,
}

/// What it cost to have them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// KiB before the first came.
    pub(crate) before: f64,
    /// KiB for each session, with no connection open.
    pub(crate) session: f64,
    /// KiB for each held poll, on top of that.
    pub(crate) poll: f64,
    /// Seconds of CPU for each sign-in, its handshake included.
    pub(crate) sign_in: f64,
    /// Seconds of CPU for each browser that comes back: a handshake, and the beginning of a poll.
    pub(crate) coming: f64,
}

impl Crowd {
    /// Has all of them sign in, then come back and wait.
    pub(crate) fn gather(runtime: &Runtime, candidate: &Candidate) -> Self {
        let resting = || {
            std::thread::sleep(QUIET);
            (candidate.memory(), candidate.cpu())
        };
        let warm = runtime.block_on(sign_in(candidate, BROWSERS, WARM));
        drop(runtime.block_on(wait(candidate, &warm)));
        let at_first = resting();
        let cookies = runtime.block_on(sign_in(candidate, 0, BROWSERS));
        let signed_in = resting();
        let waiting = runtime.block_on(wait(candidate, &cookies));
        let held = resting();
        let each = |later: f64, earlier: f64| (later - earlier) / BROWSERS as f64;
        let cost = Cost {
            before: at_first.0,
            session: each(signed_in.0, at_first.0),
            poll: each(held.0, signed_in.0),
            sign_in: each(signed_in.1, at_first.1),
            coming: each(held.1, signed_in.1),
        };
        let (browsers, polls) = waiting.into_iter().unzip();
        let busy = match candidate.protocol {
            Protocol::Http1 => runtime.block_on(second_connections(candidate, &cookies[..BUSY])),
            Protocol::Http2 => browsers,
        };
        Self { polls, busy, cost }
    }

    pub(crate) fn cost(&self) -> Cost {
        self.cost
    }

    /// Whether all of them wait still.
    pub(crate) fn waits_still(mut self, runtime: &Runtime) -> bool {
        runtime.block_on(poll_fn(|cx| {
            Poll::Ready(self.polls.iter_mut().all(|poll| Pin::new(poll).poll_frame(cx).is_pending()))
        }))
    }
}

/// The cookies of `count` people, from this number on. Each connection is closed again.
async fn sign_in(candidate: &Candidate, from: usize, count: usize) -> Vec<String> {
    all(candidate, from..from + count, |number| {
        let way = candidate.way.clone();
        async move {
            let browser = Browser::open(&way, number, String::new()).await?;
            browser.sign_in(&format!("person{number}@{DOMAIN}")).await
        }
    })
    .await
}

/// Everybody with these cookies comes and waits.
async fn wait(candidate: &Candidate, cookies: &[String]) -> Vec<(Browser, Incoming)> {
    all(candidate, 0..cookies.len(), |number| {
        let (way, cookies) = (candidate.way.clone(), cookies[number].clone());
        async move {
            let browser = Browser::open(&way, number, cookies).await?;
            let poll = browser.poll().await?;
            Ok((browser, poll))
        }
    })
    .await
}

async fn second_connections(candidate: &Candidate, cookies: &[String]) -> Vec<Browser> {
    all(candidate, 0..cookies.len(), |number| {
        let (way, cookies) = (candidate.way.clone(), cookies[number].clone());
        async move { Browser::open(&way, number, cookies).await }
    })
    .await
}

/// Does it for all these numbers, a few at the same time; what came of it, in no order.
async fn all<T, F>(candidate: &Candidate, mut numbers: impl Iterator<Item = usize>, what: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = io::Result<T>> + Send + 'static,
{
    let (mut doing, mut done) = (JoinSet::new(), Vec::new());
    loop {
        while doing.len() < AT_ONCE
            && let Some(number) = numbers.next()
        {
            doing.spawn(what(number));
        }
        let Some(outcome) = doing.join_next().await else { return done };
        let outcome = outcome.expect("a browser");
        let count = done.len();
        let failed = |error| panic!("{}, after {count}: {error}\n{}", candidate.name, candidate.errors());
        done.push(outcome.unwrap_or_else(failed));
    }
}
