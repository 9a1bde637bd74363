//! Which accounts: by name, from standard input, or all of a platform.

use crate::context::CommandContext;
use crate::exit::Failure;
use crate::table::clean_line;
use clap::Args;
use postern_wire::admin::{Accounts, ListAccounts};
use postern_wire::methods::admin_method as m;
use std::collections::HashSet;
use std::io::{self, BufRead, IsTerminal, Write};

/// The name that stands for standard input.
const STDIN: &str = "-";

/// Which accounts to change, and whether only to say what would come of it.
#[derive(Args)]
pub(crate) struct Chosen {
    /// Mailboxes (or aliases, or DOMAIN\user); `-` reads them from standard input, one a line
    #[arg(value_name = "MAILBOX", required_unless_present = "all", conflicts_with_all = ["all", "platform"])]
    mailboxes: Vec<String>,
    /// With --all: whose accounts
    #[arg(long, value_name = "P", requires = "all")]
    platform: Option<String>,
    /// Every account that Postern knows in the platform
    #[arg(long, requires = "platform")]
    all: bool,
    /// Do not ask before --all
    #[arg(long, short)]
    yes: bool,
    /// Only say what would come of it
    #[arg(long)]
    pub(super) dry_run: bool,
}

impl Chosen {
    /// The mailboxes, each once; `verb` is for the question whether all of a platform are meant.
    ///
    /// # Errors
    /// [`Failure::Usage`] where there are none or nobody said yes, and those of the daemon.
    pub(super) fn mailboxes(&self, context: &CommandContext, verb: &str) -> Result<Vec<String>, Failure> {
        let Some(platform) = &self.platform else { return names(&self.mailboxes) };
        let mut all = Vec::new();
        let parameters = ListAccounts { platform: Some(platform.clone()), state: None };
        // No connection is open while a person is asked: posternd ends one on which nothing is said.
        context.daemon()?.call_more::<m::ListAccounts>(&parameters, |piece: Accounts| {
            all.extend(piece.accounts.into_iter().map(|account| account.mailbox));
            Ok(())
        })?;
        if !self.yes && !self.dry_run && !all.is_empty() {
            confirm(&format!("{verb} all {} accounts of {}?", all.len(), clean_line(platform)))?;
        }
        Ok(all)
    }
}

/// The names as typed, `-` replaced by those on standard input, each once.
pub(super) fn names(typed: &[String]) -> Result<Vec<String>, Failure> {
    let mut all = Vec::new();
    for name in typed {
        if name == STDIN { all.extend(listed(io::stdin().lock())?) } else { all.push(name.clone()) }
    }
    let mut seen = HashSet::new();
    all.retain(|name| seen.insert(name.clone()));
    if all.is_empty() { Err(Failure::Usage("no mailbox came on standard input".to_owned())) } else { Ok(all) }
}

/// The names in a list: one a line, blank lines and those that begin with `#` left out.
fn listed(source: impl BufRead) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for (index, line) in source.lines().enumerate() {
        let line = line.map_err(|error| Failure::Usage(format!("line {} of standard input: {error}", index + 1)))?;
        // posternd reads over what nobody sees in a name; before a `#` it would hide the comment.
        let name = line.trim_matches(|end: char| end.is_whitespace() || is_mark(end));
        if !name.is_empty() && !name.starts_with('#') {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// What editors and copying put around a name, and nobody sees.
fn is_mark(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn confirm(question: &str) -> Result<(), Failure> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Failure::Usage(format!(
            "{question} Nobody is here to ask: say --yes, or look first with --dry-run"
        )));
    }
    let mut answer = String::new();
    let _ = write!(io::stderr(), "{question} [y/N] ");
    let read = io::stdin().read_line(&mut answer);
    if read.is_ok() && ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
        Ok(())
    } else {
        Err(Failure::refused("not_confirmed", "nothing was done: the answer was not yes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_may_have_comments_and_blank_lines() {
        let list = "# staff\nbob@example.com\r\n\n   eve@example.com  \n  # gone\nACME\\ann";
        assert_eq!(listed(list.as_bytes()).unwrap(), ["bob@example.com", "eve@example.com", "ACME\\ann"]);
        let error = listed(&b"bob@example.com\n\xff\n"[..]).unwrap_err();
        assert!(error.to_string().contains("line 2"), "{error}");
    }

    #[test]
    fn marks_that_nobody_sees_are_left_out() {
        let list = include_bytes!("../../tests/inputs/mailboxes-bom.txt");
        assert_eq!(listed(&list[..]).unwrap(), ["l1@example.com", "l2@example.com"]);
        let list = "\u{feff}# staff\r\n\u{2066}bob@example.com\u{2069}\u{a0}\n\u{200b}\n";
        assert_eq!(listed(list.as_bytes()).unwrap(), ["bob@example.com"]);
    }

    #[test]
    fn each_name_counts_once() {
        let typed = ["b@x", "a@x", "b@x"].map(str::to_owned);
        assert_eq!(names(&typed).unwrap(), ["b@x", "a@x"]);
    }
}
