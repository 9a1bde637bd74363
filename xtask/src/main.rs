//! `cargo xtask demo` and `cargo xtask test`: the two commands of the README; `cargo xtask check`: the quick loop; fuzzing;
//! and what makes the packages.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command for people, who read what it prints")]

mod check;
mod deb;
mod demo;
mod fuzz;
mod licences;
mod man;
mod release;
mod setup;
mod suite;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::setup::Setup;

/// Set up, try out and test Postern on a Debian with a Rust toolchain.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Command {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run Postern with a real Dovecot and Roundcube behind it, on loopback, until Ctrl-C.
    Demo {
        /// Write a JSON object with addresses, paths and mailboxes to FILE once everything answers.
        #[arg(long, value_name = "FILE")]
        ready: Option<PathBuf>,
        #[command(flatten)]
        setup: Setup,
    },
    /// The quick loop while you work: format, lints, and the unit tests of what you changed and of what uses it.
    ///
    /// What you changed is what differs from where this branch left `main`, committed or not. The tests of a crate that
    /// start other programs, and the end-to-end tests, are left to `cargo xtask test`.
    Check {
        /// Test these packages, whatever was changed
        packages: Vec<String>,
        /// What to compare with, instead of where the branch left `main`
        #[arg(long, value_name = "COMMIT", conflicts_with = "packages")]
        since: Option<String>,
    },
    /// Run the fuzz targets for longer than the tests do.
    Fuzz {
        /// One of them; without it, each after the other
        name: Option<String>,
        /// How long each may take
        #[arg(long, value_name = "N", default_value_t = 10)]
        minutes: u32,
    },
    /// Check format, lints and dependencies, and run every test; give each fuzz target some seconds.
    Test {
        #[command(flatten)]
        setup: Setup,
    },
    /// Write the manual pages into DIR.
    Man {
        /// Made where it is not there
        dir: PathBuf,
    },
    /// Build the Debian packages into target/deb, for the Debian that this runs on.
    Deb {
        /// Then judge them with lintian and piuparts, and install, use, upgrade, remove and purge them in a fresh Debian
        /// that is booted in a container (needs root; some minutes)
        #[arg(long)]
        check: bool,
        /// Build for another machine than this one; docs/operations.md says what that takes
        #[arg(long, value_enum, value_name = "MACHINE", conflicts_with = "check")]
        target: Option<deb::Machine>,
        /// Judge the packages that were built last
        #[arg(long, requires = "check")]
        no_build: bool,
        /// The Debian of --check
        #[arg(long, default_value = "bookworm", requires = "check")]
        suite: String,
        #[command(flatten)]
        setup: Setup,
    },
}

fn main() -> ExitCode {
    let outcome = match Command::parse().task {
        Task::Demo { ready, setup } => demo::run(ready.as_deref(), &setup).map(|()| true),
        Task::Check { packages, since } => check::run(&packages, since.as_deref()),
        Task::Fuzz { name, minutes } => fuzz::run(name.as_deref(), minutes),
        Task::Test { setup } => setup.run().and_then(|()| suite::run()),
        Task::Man { dir } => man::write(&dir).map(|()| true),
        Task::Deb { check, no_build, target, suite, setup } => {
            let packages = if no_build { deb::built() } else { deb::build(target, &setup) };
            packages.and_then(|packages| match check {
                true => deb::check(&packages, &suite, &setup),
                false => Ok(true),
            })
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
