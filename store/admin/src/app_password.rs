//! `postern app-password`: what mail apps sign in with.

use crate::context::CommandContext;
use crate::daemon::{Daemon, WAIT_TRANSFER};
use crate::exit::{Exit, Failure};
use crate::owner::Owner;
use crate::screen::Screen;
use crate::table::{Tint, clean_line, plain, table};
use clap::{Args, Subcommand};
use postern_wire::Secret;
use postern_wire::admin::{
    AppPassword, AppPasswordCreated, AppPasswords, CreateAppPassword, Mailbox, RevokeAppPassword,
};
use postern_wire::methods::admin_method as m;
use std::io::{self, IsTerminal, Read};

/// Bytes that are read of a password on standard input: more than any may have.
const PASSWORD_BYTES: u64 = 2048;

const CREATE_HELP: &str = "\
The mailbox's password is read from standard input, one line, and the mail server is asked whether it is right: by \
the IMAP front of postern-proxy, which has to run. The app password then stands for it in mail apps that cannot ask for \
a code, also while the account is suspended. It is shown this once.

When the mailbox's password changes, its app passwords work again after the next sign-in to the webmail. A reset or a \
removal of the account takes them away.

Examples:
  postern app-password create bob@example.com --description \"Bob's phone\"
  postern app-password create scan@example.com --description Scanner \\
      --network 192.0.2.0/24 --expires 52w < password.txt";

/// What can be done to app passwords.
#[derive(Subcommand)]
pub(crate) enum Verb {
    /// The app passwords of a mailbox, with their last use
    List(Owner),
    /// Make one, for one mail app on one device
    #[command(after_help = CREATE_HELP)]
    Create(Create),
    /// Take one back, and end its sessions
    #[command(
        after_help = "Example:\n  postern app-password revoke bob@example.com ID     (ID from: postern app-password list)"
    )]
    Revoke(Revoke),
}

impl Verb {
    /// Does it.
    pub(crate) fn run(self, context: &mut CommandContext) -> Result<Exit, Failure> {
        match self {
            Self::List(Owner { mailbox }) => list(context, mailbox),
            Self::Create(create) => create.run(context),
            Self::Revoke(Revoke { owner, id }) => revoke(context, owner.mailbox, id),
        }
    }
}

#[derive(Args)]
pub(crate) struct Create {
    #[command(flatten)]
    owner: Owner,
    /// Words by which the person will know it
    #[arg(long, value_name = "TEXT")]
    description: String,
    /// From when on it is refused: 30d or 52w (from now), a date, or RFC 3339
    #[arg(long, value_name = "T")]
    expires: Option<String>,
    /// An address or network from which alone it is taken, such as 192.0.2.0/24; may be given several times
    #[arg(long, value_name = "CIDR")]
    network: Vec<String>,
    /// Do not ask the mail server: for hosts without an IMAP front. A wrong password shows when the mail app signs in
    #[arg(long)]
    unchecked: bool,
}

#[derive(Args)]
pub(crate) struct Revoke {
    #[command(flatten)]
    owner: Owner,
    /// The app password's id: its first five letters, as `postern app-password list` shows them
    #[arg(value_name = "ID")]
    id: String,
}

fn list(context: &mut CommandContext, mailbox: String) -> Result<Exit, Failure> {
    let AppPasswords { mailbox, app_passwords } =
        context.daemon()?.call::<m::ListAppPasswords>(&Mailbox { mailbox })?;
    let screen = &mut context.screen;
    if screen.json {
        screen.json(&app_passwords)?;
    } else if app_passwords.is_empty() {
        screen.note(&format!("{} has no app password.", clean_line(&mailbox)));
    } else {
        print_all(screen, &app_passwords)?;
    }
    Ok(Exit::Done)
}

