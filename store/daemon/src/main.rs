//! `posternd`: see the library of this package; `posternd --help` is its manual.

use clap::Parser;
use posternd::cli::{Arguments, Verb};
use posternd::serve::run;
use std::process::ExitCode;

#[expect(clippy::print_stderr, clippy::print_stdout, reason = "this is a command")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.verb {
        Some(Verb::Init(init)) => run::init(&init).map(|done| println!("{done}")),
        Some(Verb::AddKey(add)) => run::add_key(&add.config).map(|done| println!("{done}")),
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
