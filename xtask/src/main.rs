//! `cargo xtask demo` and `cargo xtask test`: the two commands of the README; fuzzing; and what makes the packages.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command for people, who read what it prints")]

mod deb;
mod demo;
mod fuzz;
mod licences;
mod man;
mod release;
mod suite;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use postern_tests::{Result, install};

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

#[derive(Args)]
struct Setup {
    /// Do not look for missing Debian packages.
    #[arg(long)]
    no_install: bool,
}

impl Setup {
    fn run(&self) -> Result<()> {
        if self.no_install { Ok(()) } else { install::install(say) }
    }

    fn packages(&self, wanted: &[&'static str]) -> Result<()> {
        if self.no_install { Ok(()) } else { install::install_packages(wanted, say) }
    }
}

/// One line of progress.
fn say(line: &str) {
    println!("» {line}");
}

fn main() -> ExitCode {
    let outcome = match Command::parse().task {
        Task::Demo { ready, setup } => demo::run(ready.as_deref(), &setup).map(|()| true),
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
