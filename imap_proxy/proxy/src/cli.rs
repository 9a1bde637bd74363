//! The command line. `postern-proxy --help` and postern-proxy(8) are made of it.

use clap::{CommandFactory as _, Parser};
use postern_proxy_config as config;
use std::path::PathBuf;

/// The part of Postern that faces the internet: no mailbox without the second factor.
#[derive(Debug, Parser)]
#[command(name = "postern-proxy", version)]
pub struct Arguments {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    pub config: PathBuf,
    /// Only judge the configuration and the files that it names
    #[arg(long)]
    pub check: bool,
}

/// The command line with its help, for what is made of it besides the program: manual pages.
pub fn command() -> clap::Command {
    Arguments::command()
}
