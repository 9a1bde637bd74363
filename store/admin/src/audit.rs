//! `postern audit`: the log, a line for each entry, oldest first. It may be long, so nothing is held back to align it.

use crate::context::CommandContext;
use crate::exit::{Exit, Failure};
use crate::screen::Screen;
use crate::table::{Tint, clean_line};
use clap::Args;
use postern_wire::admin::{AuditEntries, AuditEntry, ReadAudit, State};
use postern_wire::methods::admin_method as m;

/// Columns that most mailboxes fit into; longer ones push the rest of their line to the right.
const MAILBOX_COLUMNS: usize = 26;
/// Columns of an action with its outcome: `answer wrong_code`.
const ACTION_COLUMNS: usize = 18;

pub(crate) const HELP: &str = "\
Examples:
  postern audit --since 2h
  postern audit --mailbox bob@example.com --since 2026-11-01
  postern audit --since 3d --json | jq -c '.[] | select(.action == \"reset\")'";

/// Which entries.
#[derive(Args)]
pub(crate) struct Filter {
    /// Only what is about this mailbox
    #[arg(long, value_name = "M")]
    mailbox: Option<String>,
    /// Only from this time on: 30m, 2h, 3d, 1w (ago), a date, or RFC 3339
    #[arg(long, value_name = "T")]
    since: Option<String>,
}

impl Filter {
    /// Prints them.
    pub(crate) fn run(self, context: &mut CommandContext) -> Result<Exit, Failure> {
        let since = match &self.since {
            Some(typed) => Some(context.screen.calendar.since(typed).map_err(Failure::Usage)?),
            None => None,
        };
        let mut daemon = context.daemon()?;
        let screen = &mut context.screen;
        let mut count = 0;
        let parameters = ReadAudit { mailbox: self.mailbox, since };
        daemon.call_more::<m::ReadAudit>(&parameters, |piece: AuditEntries| {
            for entry in piece.entries {
                if screen.json {
                    screen.json_element(count, &entry)?;
                } else {
                    screen.line(&line(screen, &entry))?;
                }
                count += 1;
            }
            Ok(())
        })?;
        if screen.json {
            screen.json_end(count)?;
        } else if count == 0 {
            screen.note("Nothing is in the log about that.");
        }
        Ok(Exit::Done)
    }
}

fn line(screen: &Screen, entry: &AuditEntry) -> String {
    let tint = match entry.outcome.as_str() {
        "done" | "accepted" => Tint::Good,
        _ => Tint::Bad,
    };
    let time = screen.tint(Tint::Faint, &screen.calendar.show_second(&entry.time));
    let mailbox = entry.mailbox.as_deref().map_or("-".into(), clean_line);
    let (action, outcome) = (clean_line(&entry.action), clean_line(&entry.outcome));
    let blanks = ACTION_COLUMNS.saturating_sub(action.chars().count() + 1 + outcome.chars().count());
    let outcome = screen.tint(tint, &outcome);
    let mut line =
        format!("{time}  {mailbox:<MAILBOX_COLUMNS$}  {action} {outcome}{:blanks$}  {}", "", clean_line(&entry.actor));
    if let Some(address) = &entry.address {
        line += &format!(" from {}", clean_line(address));
    }
    if let Some(states) = states(entry.before, entry.after) {
        line += &format!("  {states}");
    }
    if !entry.detail.is_empty() {
        line += &format!("  ({})", clean_line(&entry.detail));
    }
    line
}

/// What became of the state, when it became another.
fn states(before: Option<State>, after: Option<State>) -> Option<String> {
    match (before, after) {
        (Some(before), Some(after)) if before != after => Some(format!("{before} → {after}")),
        (None, Some(after)) => Some(format!("new → {after}")),
        _ => None,
    }
}
