//! `postern account contact`: where notices go, and codes when the sign-in to an account that is off is unusual.

use crate::context::CommandContext;
use crate::daemon::only;
use crate::exit::{Exit, Failure};
use crate::owner::Owner;
use crate::table::clean_line;
use clap::{Args, Subcommand};
use postern_wire::admin::{Account, Accounts, Mailbox, SetContact};
use postern_wire::methods::admin_method as m;

const HELP: &str = "\
Nothing is sent there to confirm it: you answer for the address. The mailbox needs no account yet.

Example:
  postern account contact set bob@example.com bob@elsewhere.example";

/// What can be done to it.
#[derive(Subcommand)]
pub(crate) enum Verb {
    /// The contact address of a mailbox
    List(Owner),
    /// Set the contact address of a mailbox, in place of the one before
    #[command(after_help = HELP)]
    Set(Named),
    /// Take the contact address of a mailbox away
    Remove(Owner),
}

#[derive(Args)]
pub(crate) struct Named {
    #[command(flatten)]
    owner: Owner,
    /// An e-mail address that does not end in that mailbox
    #[arg(value_name = "ADDRESS")]
    address: String,
}

impl Verb {
    /// Does it.
    pub(super) fn run(self, context: &mut CommandContext) -> Result<Exit, Failure> {
        let mut daemon = context.daemon()?;
        let found: Accounts = match self {
            Self::List(Owner { mailbox }) => daemon.call::<m::ShowAccount>(&Mailbox { mailbox })?,
            Self::Set(Named { owner: Owner { mailbox }, address }) => {
                daemon.call::<m::SetContact>(&SetContact { mailbox, address: Some(address) })?
            }
            Self::Remove(Owner { mailbox }) => daemon.call::<m::SetContact>(&SetContact { mailbox, address: None })?,
        };
        print(context, &only(found.accounts)?)?;
        Ok(Exit::Done)
    }
}

fn print(context: &mut CommandContext, account: &Account) -> Result<(), Failure> {
    let screen = &mut context.screen;
    if screen.json {
        return screen.json(&account.contact);
    }
    match &account.contact {
        Some(address) => screen.line(&clean_line(address)),
        None => {
            screen.note(&format!("{} has no contact address.", clean_line(&account.mailbox)));
            Ok(())
        }
    }
}
