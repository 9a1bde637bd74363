//! `postern import`: an export into an empty store, or what another program has asked for until now.
//!
//! The files of other programs are read here, and only read; what comes of each secret, posternd says.

pub mod google_authenticator;
pub mod oath;

use crate::backup;
use crate::context::CommandContext;
use crate::daemon::Daemon;
use crate::exit::{Exit, Failure};
use crate::screen::Screen;
use crate::table::{Tint, clean_line, plain, table};
use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use postern_wire::Secret;
use postern_wire::admin::{HeldTotp, ImportTotp};
use postern_wire::methods::admin_method as m;
use serde::Serialize;
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What group and others should not have of a file of secrets.
const MODE_OF_OTHERS: u32 = 0o077;

pub(crate) const HELP: &str = "\
Of an export: the store has to be empty, and posternd has to have the master key under which the file was sealed. It is \
all or nothing: nothing is taken over before the last line has been checked.

Example:
  postern import /var/backups/postern-2026-11-22

A file that has the name of a verb is given with its directory: ./oath";

const GOOGLE_AUTHENTICATOR_HELP: &str = "\
The account is protected at once: the person's app and unused scratch codes work on, and what was used is spent. An \
account that is protected already is left alone, unless there is --add. The file is only read: take it away once \
pam_google_authenticator is out of the PAM stacks.

Example:
  postern import google-authenticator /home/bob/.google_authenticator bob@example.com --dry-run";

const OATH_HELP: &str = "\
Each account is protected at once, and each person's token works on. Lines of tokens that count sign-ins are refused, \
and said; so are accounts that are protected already, unless there is --add. A user may have several tokens. PINs are not taken over. The file is only \
read: take it away once pam_oath is out of the PAM stacks.

Example:
  postern import oath /etc/users.oath --domain example.com --dry-run";

/// `postern import`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Import {
    #[command(subcommand)]
    from: Option<From>,
    /// The export to read; `-` reads standard input
    #[arg(value_name = "FILE", required = true)]
    file: Option<PathBuf>,
}

/// The other programs.
#[derive(Subcommand)]
enum From {
    /// Take over one person's file of pam_google_authenticator
    #[command(after_help = GOOGLE_AUTHENTICATOR_HELP)]
    GoogleAuthenticator(GoogleAuthenticator),
    /// Take over the users file of pam_oath
    #[command(after_help = OATH_HELP)]
    Oath(Oath),
}

#[derive(Args)]
struct GoogleAuthenticator {
    /// The person's ~/.google_authenticator
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Whose it is
    #[arg(value_name = "MAILBOX")]
    mailbox: String,
    #[command(flatten)]
    how: How,
}

#[derive(Args)]
struct Oath {
    /// The users file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The domain of users who have none in the file (posternd's default domain)
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<String>,
    #[command(flatten)]
    how: How,
}

#[derive(Args)]
struct How {
    /// Only say what would be taken over
    #[arg(long)]
    dry_run: bool,
    /// Also where the account is protected already: beside the methods that it has
    #[arg(long)]
    add: bool,
}

impl Import {
    /// Does it.
    pub(crate) fn run(self, context: &mut CommandContext) -> Result<Exit, Failure> {
        match (self.from, self.file) {
            (Some(From::GoogleAuthenticator(it)), _) => it.run(context),
            (Some(From::Oath(it)), _) => it.run(context),
            (None, Some(file)) => backup::restore(&file, context),
            (None, None) => Err(Failure::Usage("name the file to import".to_owned())),
        }
    }
}

impl GoogleAuthenticator {
    fn run(self, context: &mut CommandContext) -> Result<Exit, Failure> {
        let text = read(&self.file, google_authenticator::FILE_MAX, &mut context.screen)?;
        let file = google_authenticator::parse(text.reveal());
        let file = file.map_err(|problem| unreadable(&self.file, problem.to_string()))?;
        let row =
            Row { line: None, mailbox: self.mailbox, codes: file.codes.len(), notes: file.notes, ..Row::default() };
        let totp = ImportTotp {
            mailbox: row.mailbox.clone(),
            secret: file.secret,
            period: Some(file.period),
            spent_step: file.spent_step,
            backup_codes: file.codes,
            ..self.how.parameters()
        };
        let row = row.ask(&mut context.daemon()?, &totp)?;
        report(&mut context.screen, &[row], self.how.dry_run)
    }
}

