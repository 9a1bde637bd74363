//! The command line. `posternd --help` and posternd(8) are made of it.

use crate::config;
use clap::{CommandFactory as _, Parser, Subcommand};
use std::path::PathBuf;

/// The daemon of Postern: owns the store of second factors and decides about every sign-in.
#[derive(Debug, Parser)]
#[command(name = "posternd", version, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// What it is to run with.
    #[command(flatten)]
    pub run: Run,
    /// What to do instead of running.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// The options of the daemon itself.
#[derive(Debug, clap::Args)]
pub struct Run {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    pub config: PathBuf,
    /// Only judge the configuration: exit 0 if it is good
    #[arg(long)]
    pub check: bool,
}

/// What `posternd` does besides running.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make the master key and an empty store; refuses where either exists
    Init(Init),
    /// Add a master key to the key file, for a posternd that cannot write it; takes effect at its next start
    AddKey(AddKey),
}

/// The options of `posternd add-key`.
#[derive(Debug, clap::Args)]
pub struct AddKey {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    pub config: PathBuf,
}

/// The options of `posternd init`.
#[derive(Debug, clap::Args)]
pub struct Init {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    pub config: PathBuf,
    /// Use the master key that is there, for a store that an export is imported into
    #[arg(long)]
    pub existing_key: bool,
    /// Where either exists, do nothing: for scripts that install
    #[arg(long, conflicts_with = "existing_key")]
    pub if_absent: bool,
}

/// The command line with its help, for what is made of it besides the program: manual pages.
pub fn command() -> clap::Command {
    Arguments::command()
}
