//! What processes cost, as the kernel counts it.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::fs;

/// Clock ticks a second in `/proc/PID/stat` (Linux: always 100 for programs).
const TICKS: f64 = 100.0;

/// These processes and all that they have started.
pub(crate) fn family(roots: &[u32]) -> Vec<u32> {
    let mut all = roots.to_vec();
    let mut at = 0;
    while at < all.len() {
        let tasks = fs::read_dir(format!("/proc/{}/task", all[at])).into_iter().flatten().flatten();
        for task in tasks {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            all.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
        at += 1;
    }
    all
}

/// Seconds of CPU so far, of children that have ended too.
pub(crate) fn cpu_seconds(roots: &[u32]) -> f64 {
    let ticks = |pid: &u32| -> Option<f64> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // utime, stime, cutime, cstime; the name before them may have blanks in it.
        let fields = stat.rsplit(')').next()?.split_whitespace().skip(11).take(4);
        Some(fields.filter_map(|field| field.parse::<f64>().ok()).sum())
    };
    family(roots).iter().filter_map(ticks).sum::<f64>() / TICKS
}

/// KiB of memory that is theirs alone.
pub(crate) fn private_kib(roots: &[u32]) -> f64 {
    let of = |pid: &u32| {
        let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let lines = text.lines().filter_map(|line| line.strip_prefix("Private_")?.split_whitespace().nth(1));
        lines.filter_map(|number| number.parse::<f64>().ok()).sum::<f64>()
    };
    family(roots).iter().map(of).sum()
}

/// As many files as this user may open; children inherit it.
pub(crate) fn raise_file_limit() {
    /// Enough for a front that holds 10,000 sessions, of two connections each.
    const WANTED: u64 = 40_000;
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    if hard < WANTED && setrlimit(Resource::RLIMIT_NOFILE, WANTED, WANTED).is_ok() {
        return;
    }
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("the limit that there is");
}

/// The middle one.
pub(crate) fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
