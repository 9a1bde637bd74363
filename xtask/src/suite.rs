//! `cargo xtask test`: what continuous integration runs, and what a contributor runs before it.

use postern_tests::binaries::cargo;
use postern_tests::{During, Result, tools};

use crate::fuzz;
use crate::setup::{is_installed, say};

/// A check: the command, and whether it may be missing on the machine.
struct Check {
    args: &'static [&'static str],
    /// The cargo subcommand comes with the toolchain or is installed separately: if it is missing, the check is
    /// skipped.
    optional: bool,
}

/// Fetches the advisory database from GitHub.
const FETCH_ADVISORIES: [&str; 3] = ["deny", "fetch", "db"];
/// Uses the database that was fetched.
const ADVISORIES: Check = Check { args: &["deny", "check", "--disable-fetch", "advisories"], optional: true };
/// The tests are last, so that cargo's own summary is the last line.
const CHECKS: [Check; 4] = [
    Check { args: &["fmt", "--all", "--check"], optional: true },
    Check { args: &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], optional: true },
    // Some crates of Cargo.lock are built on other systems only: `structure::doubles` checks these.
    Check { args: &["deny", "check", "--allow", "unmatched-skip", "bans", "licenses", "sources"], optional: true },
    Check { args: &["test", "--workspace", "--no-fail-fast"], optional: false },
];

/// Runs every fuzz target and every check, also after one has failed; true if all passed.
pub(crate) fn run() -> Result<bool> {
    let mut passed = fuzz::in_tests().unwrap_or_else(|error| {
        eprintln!("» failed: {error}");
        false
    });
    passed &= advisories()?;
    for check in &CHECKS {
        passed &= check.run()?;
    }
    Ok(passed)
}

/// Checks for crates with a known vulnerability and unmaintained crates, if the advisory database is available.
fn advisories() -> Result<bool> {
    if !is_installed(ADVISORIES.args[0]) {
        say("NOT RUN: advisories about crates (cargo-deny is not installed: CONTRIBUTING.md says how)");
        return Ok(true);
    }
    let fetched = tools::run(cargo().args(FETCH_ADVISORIES), &[])?.success();
    if let Err(why) = fetched {
        say(&format!("NOT RUN: advisories about crates (their database could not be fetched: {why})"));
        return Ok(true);
    }
    ADVISORIES.run()
}

impl Check {
    fn run(&self) -> Result<bool> {
        let line = self.args.join(" ");
        if self.optional && !is_installed(self.args[0]) {
            say(&format!("NOT RUN: cargo {line} (cargo has no `{}` here)", self.args[0]));
            return Ok(true);
        }
        say(&format!("cargo {line}"));
        let status = cargo().args(self.args).status().during(format_args!("cargo {line}"))?;
        if !status.success() {
            eprintln!("» failed: cargo {line}");
        }
        Ok(status.success())
    }
}
