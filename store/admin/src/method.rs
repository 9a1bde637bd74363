//! `postern method`: the second factors of one mailbox.

use crate::context::CommandContext;
use crate::daemon::only;
use crate::exit::{Exit, Failure};
use crate::owner::Owner;
use crate::screen::Screen;
use crate::table::{Tint, clean_line, plain, table};
use clap::{Args, Subcommand, builder::PossibleValuesParser};
use postern_wire::Secret;
use postern_wire::admin::{AddTotp, Mailbox, Method, RemoveMethod, TotpAdded};
use postern_wire::methods::admin_method as m;
use std::io::{self, IsTerminal, Read};

/// Bytes that are read of a secret on standard input: far more than any has.
const SECRET_BYTES: u64 = 1024;
/// Characters between two blanks of a secret that people read.
const GROUP: usize = 4;
/// Backup codes beside each other.
const CODES_IN_A_LINE: usize = 5;

const ADD_TOTP_HELP: &str = "\
Without --secret a secret of 160 bits is made. It is shown this once, with its otpauth URI, and with ten backup \
codes when it is the account's first method. An enrolling account is protected at once.

A secret among the arguments can be seen in the process list and the shell's history: `--secret -` reads it from \
standard input.

Examples:
  postern method add totp bob@example.com --description \"Bob's phone\"
  postern method add totp bob@example.com --secret - < bobs-secret.txt";

/// What can be done to methods.
#[derive(Subcommand)]
pub(crate) enum Verb {
    /// The methods of a mailbox
    List(Owner),
    /// Add an authenticator app to a mailbox; people set up the other methods themselves
    #[command(subcommand)]
    Add(Kind),
    /// Take a method away, and end the sessions it opened; the only method is kept: reset or remove the account instead
    #[command(after_help = "Example:\n  postern method remove bob@example.com ID     (ID from: postern method list)")]
    Remove(Remove),
}

/// What kinds of methods can be added from here.
#[derive(Subcommand)]
pub(crate) enum Kind {
    /// Codes of an authenticator app (RFC 6238)
    #[command(after_help = ADD_TOTP_HELP)]
    Totp(Totp),
}

#[derive(Args)]
pub(crate) struct Totp {
    #[command(flatten)]
    owner: Owner,
    /// An existing secret in Base32, 80 bits or more; `-` reads it from standard input
    #[arg(long, value_name = "BASE32", value_parser = |text: &str| Ok::<_, std::convert::Infallible>(Secret::from(text)))]
    secret: Option<Secret>,
    /// The person's own words for it
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    description: String,
    /// The hash of an existing secret (SHA1 unless its maker says otherwise)
    #[arg(long, value_name = "HASH", ignore_case = true, value_parser = PossibleValuesParser::new(["SHA1", "SHA256", "SHA512"]))]
    algorithm: Option<String>,
    /// Digits of its codes, 6 to 8 (6)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(6..=8))]
    digits: Option<u32>,
    /// Seconds that a code lasts, 15 to 300 (30)
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(15..=300))]
    period: Option<u64>,
}

#[derive(Args)]
pub(crate) struct Remove {
    #[command(flatten)]
    owner: Owner,
    /// The method's id, as `postern method list` shows it
    #[arg(value_name = "ID")]
    id: String,
}

impl Verb {
    /// Does it.
    pub(crate) fn run(self, context: &mut CommandContext) -> Result<Exit, Failure> {
        match self {
            Self::List(Owner { mailbox }) => list(context, mailbox),
            Self::Add(Kind::Totp(totp)) => totp.add(context),
            Self::Remove(Remove { owner, id }) => remove(context, owner.mailbox, id),
        }
    }
}

fn list(context: &mut CommandContext, mailbox: String) -> Result<Exit, Failure> {
    let account = only(context.daemon()?.call::<m::ShowAccount>(&Mailbox { mailbox })?.accounts)?;
    let screen = &mut context.screen;
    if screen.json {
        screen.json(&account.methods)?;
    } else if account.methods.is_empty() {
        screen.note(&format!("{} has no method and is {}.", clean_line(&account.mailbox), account.state));
    } else {
        print_all(screen, &account.methods, "")?;
    }
    Ok(Exit::Done)
}

