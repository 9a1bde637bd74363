//! The command line as a whole. Each noun's verbs stand in its own file.

use crate::context::CommandContext;
use crate::exit::{Exit, Failure};
use crate::screen::Screen;
use crate::{account, app_password, audit, backup, check, import, key, log, method, platform, request, status};
use clap::{CommandFactory, Parser, Subcommand};
use std::path::PathBuf;

/// Columns of the help texts at most: longer lines are hard to read.
const HELP_WIDTH: usize = 100;

/// Apart from the options of a verb, among which they would be lost.
const GLOBAL: &str = "Global options";

const EXAMPLES: &str = "\
Examples:
  postern platform create acme --domain example.com
  postern platform enable acme
  postern account enable bob@example.com
  postern account suspend bob@example.com --hours 2
  postern account list --state locked

Exit codes: 0 done, 1 refused (or a check failed), 2 usage, 3 posternd unreachable";

/// Administers second factors in front of mail.
///
/// Each verb says one thing to posternd, on a socket that is open to root and the group postern-admin.
#[derive(Parser)]
#[command(name = "postern", version, max_term_width = HELP_WIDTH, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// The admin socket of posternd
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "PATH", default_value = postern_wire::ADMIN_SOCKET)]
    #[arg(env = "POSTERN_SOCKET", hide_env_values = true)]
    socket: PathBuf,
    /// Print JSON, for programs
    #[arg(long, global = true, help_heading = GLOBAL)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

/// What can be done, by noun.
#[derive(Subcommand)]
pub(crate) enum Verb {
    /// How posternd is, and how many accounts are in each state
    Status,
    /// Look for what is wrong or leads around the second factor; as root it sees everything
    #[command(after_help = check::HELP)]
    Check(check::Check),
    /// Platforms: domains with one switch and one policy
    #[command(subcommand)]
    Platform(platform::Verb),
    /// Accounts: enable, suspend, reset, ... the second factor of mailboxes
    #[command(subcommand)]
    Account(account::Verb),
    /// Methods: the second factors of one mailbox
    #[command(subcommand)]
    Method(method::Verb),
    /// App passwords: what mail apps sign in with, since they cannot ask for a code
    #[command(subcommand)]
    AppPassword(app_password::Verb),
    /// Requests for a reset, by people who have lost every method
    #[command(subcommand)]
    Request(request::Verb),
    /// Who did what to whom, from where, and what came of it
    #[command(after_help = audit::HELP)]
    Audit(audit::Filter),
    /// The master key, under which everything is sealed
    #[command(subcommand)]
    Key(key::Verb),
    /// Up to which level posternd writes lines to its log
    #[command(subcommand)]
    Log(log::Verb),
    /// Write everything that Postern knows to a file, sealed
    #[command(after_help = backup::EXPORT_HELP)]
    Export(backup::Export),
    /// Read an export into an empty store, or take over the secrets of another program
    #[command(after_help = import::HELP)]
    Import(import::Import),
}

impl Cli {
    /// The verb, and what it works with.
    pub(crate) fn into_parts(self) -> (Verb, CommandContext) {
        (self.verb, CommandContext { socket: self.socket, screen: Screen::new(self.json) })
    }
}

impl Verb {
    /// Does it.
    pub(crate) fn run(self, context: &mut CommandContext) -> Result<Exit, Failure> {
        match self {
            Self::Status => status::status(context),
            Self::Check(check) => check.run(context),
            Self::Platform(verb) => verb.run(context),
            Self::Account(verb) => verb.run(context),
            Self::Method(verb) => verb.run(context),
            Self::AppPassword(verb) => verb.run(context),
            Self::Request(verb) => verb.run(context),
            Self::Key(verb) => verb.run(context),
            Self::Log(verb) => verb.run(context),
            Self::Audit(filter) => filter.run(context),
            Self::Export(export) => export.run(context),
            Self::Import(import) => import.run(context),
        }
    }
}

/// The command with all its verbs, for what is made of it besides the program: manual pages, completions.
pub fn command() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::error::ErrorKind;

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
    }

    /// Every line of the contract, and what is nearly it.
    #[test]
    fn the_contract_parses() {
        let table = include_str!("../tests/command-lines.txt");
        for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (verdict, typed) = line.split_once(": ").unwrap();
            let words = ["postern"].into_iter().chain(typed.split(' '));
            let parsed = Cli::try_parse_from(words).map(|_| ()).map_err(|error| error.exit_code());
            assert_eq!(parsed, if verdict == "ok" { Ok(()) } else { Err(2) }, "{typed}");
        }
    }

    #[test]
    fn every_verb_says_what_it_does() {
        fn walk(command: &clap::Command) {
            assert!(command.get_about().is_some(), "{} has no description", command.get_name());
            for argument in
                command.get_arguments().filter(|argument| !["help", "version"].contains(&argument.get_id().as_str()))
            {
                assert!(argument.get_help().is_some(), "{} {} has no help", command.get_name(), argument.get_id());
            }
            command.get_subcommands().for_each(walk);
        }
        walk(&command());
    }

    #[test]
    fn hours_name_the_allowed_range() {
        for hours in ["0", "-1", "1.5", "1000000000", "10^9", "abc", "721", "99999999999999999999", ""] {
            let words = ["postern", "account", "suspend", "bob@example.com", "--hours", hours];
            let error = Cli::try_parse_from(words).err().unwrap();
            assert_eq!((error.kind(), error.exit_code()), (ErrorKind::ValueValidation, 2), "{hours}");
            let text = error.to_string();
            assert!(text.contains("1 to 720 whole hours") && text.contains("use remove"), "{text}");
        }
    }

    #[test]
    fn a_mistyped_word_is_told_the_right_one() {
        for (typed, meant) in
            [("account enabel x", "enable"), ("statsu", "status"), ("account list --state lokced", "locked")]
        {
            let words = ["postern"].into_iter().chain(typed.split(' '));
            let text = Cli::try_parse_from(words).err().unwrap().to_string();
            assert!(text.contains("similar") && text.contains(meant), "{text}");
        }
    }
}
