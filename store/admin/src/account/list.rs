//! `postern account list`.

use crate::context::CommandContext;
use crate::daemon::Daemon;
use crate::exit::{Exit, Failure};
use crate::screen::Screen;
use crate::table::{Tint, clean_line, plain, table};
use clap::{Args, builder::PossibleValuesParser, builder::TypedValueParser};
use postern_wire::admin::{Account, Accounts, ListAccounts, State};
use postern_wire::methods::admin_method as m;
use std::borrow::Cow;

/// The first record of the CSV; columns are added at its end only.
const CSV_HEADER: [&str; 8] =
    ["mailbox", "platform", "state", "until", "methods", "backup_codes_left", "last_used", "aliases"];

/// The words for [`State::ALL`], which clap wants to have forever.
const STATES: [&str; 5] = ["off", "enrolling", "protected", "suspended", "locked"];

/// Which accounts, and for whom.
#[derive(Args)]
pub(crate) struct Filter {
    /// Only of this platform
    #[arg(long, value_name = "P")]
    platform: Option<String>,
    /// Only in this state
    #[arg(long, value_name = "S", value_parser = states())]
    state: Option<State>,
    /// Print CSV, for spreadsheets (RFC 4180)
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

fn states() -> impl TypedValueParser<Value = State> {
    PossibleValuesParser::new(STATES).try_map(|word| {
        let index = STATES.iter().position(|state| *state == word);
        index.map(|index| State::ALL[index]).ok_or("not a state")
    })
}

impl Filter {
    /// Prints them.
    pub(crate) fn run(self, context: &mut CommandContext) -> Result<Exit, Failure> {
        let mut daemon = context.daemon()?;
        let screen = &mut context.screen;
        let parameters = ListAccounts { platform: self.platform, state: self.state };
        match (screen.json, self.csv) {
            (true, true) => return Err(Failure::Usage("--json and --csv exclude each other".to_owned())),
            (true, false) => {
                let mut count = 0;
                each(&mut daemon, &parameters, |account| {
                    screen.json_element(count, &account)?;
                    count += 1;
                    Ok(())
                })?;
                screen.json_end(count)?;
            }
            (false, true) => {
                screen.raw(&record(&CSV_HEADER))?;
                each(&mut daemon, &parameters, |account| screen.raw(&csv(&account)))?;
            }
            (false, false) => {
                let mut accounts = Vec::new();
                each(&mut daemon, &parameters, |account| {
                    accounts.push(account);
                    Ok(())
                })?;
                print(screen, &parameters, &accounts)?;
            }
        }
        Ok(Exit::Done)
    }
}

fn each(
    daemon: &mut Daemon,
    parameters: &ListAccounts,
    mut print: impl FnMut(Account) -> Result<(), Failure>,
) -> Result<(), Failure> {
    daemon
        .call_more::<m::ListAccounts>(parameters, |piece: Accounts| piece.accounts.into_iter().try_for_each(&mut print))
}

fn print(screen: &mut Screen, asked: &ListAccounts, accounts: &[Account]) -> Result<(), Failure> {
    if accounts.is_empty() {
        let all = asked.platform.is_none() && asked.state.is_none();
        screen.note(if all { "No accounts yet. The first: postern account enable MAILBOX" } else { "None like that." });
        return Ok(());
    }
    let mut table = table(&["MAILBOX", "STATE", "PLATFORM", "METHODS", "LAST USED"]);
    for account in accounts {
        let used = last_used(account).map_or(String::new(), |time| screen.calendar.show_distance(time));
        table.add_row([
            plain(&clean_line(&account.mailbox)),
            Tint::of(account.state).cell(&state(screen, account)),
            plain(&account.platform),
            plain(&kinds(account)),
            plain(&used),
        ]);
    }
    screen.table(table)
}

/// Shorter than in `show`: `suspended, ends in 58 min`.
fn state(screen: &Screen, account: &Account) -> String {
    match &account.until {
        Some(until) => format!("{}, ends {}", account.state, screen.calendar.show_distance(until)),
        None => account.state.to_string(),
    }
}

/// The kinds of its methods: `totp`, `totp ×2`.
fn kinds(account: &Account) -> String {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for method in &account.methods {
        match kinds.iter_mut().find(|(kind, _)| *kind == method.kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((&method.kind, 1)),
        }
    }
    let words = kinds.into_iter().map(|(kind, n)| if n == 1 { kind.to_owned() } else { format!("{kind} ×{n}") });
    words.collect::<Vec<_>>().join(", ")
}

/// When any of its methods was last used. The daemon writes all times in UTC and one form, so that they sort as text.
fn last_used(account: &Account) -> Option<&str> {
    account.methods.iter().filter_map(|method| method.last_used.as_deref()).max()
}

fn csv(account: &Account) -> String {
    let methods: Vec<_> = account.methods.iter().map(|method| method.kind.as_str()).collect();
    record(&[
        &account.mailbox,
        &account.platform,
        &account.state.to_string(),
        account.until.as_deref().unwrap_or_default(),
        &methods.join(" "),
        &account.backup_codes_left.to_string(),
        last_used(account).unwrap_or_default(),
        &account.aliases.join(" "),
    ])
}

/// A record of RFC 4180, with its line end.
fn record(fields: &[&str]) -> String {
    fields.iter().map(|text| field(text)).collect::<Vec<_>>().join(",") + "\r\n"
}

/// A field: quoted where it has to be, and never one that a spreadsheet takes for a formula.
fn field(text: &str) -> String {
    let text = clean_line(text);
    // The apostrophe makes it a text to a spreadsheet (OWASP, "CSV Injection").
    let text = if text.starts_with(['=', '+', '-', '@']) { Cow::Owned(format!("'{text}")) } else { text };
    if text.contains([',', '"', '\'']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_can_be_asked_for() {
        assert_eq!(State::ALL.map(|state| state.to_string()), STATES);
    }

    #[test]
    fn csv_is_quoted_and_never_a_formula() {
        for (text, expected) in [
            ("bob@example.com", "bob@example.com"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@sum", "\"'@sum\""),
            ("\t=1", "\u{fffd}=1"),
            ("two\r\nlines", "two\u{fffd}\u{fffd}lines"),
        ] {
            assert_eq!(field(text), expected);
        }
        assert_eq!(record(&["a", "b,c"]), "a,\"b,c\"\r\n");
    }
}
