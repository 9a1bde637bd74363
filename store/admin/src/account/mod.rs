//! `postern account`.

mod alias;
mod change;
mod choose;
mod contact;
mod list;
mod show;

use crate::context::CommandContext;
use crate::exit::{Exit, Failure};
use change::Order;
use choose::Chosen;
use clap::{Args, Subcommand};
use postern_wire::admin::{Action, SUSPEND_HOURS};

const BULK_HELP: &str = "\
Examples:
  postern account enable bob@example.com eve@example.com
  postern account enable --platform acme --all --dry-run
  postern account enable - < mailboxes.txt

In a list, blank lines and # comments are left out.";

const ADD_HELP: &str = "\
Where a platform refuses names that are not listed (`platform set P unlisted`), this is how mailboxes without a second \
factor get in. A name that holds anything but letters of ASCII, digits, '.', '_', '-' and ' before its @ has to be \
listed everywhere: a mail server may read it as another mailbox.

Examples:
  postern account add info@example.com josé@example.com
  postern account add - < mailboxes.txt

In a list, blank lines and # comments are left out.";

const SUSPEND_HELP: &str = "\
Examples:
  postern account suspend bob@example.com --hours 2
  postern account suspend --platform acme --all --hours 1";

const LIST_HELP: &str = "\
Examples:
  postern account list --platform acme --state locked
  postern account list --csv > accounts.csv";

/// What can be done to accounts.
#[derive(Subcommand)]
pub(crate) enum Verb {
    /// The accounts, one a line
    #[command(after_help = LIST_HELP)]
    List(list::Filter),
    /// Everything about some accounts
    Show(show::Names),
    /// List mailboxes without a second factor; those that are listed stay as they are
    #[command(after_help = ADD_HELP)]
    Add(Chosen),
    /// Ask for a second factor; the next webmail sign-in shows the QR code
    #[command(after_help = BULK_HELP)]
    Enable(Enable),
    /// Ask for no code for some hours; then it is asked again by itself
    #[command(after_help = SUSPEND_HELP)]
    Suspend(Suspend),
    /// End a suspension early
    Resume(Chosen),
    /// Take all methods away (a lost phone); the next webmail sign-in shows a QR code
    Reset(Chosen),
    /// Switch the second factor off for good; all secrets are wiped
    Remove(Chosen),
    /// End a lock after too many wrong codes
    Unlock(Chosen),
    /// Other names of a mailbox
    #[command(subcommand)]
    Alias(alias::Verb),
    /// Where notices go, and a code when a sign-in without a second factor looks unusual
    #[command(subcommand)]
    Contact(contact::Verb),
}

#[derive(Args)]
pub(crate) struct Enable {
    #[command(flatten)]
    chosen: Chosen,
    /// Make a code that the person has to type before the first method is set up, so that a thief with the password
    /// cannot set one up first; hand it over by another way than the mailbox. An enrolling account gets a new one
    #[arg(long)]
    enrolment_code: bool,
}

#[derive(Args)]
pub(crate) struct Suspend {
    #[command(flatten)]
    chosen: Chosen,
    /// For how many hours, 1 to 720
    #[arg(long, value_name = "N", value_parser = hours, allow_hyphen_values = true)]
    hours: i64,
}

fn hours(text: &str) -> Result<i64, String> {
    text.parse().ok().filter(|hours| SUSPEND_HOURS.contains(hours)).ok_or_else(|| {
        format!(
            "a suspension lasts {} to {} whole hours; use remove to switch it off for good",
            SUSPEND_HOURS.start(),
            SUSPEND_HOURS.end()
        )
    })
}

impl Verb {
    /// Does it.
    pub(crate) fn run(self, context: &mut CommandContext) -> Result<Exit, Failure> {
        match self {
            Self::List(filter) => filter.run(context),
            Self::Show(names) => names.run(context),
            Self::Add(chosen) => change::run(context, &chosen, Order::to(Action::Add)),
            Self::Enable(Enable { chosen, enrolment_code }) => {
                change::run(context, &chosen, Order::enable(enrolment_code))
            }
            Self::Suspend(Suspend { chosen, hours }) => change::run(context, &chosen, Order::suspend(hours)),
            Self::Resume(chosen) => change::run(context, &chosen, Order::to(Action::Resume)),
            Self::Reset(chosen) => change::run(context, &chosen, Order::to(Action::Reset)),
            Self::Remove(chosen) => change::run(context, &chosen, Order::to(Action::Remove)),
            Self::Unlock(chosen) => change::run(context, &chosen, Order::to(Action::Unlock)),
            Self::Alias(verb) => verb.run(context),
            Self::Contact(verb) => verb.run(context),
        }
    }
}
