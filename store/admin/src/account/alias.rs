//! `postern account alias`: other names of a mailbox, under which its second factor is asked too.

use crate::context::CommandContext;
use crate::daemon::only;
use crate::exit::{Exit, Failure};
use crate::owner::Owner;
use crate::table::clean_line;
use clap::{Args, Subcommand};
use postern_wire::admin::{Account, Accounts, Aliases, Mailbox};
use postern_wire::methods::admin_method as m;

const HELP: &str = "\
An alias that Postern does not know is a way around the second factor, unless its platform's `unlisted` is \
refuse.

Example:
  postern account alias add bob@example.com sales@example.com bob.smith@example.com";

/// What can be done to aliases.
#[derive(Subcommand)]
pub(crate) enum Verb {
    /// The other names of a mailbox
    List(Owner),
    /// Add other names
    #[command(after_help = HELP)]
    Add(Named),
    /// Take other names away
    Remove(Named),
}

#[derive(Args)]
pub(crate) struct Named {
    #[command(flatten)]
    owner: Owner,
    /// Other names of it
    #[arg(value_name = "ALIAS", required = true)]
    aliases: Vec<String>,
}

impl Verb {
    /// Does it.
    pub(super) fn run(self, context: &mut CommandContext) -> Result<Exit, Failure> {
        let mut daemon = context.daemon()?;
        let (changed, found): (bool, Accounts) = match self {
            Self::List(Owner { mailbox }) => (false, daemon.call::<m::ShowAccount>(&Mailbox { mailbox })?),
            Self::Add(named) => (true, daemon.call::<m::AddAliases>(&named.parameters())?),
            Self::Remove(named) => (true, daemon.call::<m::RemoveAliases>(&named.parameters())?),
        };
        print(context, changed, &only(found.accounts)?)?;
        Ok(Exit::Done)
    }
}

impl Named {
    fn parameters(self) -> Aliases {
        Aliases { mailbox: self.owner.mailbox, aliases: self.aliases }
    }
}

fn print(context: &mut CommandContext, changed: bool, account: &Account) -> Result<(), Failure> {
    let screen = &mut context.screen;
    if screen.json {
        return if changed { screen.json(account) } else { screen.json(&account.aliases) };
    }
    let mailbox = clean_line(&account.mailbox);
    if account.aliases.is_empty() {
        screen.note(&format!("{mailbox} has no aliases."));
    } else if changed {
        screen.line(&format!("{mailbox} is also {}", clean_line(&account.aliases.join(", "))))?;
    } else {
        account.aliases.iter().try_for_each(|alias| screen.line(&clean_line(alias)))?;
    }
    Ok(())
}