fn print_all(screen: &mut Screen, app_passwords: &[AppPassword]) -> Result<(), Failure> {
    let mut table = table(&["ID", "DESCRIPTION", "CREATED", "EXPIRES", "LAST USED", "BY"]);
    for one in app_passwords {
        let used = one.last_used.as_deref().map_or("never".to_owned(), |time| screen.calendar.show_distance(time));
        let expires = match (&one.expires, one.outdated) {
            (_, true) => "after a webmail sign-in it works again".to_owned(),
            (Some(time), false) => screen.calendar.show(time),
            (None, false) => String::new(),
        };
        let by = [one.last_address.as_deref(), one.last_client.as_deref()];
        let by: Vec<_> = by.into_iter().flatten().map(clean_line).collect();
        table.add_row([
            plain(&one.id),
            plain(&clean_line(&one.description)),
            plain(&screen.calendar.show(&one.created)),
            plain(&expires),
            plain(&used),
            plain(&by.join(" ")),
        ]);
    }
    screen.table(table)
}

fn revoke(context: &mut CommandContext, mailbox: String, id: String) -> Result<Exit, Failure> {
    let left: AppPasswords =
        context.daemon()?.call::<m::RevokeAppPassword>(&RevokeAppPassword { mailbox, id: id.clone() })?;
    let screen = &mut context.screen;
    if screen.json {
        screen.json(&left.app_passwords)?;
    } else {
        let (mailbox, count) = (clean_line(&left.mailbox), left.app_passwords.len());
        screen.line(&format!("{mailbox}: app password {} is gone; {count} left", clean_line(&id)))?;
    }
    Ok(Exit::Done)
}

impl Create {
    fn run(self, context: &mut CommandContext) -> Result<Exit, Failure> {
        let expires = self.expires.as_deref().map(|typed| context.screen.calendar.until(typed)).transpose();
        let expires = expires.map_err(Failure::Usage)?;
        let mailbox = self.owner.mailbox;
        let parameters = CreateAppPassword {
            mailbox: mailbox.clone(),
            password: read_password(&mailbox)?,
            unchecked: self.unchecked,
            description: self.description,
            expires,
            networks: self.network,
        };
        // The mail server is asked meanwhile.
        let mut daemon = Daemon::connect(&context.socket, WAIT_TRANSFER)?;
        let created: AppPasswordCreated = daemon.call::<m::CreateAppPassword>(&parameters)?;
        let screen = &mut context.screen;
        if screen.json {
            screen.json(&created)?;
            return Ok(Exit::Done);
        }
        screen.line(&format!("{}: app password {} is there", clean_line(&mailbox), clean_line(&created.id)))?;
        screen.field("Password", &screen.tint(Tint::Strong, &clean_line(created.app_password.reveal())))?;
        screen.line("")?;
        screen.line("  It goes into the mail app, in place of the mailbox's password; hyphens may be left out.")?;
        screen.line(&screen.tint(Tint::Faint, "It is not shown again: hand it to the person, and leave no copy."))?;
        Ok(Exit::Done)
    }
}

/// The mailbox's password: typed without an echo, or one line of standard input.
fn read_password(mailbox: &str) -> Result<Secret, Failure> {
    let unread = |error: io::Error| Failure::Usage(format!("the mailbox's password cannot be read: {error}"));
    if io::stdin().is_terminal() {
        let prompt = format!("Password of {} at the mail server: ", clean_line(mailbox));
        return rpassword::prompt_password(prompt).map(Secret::from).map_err(unread);
    }
    let mut text = String::with_capacity(PASSWORD_BYTES as usize);
    let read = io::stdin().take(PASSWORD_BYTES).read_to_string(&mut text);
    let all = Secret::from(text);
    read.map_err(unread)?;
    let line = all.reveal().lines().next().unwrap_or_default();
    if line.is_empty() {
        let what = "no password came on standard input; it is the one that the mailbox has at the mail server";
        return Err(Failure::Usage(what.to_owned()));
    }
    Ok(Secret::from(line))
}
