//! `postern`: the administrator's command for platforms, accounts and methods.
//!
//! It makes no decisions. Each subcommand sends one request to `posternd` on its admin socket and shows the answer: as
//! text and tables, or as JSON for programs. The subcommands of one noun are in one file, with their arguments, their
//! help and their implementation.
//!
//! * `cli`: the whole command line;
//! * `platform`, `account`, `method`, `app_password`, `request`, `key`, `log`, `audit`, `status`, `backup` (export and
//!   import of all data), `import` (from other programs): the nouns;
//! * `check`: the command line and the output of the checks, which are in postern-check;
//! * `daemon`: the connection, and the messages for its failures;
//! * `screen`, `table`, `time`: output;
//! * `exit`: exit codes and error messages.

mod account;
mod app_password;
mod audit;
mod backup;
mod check;
mod cli;
mod clock;
mod context;
mod daemon;
mod exit;
pub mod import;
mod key;
mod log;
mod method;
mod owner;
mod platform;
mod request;
mod screen;
mod status;
mod table;
mod time;

pub use cli::command;

use clap::Parser;
use std::process::ExitCode;

/// Runs the command line of this process. Usage errors, `--help` and `--version` end the process here.
pub fn main() -> ExitCode {
    let (verb, mut context) = cli::Cli::parse().into_parts();
    let ended = verb.run(&mut context).and_then(|exit| context.screen.flush().map(|()| exit));
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => {
            // The output before the failure is still useful; a second failure is ignored.
            let _ = context.screen.flush();
            failure.report();
            failure.exit().into()
        }
    }
}
