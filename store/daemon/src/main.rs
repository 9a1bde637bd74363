//! `posternd`: the command line; `posternd --help` is its manual.

use clap::{Parser, Subcommand};
use posternd::config;
use posternd::run;
use std::path::PathBuf;
use std::process::ExitCode;

/// The daemon of Postern: owns the store of second factors and decides about every sign-in.
#[derive(Debug, Parser)]
#[command(name = "posternd", version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(flatten)]
    run: Run,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, clap::Args)]
struct Run {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
    /// Only judge the configuration: exit 0 if it is good
    #[arg(long)]
    check: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make the master key and an empty store; refuses where either exists
    Init {
        /// The configuration
        #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
        config: PathBuf,
        /// Use the master key that is there, for a store that an export is imported into
        #[arg(long)]
        existing_key: bool,
    },
}

#[expect(clippy::print_stderr, clippy::print_stdout, reason = "this is a command")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.verb {
        Some(Verb::Init { config, existing_key }) => run::init(&config, existing_key).map(|done| println!("{done}")),
        None if arguments.run.check => run::judge(&arguments.run.config).map(|done| println!("{done}")),
        None => run::run(&arguments.run.config),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("posternd: {error}");
            ExitCode::FAILURE
        }
    }
}