impl Oath {
    fn run(self, context: &mut CommandContext) -> Result<Exit, Failure> {
        let text = read(&self.file, oath::FILE_MAX, &mut context.screen)?;
        let mut daemon = context.daemon()?;
        let mut rows = Vec::new();
        let mut taken = Taken::default();
        for oath::Line { number, user, token } in oath::parse(text.reveal(), &TimeZone::system()) {
            let mailbox = match &self.domain {
                Some(domain) if !user.is_empty() && !user.contains('@') => format!("{user}@{domain}"),
                _ => user,
            };
            let mut row = Row { line: Some(number), mailbox, ..Row::default() };
            match token {
                Err(problem) => row.refuse("not_served", problem.to_string()),
                Ok(token) => {
                    if token.has_pin {
                        row.notes.push("its PIN is not taken over: the mailbox's password is asked instead".to_owned());
                    }
                    let user = row.mailbox.clone();
                    let held = HeldTotp {
                        secret: token.secret.clone(),
                        digits: Some(token.digits),
                        period: Some(token.period),
                    };
                    let totp = ImportTotp {
                        mailbox: user.clone(),
                        secret: token.secret,
                        digits: Some(token.digits),
                        period: Some(token.period),
                        spent_step: token.spent_step,
                        ..self.how.parameters()
                    };
                    row = row.ask(&mut daemon, &taken.beside(&user, totp))?;
                    taken.note(user, held, &mut row, self.how.add);
                }
            }
            rows.push(row);
        }
        if rows.is_empty() {
            return Err(unreadable(&self.file, "there is no token in it"));
        }
        report(&mut context.screen, &rows, self.how.dry_run)
    }
}

/// The tokens that were taken over so far, or would be: a user may have several, and what this file has protected does
/// not refuse the next of the same user.
#[derive(Default)]
struct Taken {
    of_user: HashMap<String, Vec<HeldTotp>>,
    /// Whose each mailbox is.
    user_of: HashMap<String, String>,
}

impl Taken {
    /// What to ask for a user's next token.
    fn beside(&self, user: &str, totp: ImportTotp) -> ImportTotp {
        match self.of_user.get(user) {
            None => totp,
            Some(_) if !totp.dry_run => ImportTotp { beside: true, ..totp },
            Some(earlier) => ImportTotp { beside: true, earlier: earlier.clone(), ..totp },
        }
    }

    /// Notes a token that was taken over. Two users of one mailbox are told, as posternd does without a dry run: the
    /// second comes to an account that is protected.
    fn note(&mut self, user: String, held: HeldTotp, row: &mut Row, add: bool) {
        if row.outcome != Outcome::Imported {
            return;
        }
        let owner = self.user_of.entry(row.mailbox.clone()).or_insert_with(|| user.clone());
        if *owner != user && !add {
            let why = format!("{} gets a token of the user {owner}; --add takes this one over beside it.", row.mailbox);
            row.refuse("protected", why);
            return;
        }
        self.of_user.entry(user).or_default().push(held);
    }
}

impl How {
    fn parameters(&self) -> ImportTotp {
        ImportTotp { beside: self.add, dry_run: self.dry_run, ..ImportTotp::default() }
    }
}

/// What became of one secret.
#[derive(Debug, Default, Serialize)]
struct Row {
    /// Of the file, where it has several secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    mailbox: String,
    outcome: Outcome,
    /// For programs, where it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Codes for emergencies that were taken over.
    #[serde(rename = "backup_codes")]
    codes: usize,
    /// For people: why it was refused, and what was left out.
    notes: Vec<String>,
}

/// In one word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// The account is protected by it, or would be.
    Imported,
    /// The account has it.
    Already,
    /// The account is as it was.
    #[default]
    Refused,
}

