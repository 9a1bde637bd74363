//! `postern request`: people who know their password, have lost every method, and ask for a reset.

use crate::context::CommandContext;
use crate::daemon::only;
use crate::exit::{Exit, Failure};
use crate::owner::Owner;
use crate::screen::Screen;
use crate::table::{Tint, clean, clean_line, plain, table};
use clap::Subcommand;
use postern_wire::admin::{DecideRequest, Decided, Empty, Mailbox, Request, Requests};
use postern_wire::methods::admin_method as m;

const HELP: &str = "\
Whoever knows the password can ask: so could a thief. Reach the person by a way that you knew before, and not by the \
one that the request gives.";

/// What can be done to requests.
#[derive(Subcommand)]
pub(crate) enum Verb {
    /// The open requests
    List,
    /// What somebody wrote
    #[command(after_help = HELP)]
    Show(Owner),
    /// Reset the account, with an enrolment code for the first method; its contact address is told. Refused before
    /// `request-wait` of the platform is over
    #[command(after_help = HELP)]
    Approve(Owner),
    /// Leave the account as it is
    Refuse(Owner),
}

impl Verb {
    /// Does it.
    pub(crate) fn run(self, context: &mut CommandContext) -> Result<Exit, Failure> {
        match self {
            Self::List => list(context),
            Self::Show(Owner { mailbox }) => show(context, mailbox),
            Self::Approve(Owner { mailbox }) => decide(context, mailbox, true),
            Self::Refuse(Owner { mailbox }) => decide(context, mailbox, false),
        }
    }
}

fn list(context: &mut CommandContext) -> Result<Exit, Failure> {
    let mut requests = Vec::new();
    context.daemon()?.call_more::<m::ListRequests>(&Empty {}, |piece: Requests| {
        requests.extend(piece.requests);
        Ok(())
    })?;
    let screen = &mut context.screen;
    if screen.json {
        screen.json(&requests)?;
    } else if requests.is_empty() {
        screen.note("There is no open request.");
    } else {
        let mut table = table(&["MAILBOX", "OPENED", "MAY BE APPROVED", "CONTACT"]);
        for request in &requests {
            table.add_row([
                plain(&clean_line(&request.mailbox)),
                plain(&screen.calendar.show(&request.opened)),
                plain(&screen.calendar.show(&request.ready)),
                plain(&clean_line(&request.contact)),
            ]);
        }
        screen.table(table)?;
    }
    Ok(Exit::Done)
}

fn show(context: &mut CommandContext, mailbox: String) -> Result<Exit, Failure> {
    let request = only(context.daemon()?.call::<m::ShowRequest>(&Mailbox { mailbox })?.requests)?;
    let screen = &mut context.screen;
    if screen.json {
        screen.json(&request)?
    } else {
        print(screen, &request)?
    }
    Ok(Exit::Done)
}

fn print(screen: &mut Screen, request: &Request) -> Result<(), Failure> {
    screen.line(&screen.tint(Tint::Strong, &clean_line(&request.mailbox)))?;
    screen.field("Opened", &screen.calendar.show(&request.opened))?;
    screen.field("From", &clean_line(request.address.as_deref().unwrap_or("unknown")))?;
    screen.field("May be approved", &screen.calendar.show(&request.ready))?;
    screen.field("Contact", &clean_line(&request.contact))?;
    for (title, text) in [("What happened", &request.reason), ("What proves it", &request.evidence)] {
        screen.line("")?;
        screen.line(&format!("  {title}"))?;
        for line in clean(text).lines() {
            screen.line(&format!("    {line}"))?;
        }
    }
    Ok(())
}

fn decide(context: &mut CommandContext, mailbox: String, approve: bool) -> Result<Exit, Failure> {
    let decided: Decided = context.daemon()?.call::<m::DecideRequest>(&DecideRequest { mailbox, approve })?;
    let screen = &mut context.screen;
    if screen.json {
        screen.json(&decided)?;
        return Ok(Exit::Done);
    }
    let what = if approve {
        "reset; the next webmail sign-in sets up a new method"
    } else {
        "the request is refused; the account is as it was"
    };
    screen.line(&format!("{}: {what}", clean_line(&decided.mailbox)))?;
    if let Some(code) = &decided.enrolment_code {
        screen.field("Enrolment code", &screen.tint(Tint::Strong, &clean_line(code.reveal())))?;
        let hint = "The person types it there: hand it over by a way that you knew before. It is not shown again.";
        screen.line(&screen.tint(Tint::Faint, hint))?;
    }
    Ok(Exit::Done)
}
