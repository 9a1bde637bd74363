//! The output of a check: findings in sections, as text and as JSON.

use crate::exit::{Exit, Failure};
use crate::screen::Screen;
use crate::table::{Tint, clean_line, plain};
use comfy_table::Table;
use postern_check::{Line, Section};
use postern_wire::admin::Level;
use serde::Serialize;

/// All findings, for programs.
#[derive(Debug, Serialize)]
struct Findings<'a> {
    findings: &'a [Line],
}

/// Prints the lines by section, and returns the exit code: warnings count only with `strict`.
pub(crate) fn conclude(screen: &mut Screen, mut lines: Vec<Line>, strict: bool) -> Result<Exit, Failure> {
    lines.sort_by_key(|line| line.section);
    let count = |level| lines.iter().filter(|line| line.level == level).count();
    let (failures, warnings) = (count(Level::Failure), count(Level::Warning));
    let exit = if failures > 0 || strict && warnings > 0 { Exit::Refused } else { Exit::Done };
    if screen.json {
        return screen.json(&Findings { findings: &lines }).map(|()| exit);
    }
    // The tables of all sections have the same column width.
    let width = lines.iter().map(|line| line.subject.chars().count()).max().unwrap_or_default();
    for section in Section::ALL {
        let mut table = Table::new();
        for line in lines.iter().filter(|line| line.section == section) {
            let (mark, tint) = mark(line.level);
            let subject = format!("{:width$}", clean_line(&line.subject));
            table.add_row([tint.cell(mark), plain(&subject), plain(&text(line))]);
        }
        if table.row_count() > 0 {
            let heading = screen.tint(Tint::Strong, section.heading());
            screen.line(&heading)?;
            screen.table(table)?;
            screen.line("")?;
        }
    }
    let tint = if failures > 0 {
        Tint::Bad
    } else if warnings > 0 {
        Tint::Passing
    } else {
        Tint::Good
    };
    let summary = format!("{} ok, {}, {}", count(Level::Ok), many(warnings, "warning"), many(failures, "failure"));
    screen.line(&screen.tint(tint, &summary))?;
    Ok(exit)
}

fn text(line: &Line) -> String {
    let mut text = line.message.clone();
    for (label, more) in [("Why", &line.why), ("Do", &line.advice)] {
        if !more.is_empty() {
            text += &format!("\n{label}: {more}");
        }
    }
    text
}

/// Words of one width beside the marks, so that the meaning does not depend on colour.
fn mark(level: Level) -> (&'static str, Tint) {
    match level {
        Level::Ok => ("✓ ok     ", Tint::Good),
        Level::Warning => ("! warning", Tint::Passing),
        Level::Failure => ("✗ failure", Tint::Bad),
    }
}

/// Formats a count as `1 warning`, `2 warnings`.
fn many(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
