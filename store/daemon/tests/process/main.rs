//! The real `posternd`, as a process in a private directory, through its sockets.
//!
//! Codes are computed by oathtool and the wall clock is moved by libfaketime, so that neither comes from the daemon
//! itself. [`home`] starts and kills it, [`calls`] talks to it; the other files are tests, one subject each.

mod authenticator;
mod calls;
mod home;
mod mail_server;
mod messages;
mod people;
mod post;
mod wall_clock;

mod app_passwords;
mod background;
mod browsers;
mod crash;
mod disk;
mod ends;
mod enrolment;
mod exports;
mod hostile;
mod keys;
mod locks;
mod log;
mod methods;
mod metrics;
mod names;
mod notices;
mod one_commit;
mod parallel;
mod peers;
mod power_cut;
mod refusals;
mod review;
mod secrets;
mod start;
mod story;
mod suspension;
mod systemd;
mod varlink;

use posternd::clock::Stopwatch;
use std::time::Duration;

/// Waits until `there` returns true; panics with `what` on a timeout.
fn wait_until(what: &str, within: Duration, mut there: impl FnMut() -> bool) {
    let waiting = Stopwatch::start();
    while !there() {
        assert!(waiting.elapsed() < within, "not within {within:?}: {what}");
        std::thread::yield_now();
    }
}

/// Reports why a test could not check anything.
#[expect(clippy::print_stderr, reason = "what could not be checked is said")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}