/// The methods as a table, `indent` before each line.
pub(crate) fn print_all(screen: &mut Screen, methods: &[Method], indent: &str) -> Result<(), Failure> {
    let mut table = table(&[&format!("{indent}ID"), "KIND", "DESCRIPTION", "CREATED", "LAST USED"]);
    for method in methods {
        let used = method.last_used.as_deref().map_or("never".to_owned(), |time| screen.calendar.show_distance(time));
        table.add_row([
            plain(&format!("{indent}{}", method.id)),
            plain(&kind(method)),
            plain(&clean_line(&method.description)),
            plain(&screen.calendar.show(&method.created)),
            plain(&used),
        ]);
    }
    screen.table(table)
}

/// What a method is, and whether it is of use.
fn kind(method: &Method) -> String {
    if method.copied { format!("{} (copied)", method.kind) } else { method.kind.clone() }
}

fn remove(context: &mut CommandContext, mailbox: String, id: String) -> Result<Exit, Failure> {
    let account = only(context.daemon()?.call::<m::RemoveMethod>(&RemoveMethod { mailbox, id: id.clone() })?.accounts)?;
    let screen = &mut context.screen;
    if screen.json {
        screen.json(&account)?;
    } else {
        let state = screen.tint(Tint::of(account.state), &account.state.to_string());
        screen.line(&format!("{}: method {} is gone; {state}", clean_line(&account.mailbox), clean_line(&id)))?;
    }
    Ok(Exit::Done)
}

impl Totp {
    fn add(self, context: &mut CommandContext) -> Result<Exit, Failure> {
        let secret = match self.secret {
            Some(secret) if secret.reveal() == "-" => Some(read_secret(context)?),
            given => given,
        };
        let mailbox = self.owner.mailbox;
        let parameters = AddTotp {
            mailbox: mailbox.clone(),
            secret,
            description: self.description,
            algorithm: self.algorithm.map(|hash| hash.to_ascii_uppercase()),
            digits: self.digits,
            period: self.period,
        };
        let added: TotpAdded = context.daemon()?.call::<m::AddTotp>(&parameters)?;
        if context.screen.json {
            context.screen.json(&added)?
        } else {
            show(&mut context.screen, &mailbox, &added)?
        }
        Ok(Exit::Done)
    }
}

fn show(screen: &mut Screen, mailbox: &str, added: &TotpAdded) -> Result<(), Failure> {
    screen.line(&format!("{}: method {} is there", clean_line(mailbox), clean_line(&added.id)))?;
    screen.field("Secret", &screen.tint(Tint::Strong, &grouped(&clean_line(added.secret.reveal()))))?;
    screen.field("URI", &clean_line(added.uri.reveal()))?;
    if let Some(codes) = &added.backup_codes {
        screen.line("")?;
        screen
            .line("  Backup codes, for when the phone is away. Each works once, in the webmail and at PAM prompts:")?;
        for line in codes.chunks(CODES_IN_A_LINE) {
            let line: Vec<_> = line.iter().map(|code| clean_line(code.reveal())).collect();
            screen.line(&format!("    {}", screen.tint(Tint::Strong, &line.join("   "))))?;
        }
    }
    screen.line("")?;
    screen.line(&screen.tint(Tint::Faint, "None of this is shown again: hand it to the person, and leave no copy."))
}

/// `text` in groups of four, which are easier to type.
fn grouped(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(GROUP).map(String::from_iter).collect::<Vec<_>>().join(" ")
}

fn read_secret(context: &mut CommandContext) -> Result<Secret, Failure> {
    if io::stdin().is_terminal() {
        context.screen.note("The secret in Base32, then Ctrl-D:");
    }
    let mut text = String::with_capacity(SECRET_BYTES as usize);
    let read = io::stdin().take(SECRET_BYTES).read_to_string(&mut text);
    let all = Secret::from(text);
    read.map_err(|error| Failure::Usage(format!("the secret on standard input cannot be read: {error}")))?;
    let secret = all.reveal().trim();
    if secret.is_empty() {
        return Err(Failure::Usage("no secret came on standard input".to_owned()));
    }
    Ok(Secret::from(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_shown_in_groups_of_four() {
        assert_eq!(grouped("JBSWY3DPEHPK3PXPAB"), "JBSW Y3DP EHPK 3PXP AB");
        assert_eq!(grouped(""), "");
    }
}
