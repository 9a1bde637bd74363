//! `postern check`: what is wrong, or leads around the second factor. posternd looks at what it was told; this command
//! looks at the host that it runs on.

mod dovecot;
mod pam;
mod pam_file;
mod socket;

use crate::cli::Session;
use crate::exit::{Exit, Failure};
use crate::screen::Screen;
use crate::table::{Tint, clean_line, plain};
use clap::Args;
use comfy_table::Table;
use postern_wire::admin::{Empty, Finding, Findings, Level};
use std::path::PathBuf;

pub(crate) const HELP: &str = "\
It looks at the admin socket, at every PAM service of this host that has pam_postern.so, and at Dovecot where one of \
them is Dovecot's; and it asks posternd what it finds wrong with what it was told. Exit code 0 with warnings, 1 when \
anything failed, 3 when posternd cannot be reached.";

/// Where to look.
#[derive(Args)]
pub(crate) struct Check {
    /// The directory of PAM service files
    #[arg(long, value_name = "DIR", default_value = "/etc/pam.d")]
    pam: PathBuf,
    /// What `doveconf -n` prints, in a file, instead of asking it
    #[arg(long, value_name = "FILE")]
    dovecot: Option<PathBuf>,
}

impl Check {
    pub(crate) fn run(self, session: &mut Session) -> Result<Exit, Failure> {
        let mut findings: Vec<Finding> = socket::look(&session.socket).into_iter().collect();
        let asked = session.daemon().and_then(|mut daemon| daemon.call::<Findings>("Check", &Empty {}));
        let unreachable = match asked {
            Ok(found) => {
                findings.push(finding(Level::Ok, socket::SUBJECT, "posternd answers"));
                findings.extend(found.findings);
                None
            }
            Err(failure) => {
                findings.push(finding(Level::Failure, socket::SUBJECT, failure.to_string()));
                Some(failure.exit())
            }
        };
        let services = pam::services(&self.pam);
        findings.extend(services.iter().flat_map(pam::judge));
        findings.extend(dovecot::look(self.dovecot.as_deref(), &services));
        print(&mut session.screen, findings.as_slice())?;
        let failed = findings.iter().any(|finding| finding.level == Level::Failure);
        Ok(unreachable.unwrap_or(if failed { Exit::Refused } else { Exit::Done }))
    }
}

fn finding(level: Level, subject: impl Into<String>, message: impl Into<String>) -> Finding {
    Finding { level, subject: subject.into(), message: message.into() }
}

fn print(screen: &mut Screen, findings: &[Finding]) -> Result<(), Failure> {
    if screen.json {
        return screen.json(&Findings { findings: findings.to_vec() });
    }
    let mut table = Table::new();
    for finding in findings {
        let (mark, tint) = mark(finding.level);
        table.add_row([tint.cell(mark), plain(&clean_line(&finding.subject)), plain(&finding.message)]);
    }
    screen.table(table)?;
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    screen.line("")?;
    let (failures, warnings) = (count(Level::Failure), count(Level::Warning));
    let tint = if failures > 0 {
        Tint::Bad
    } else if warnings > 0 {
        Tint::Passing
    } else {
        Tint::Good
    };
    let summary = format!("{} ok, {}, {}", count(Level::Ok), many(warnings, "warning"), many(failures, "failure"));
    screen.line(&screen.tint(tint, &summary))
}

/// Words of one width beside the marks, so that nothing hangs on colour alone.
fn mark(level: Level) -> (&'static str, Tint) {
    match level {
        Level::Ok => ("✓ ok     ", Tint::Good),
        Level::Warning => ("! warning", Tint::Passing),
        Level::Failure => ("✗ failure", Tint::Bad),
    }
}

/// `1 warning`, `2 warnings`.
fn many(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
