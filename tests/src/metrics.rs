//! Postern's metrics as Prometheus reads them: the page, and its numbers as Prometheus's own library for Python parses
//! them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::{During, Result, tools, wait};

/// Seconds that a scrape may take.
const PATIENCE: &str = "5";

/// Debian's Python, which finds Debian's libraries.
const PYTHON: &str = "/usr/bin/python3";
/// Prints each number with its name and labels. An unknown type, or a metric without a description, is an error.
const READ: &str = "import json, sys
from prometheus_client.parser import text_string_to_metric_families as families
numbers = {}
for family in families(sys.stdin.read()):
    assert family.documentation and family.type != 'unknown', family
    for sample in family.samples:
        labels = ','.join(f'{name}={value}' for name, value in sorted(sample.labels.items()))
        key = sample.name + (f'{{{labels}}}' if labels else '')
        assert key not in numbers, key
        numbers[key] = sample.value
json.dump(numbers, sys.stdout)";

/// The numbers of a page, by name and labels, such as `postern_asks_total{answer=enrol,door=pam}`.
pub type Numbers = BTreeMap<String, f64>;

/// Scrapes the Unix socket.
///
/// # Errors
/// If no process listens there.
pub fn page(socket: &Path) -> Result<String> {
    let socket = socket.to_string_lossy();
    let fixed = ["--fail", "--max-time", PATIENCE, "--unix-socket", &socket];
    tools::curl(fixed.into_iter().chain(["http://localhost/metrics"]))?.success()
}

/// Parses a page.
///
/// # Errors
/// If it is not a page of metrics.
pub fn read(page: &str) -> Result<Numbers> {
    let printed = tools::run(Command::new(PYTHON).args(["-c", READ]), page.as_bytes())?.success()?;
    serde_json::from_str(&printed).during("the numbers of a page")
}

/// Scrapes `socket` until all of `wanted` have grown by these amounts since `before`, and returns the numbers.
///
/// # Errors
/// The numbers that did not grow enough.
pub fn wait_for(socket: &Path, before: &Numbers, wanted: &[(&str, f64)]) -> Result<Numbers> {
    let grown = |now: &Numbers, name: &str| {
        let of = |numbers: &Numbers| numbers.get(name).copied();
        of(now).map(|value| value - of(before).unwrap_or_default())
    };
    wait::until(&format!("{wanted:?}"), || {
        let now = read(&page(socket)?)?;
        Ok(wanted.iter().all(|(name, by)| grown(&now, name) == Some(*by)).then_some(now))
    })
}
