//! `cargo xtask test`: what continuous integration runs, and what a contributor runs before it.

use std::process::Stdio;

use postern_tests::binaries::cargo;
use postern_tests::{During, Result};

use crate::{fuzz, say};

/// A check: the command, and whether it may be absent from the machine.
struct Check {
    args: &'static [&'static str],
    /// The cargo subcommand comes with the toolchain or is installed apart: where it is absent the check is skipped.
    optional: bool,
}

/// The tests are last, so that cargo's own summary is the last line.
const CHECKS: [Check; 4] = [
    Check { args: &["fmt", "--all", "--check"], optional: true },
    Check { args: &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], optional: true },
    // Advisories need a network; what the project says of itself does not.
    Check { args: &["deny", "check", "bans", "licenses", "sources"], optional: true },
    Check { args: &["test", "--workspace", "--no-fail-fast"], optional: false },
];

/// Runs every fuzz target and every check, also after one has failed; true if all passed.
pub(crate) fn run() -> Result<bool> {
    let mut passed = fuzz::in_tests().unwrap_or_else(|error| {
        eprintln!("» failed: {error}");
        false
    });
    for check in &CHECKS {
        let line = check.args.join(" ");
        if check.optional && !is_installed(check.args[0]) {
            say(&format!("skipped: cargo {line} (cargo has no `{}` here)", check.args[0]));
            continue;
        }
        say(&format!("cargo {line}"));
        let status = cargo().args(check.args).status().during(format_args!("cargo {line}"))?;
        if !status.success() {
            passed = false;
            eprintln!("» failed: cargo {line}");
        }
    }
    Ok(passed)
}

fn is_installed(subcommand: &str) -> bool {
    let version = cargo().args([subcommand, "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}
