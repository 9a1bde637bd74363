//! `postern`: what the administrator does to platforms, accounts and methods, from a shell.
//!
//! It decides nothing. Each verb says one thing to `posternd` on its admin socket and shows the answer: to people as
//! text and tables, to programs as JSON. The verbs of one noun stand in one file, with their arguments, their help and
//! what they do.
//!
//! * `cli`: the command line as a whole;
//! * `platform`, `account`, `method`, `app_password`, `request`, `key`, `log`, `audit`, `status`, `backup` (exports and
//!   their return), `import` (from other programs): the nouns;
//! * `check`: what is wrong, here and in posternd;
//! * `daemon`: the connection, and what its failures mean to people;
//! * `screen`, `table`, `time`: what is printed;
//! * `exit`: how it ends.

mod account;
mod app_password;
mod audit;
mod backup;
mod check;
mod cli;
mod clock;
mod daemon;
mod exit;
pub mod import;
mod key;
mod log;
mod method;
mod platform;
mod request;
mod screen;
mod session;
mod status;
mod table;
mod time;

pub use cli::command;

use clap::Parser;
use std::process::ExitCode;

/// Does what the arguments of this process say. Usage errors, `--help` and `--version` end the process here.
pub fn main() -> ExitCode {
    let (verb, mut session) = cli::Cli::parse().into_parts();
    let ended = verb.run(&mut session).and_then(|exit| session.screen.flush().map(|()| exit));
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => {
            // What was printed before it failed is still worth reading; a second failure of it is not.
            let _ = session.screen.flush();
            failure.report();
            failure.exit().into()
        }
    }
}
