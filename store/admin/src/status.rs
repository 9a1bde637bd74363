//! `postern status` and `postern check`.

use crate::cli::Session;
use crate::exit::{Exit, Failure};
use crate::screen::Screen;
use crate::table::{Tint, clean, clean_line, plain};
use comfy_table::Table;
use postern_wire::admin::{Empty, Finding, Findings, Level, State, Status};
use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;

pub(crate) const CHECK_HELP: &str = "\
It looks at the admin socket from here, and asks posternd what it finds wrong with what it was told. Exit code 0 \
with warnings, 1 when anything failed, 3 when posternd cannot be reached.";

/// Permission bits with which every user of this host could speak to the socket, or replace it.
const OTHERS_WRITE: u32 = 0o002;
/// In such a directory (`/tmp`), others cannot replace a file that is there.
const STICKY: u32 = 0o1000;
const SUBJECT: &str = "admin socket";

/// `postern status`.
pub(crate) fn status(session: &mut Session) -> Result<Exit, Failure> {
    let status: Status = session.daemon()?.call("Status", &Empty {})?;
    let screen = &mut session.screen;
    if screen.json {
        screen.json(&status)?;
        return Ok(Exit::Done);
    }
    let running = screen.tint(Tint::Strong, &format!("posternd {}", clean_line(&status.version)));
    screen.line(&format!("{running}, running since {}", screen.calendar.show(&status.started)))?;
    screen.line("")?;
    let store = format!("{} in {}", clean_line(&status.engine), clean_line(&status.path));
    screen.field("Store", &format!("{store}, {}", answers(screen, &status.trouble)))?;
    screen.field("Master key", &format!("id {}", status.key_id))?;
    let export = status.last_export.as_deref().map_or("none yet".to_owned(), |time| screen.calendar.show(time));
    screen.field("Daily export", &export)?;
    screen.field("Accounts", &accounts(screen, &status))?;
    screen.line("")?;
    crate::platform::print_all(screen, &status.platforms)?;
    Ok(Exit::Done)
}

fn answers(screen: &Screen, trouble: &str) -> String {
    match trouble {
        "" => screen.tint(Tint::Good, "answers"),
        trouble => screen.tint(Tint::Bad, &format!("in trouble: {}", clean(trouble))),
    }
}

fn accounts(screen: &Screen, status: &Status) -> String {
    let total: u64 = status.accounts.values().sum();
    let counts: Vec<_> = State::ALL
        .into_iter()
        .filter_map(|state| {
            let count = status.accounts.get(&state.to_string()).copied().filter(|count| *count > 0)?;
            Some(screen.tint(Tint::of(state), &format!("{count} {state}")))
        })
        .collect();
    if counts.is_empty() { total.to_string() } else { format!("{total}: {}", counts.join(", ")) }
}

/// `postern check`.
pub(crate) fn check(session: &mut Session) -> Result<Exit, Failure> {
    let mut findings: Vec<Finding> = socket(&session.socket).into_iter().collect();
    let asked = session.daemon().and_then(|mut daemon| daemon.call::<Findings>("Check", &Empty {}));
    let unreachable = match asked {
        Ok(found) => {
            findings.push(finding(Level::Ok, "posternd answers".to_owned()));
            findings.extend(found.findings);
            None
        }
        Err(failure) => {
            findings.push(finding(Level::Failure, failure.to_string()));
            Some(failure.exit())
        }
    };
    print(&mut session.screen, findings.as_slice())?;
    let failed = findings.iter().any(|finding| finding.level == Level::Failure);
    Ok(unreachable.unwrap_or(if failed { Exit::Refused } else { Exit::Done }))
}

/// What can be seen of the socket from here: whether strangers could speak to it or stand in for it.
fn socket(path: &Path) -> Option<Finding> {
    // A path that cannot be looked at cannot be connected to either, and that failure says more.
    let meta = fs::metadata(path).ok()?;
    let mode = meta.permissions().mode();
    if !meta.file_type().is_socket() {
        return Some(finding(Level::Failure, format!("{} is not a socket", path.display())));
    }
    if mode & OTHERS_WRITE != 0 {
        let text = format!("every user of this host may open {}: chmod o-rwx", path.display());
        return Some(finding(Level::Failure, text));
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let open = fs::metadata(directory).is_ok_and(|meta| {
        let mode = meta.permissions().mode();
        mode & OTHERS_WRITE != 0 && mode & STICKY == 0
    });
    if open {
        let text = format!("every user of this host may replace it: chmod o-w {}", directory.display());
        return Some(finding(Level::Failure, text));
    }
    Some(finding(Level::Ok, format!("{} is closed to other users", path.display())))
}

fn finding(level: Level, message: String) -> Finding {
    Finding { level, subject: SUBJECT.to_owned(), message }
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