impl Row {
    /// Has posternd take it over.
    ///
    /// # Errors
    /// What would befall every other secret, too.
    fn ask(mut self, daemon: &mut Daemon, totp: &ImportTotp) -> Result<Self, Failure> {
        match daemon.call::<m::ImportTotp>(totp) {
            Ok(changed) => {
                self.mailbox = changed.after.mailbox;
                self.outcome = if changed.changed { Outcome::Imported } else { Outcome::Already };
                if !changed.changed {
                    self.codes = 0;
                }
            }
            Err(Failure::Refused(refused)) => self.refuse(&refused.reason, refused.message),
            Err(failure) => return Err(failure),
        }
        Ok(self)
    }

    fn refuse(&mut self, reason: &str, why: String) {
        (self.outcome, self.reason, self.codes) = (Outcome::Refused, Some(reason.to_owned()), 0);
        self.notes = vec![why];
    }
}

fn report(screen: &mut Screen, rows: &[Row], dry_run: bool) -> Result<Exit, Failure> {
    let count = |outcome| rows.iter().filter(|row| row.outcome == outcome).count();
    let (imported, refused) = (count(Outcome::Imported), count(Outcome::Refused));
    if screen.json {
        screen.json(&rows)?;
    } else {
        print(screen, rows, dry_run)?;
        screen.line("")?;
        let done = if dry_run { "would be taken over" } else { "taken over" };
        let already = count(Outcome::Already);
        screen.line(&format!("{imported} {done}, {already} there already, {refused} not"))?;
    }
    Ok(if refused == 0 { Exit::Done } else { Exit::Refused })
}

fn print(screen: &mut Screen, rows: &[Row], dry_run: bool) -> Result<(), Failure> {
    let mut table = table(&["LINE", "MAILBOX", "IMPORTED", "BACKUP CODES", "NOTES"]);
    for row in rows {
        let (tint, word) = match row.outcome {
            Outcome::Imported if dry_run => (Tint::Good, "would be"),
            Outcome::Imported => (Tint::Good, "yes"),
            Outcome::Already => (Tint::Plain, "already"),
            Outcome::Refused => (Tint::Bad, "no"),
        };
        table.add_row([
            plain(&row.line.map_or_else(String::new, |line| line.to_string())),
            plain(&clean_line(&row.mailbox)),
            tint.cell(word),
            plain(&row.codes.to_string()),
            plain(&clean_line(&row.notes.join("; "))),
        ]);
    }
    screen.table(table)
}

/// Reads a file of secrets, and warns where others can.
fn read(path: &Path, most: usize, screen: &mut Screen) -> Result<Secret, Failure> {
    let failed = |error: std::io::Error| unreadable(path, error.to_string());
    // It lies where others write: a pipe would not be opened before somebody writes into it.
    let flags = nix::fcntl::OFlag::O_NONBLOCK.bits();
    let file = File::options().read(true).custom_flags(flags).open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    if !about.is_file() {
        return Err(unreadable(path, "it is not a regular file"));
    }
    if about.mode() & MODE_OF_OTHERS != 0 {
        let (path, mode) = (path.display(), about.mode() & 0o7777);
        screen.note(&format!(
            "warning: {path} can be read by others than its owner (mode {mode:04o}), who then have its secrets"
        ));
    }
    // Room for all of it from the start: growing would leave copies behind that nobody wipes.
    let most = most as u64;
    let mut text = String::with_capacity(about.len().min(most) as usize + 1);
    let read = file.take(most + 1).read_to_string(&mut text);
    let text = Secret::from(text);
    match read {
        Ok(length) if length as u64 > most => Err(unreadable(path, format!("it has more than {most} bytes"))),
        Ok(_) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => Err(unreadable(path, "it is not text")),
        Err(error) => Err(failed(error)),
    }
}

fn unreadable(path: &Path, why: impl Into<String>) -> Failure {
    Failure::refused("file", format!("{} cannot be taken over: {}", path.display(), why.into()))
}
