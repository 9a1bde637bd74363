//! `postern account show`.

use super::change::state_until;
use super::choose::names;
use crate::context::CommandContext;
use crate::daemon::only;
use crate::exit::{Exit, Failure};
use crate::screen::Screen;
use crate::table::{Tint, clean_line};
use clap::Args;
use postern_wire::admin::{Account, Mailbox, State};
use postern_wire::methods::admin_method as m;

/// Which accounts.
#[derive(Args)]
pub(crate) struct Names {
    /// Mailboxes (or aliases, or DOMAIN\user); `-` reads them from standard input, one a line
    #[arg(value_name = "MAILBOX", required = true)]
    mailboxes: Vec<String>,
}

impl Names {
    /// Prints them. JSON is one object for one mailbox, an array for several; the refused ones are named on standard
    /// error, and the others are printed all the same.
    pub(crate) fn run(self, context: &mut CommandContext) -> Result<Exit, Failure> {
        let mailboxes = names(&self.mailboxes)?;
        let mut daemon = context.daemon()?;
        let mut accounts = Vec::new();
        let mut refusals = Vec::new();
        for mailbox in &mailboxes {
            match daemon.call::<m::ShowAccount>(&Mailbox { mailbox: mailbox.clone() }) {
                Ok(found) => accounts.push(only(found.accounts)?),
                Err(refused @ Failure::Refused(_)) => refusals.push(refused),
                Err(failure) => return Err(failure),
            }
        }
        let screen = &mut context.screen;
        match accounts.as_slice() {
            [account] if screen.json && mailboxes.len() == 1 => screen.json(account)?,
            [] if mailboxes.len() == 1 => {}
            accounts if screen.json => screen.json(&accounts)?,
            accounts => {
                for (index, account) in accounts.iter().enumerate() {
                    if index > 0 {
                        screen.line("")?;
                    }
                    print(screen, account)?;
                }
            }
        }
        screen.flush()?;
        refusals.iter().for_each(Failure::report);
        Ok(if refusals.is_empty() { Exit::Done } else { Exit::Refused })
    }
}

fn print(screen: &mut Screen, account: &Account) -> Result<(), Failure> {
    screen.line(&screen.tint(Tint::Strong, &clean_line(&account.mailbox)))?;
    let state = state_until(screen, account.state, account.until.as_deref());
    screen.field("State", &screen.tint(Tint::of(account.state), &state))?;
    screen.field("Platform", &clean_line(&account.platform))?;
    if !account.aliases.is_empty() {
        screen.field("Aliases", &clean_line(&account.aliases.join(", ")))?;
    }
    if let Some(contact) = &account.contact {
        screen.field("Contact", &clean_line(contact))?;
    }
    if account.browsers > 0 {
        screen.field("Browsers", &format!("{} known", account.browsers))?;
    }
    if !account.methods.is_empty() {
        screen.field("Backup codes", &format!("{} left", account.backup_codes_left))?;
    }
    if !account.failures.is_empty() {
        let channels: Vec<_> =
            account.failures.iter().map(|(channel, count)| format!("{count} at {channel}")).collect();
        screen.field("Wrong codes", &clean_line(&format!("{} (in a row)", channels.join(", "))))?;
    }
    if let Some(next) = next_step(account) {
        screen.field("Next", &next)?;
    }
    for copied in account.methods.iter().filter(|method| method.copied) {
        let removal = format!("postern method remove {} {}", account.mailbox, copied.id);
        let why = "there is a copy of this security key: it is refused until it is removed";
        screen.field("Copied", &clean_line(&format!("{removal} ({why})")))?;
    }
    if !account.methods.is_empty() {
        screen.line("")?;
        crate::method::print_all(screen, &account.methods, "  ")?;
    }
    Ok(())
}

/// What an administrator may want to do about an account in this state.
fn next_step(account: &Account) -> Option<String> {
    let mailbox = clean_line(&account.mailbox);
    Some(match (account.state, &account.until) {
        (State::Off, _) => format!("postern account enable {mailbox} (no code is asked now)"),
        (State::Enrolling, _) => "the next webmail sign-in shows the QR code".to_owned(),
        (State::Suspended, _) => format!("postern account resume {mailbox} (it ends by itself)"),
        (State::Locked, Some(_)) => format!("postern account unlock {mailbox} (it ends by itself)"),
        (State::Locked, None) => format!("postern account unlock {mailbox} (it does not end by itself)"),
        (State::Protected, _) => return None,
    })
}
