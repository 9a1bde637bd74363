//! The findings of a check: lines in sections, as text and as JSON.

use crate::exit::{Exit, Failure};
use crate::screen::Screen;
use crate::table::{Tint, clean_line, plain};
use comfy_table::Table;
use postern_wire::admin::{Finding, Level};
use serde::Serialize;

/// The section of a finding, in the order of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Section {
    Sockets,
    Clock,
    Configuration,
    Certificate,
    Backends,
    /// Its name for scripts.
    #[serde(rename = "doors")]
    Endpoints,
    Pam,
    Store,
    Policies,
}

impl Section {
    const ALL: [Self; 9] = [
        Self::Sockets,
        Self::Clock,
        Self::Configuration,
        Self::Certificate,
        Self::Backends,
        Self::Endpoints,
        Self::Pam,
        Self::Store,
        Self::Policies,
    ];

    fn heading(self) -> &'static str {
        match self {
            Self::Sockets => "Sockets and permissions",
            Self::Clock => "Clock",
            Self::Configuration => "Configuration",
            Self::Certificate => "Certificate",
            Self::Backends => "Webmail and mail server behind the fronts",
            Self::Endpoints => "Doors, from outside",
            Self::Pam => "PAM and Dovecot",
            Self::Store => "Store and exports",
            Self::Policies => "Policies",
        }
    }

    /// The section of a finding from posternd. Unknown ones, from a newer posternd, are most likely about its store.
    fn of(subject: &str) -> Self {
        match subject {
            "auth socket" | "admin socket" => Self::Sockets,
            "clock" => Self::Clock,
            _ if subject.starts_with("platform") => Self::Policies,
            _ => Self::Store,
        }
    }
}

/// One finding. `message` is the result, `why` its consequence, `advice` what to do; the last two are empty if there is
/// no problem, or if `message` is enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    pub(super) section: Section,
    pub(super) level: Level,
    pub(super) subject: String,
    pub(super) message: String,
    pub(super) why: String,
    pub(super) advice: String,
}

impl Line {
    pub(super) fn new(section: Section, level: Level, subject: impl Into<String>, message: impl Into<String>) -> Self {
        let (subject, message) = (subject.into(), message.into());
        Self { section, level, subject, message, why: String::new(), advice: String::new() }
    }

    pub(super) fn ok(section: Section, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(section, Level::Ok, subject, message)
    }

    pub(super) fn warning(section: Section, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(section, Level::Warning, subject, message)
    }

    pub(super) fn failure(section: Section, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(section, Level::Failure, subject, message)
    }

    pub(super) fn why(self, why: impl Into<String>) -> Self {
        Self { why: why.into(), ..self }
    }

    pub(super) fn advice(self, advice: impl Into<String>) -> Self {
        Self { advice: advice.into(), ..self }
    }
}

/// Converts a finding of posternd.
impl From<Finding> for Line {
    fn from(Finding { level, subject, message }: Finding) -> Self {
        Self::new(Section::of(&subject), level, subject, message)
    }
}

/// All findings, for programs.
#[derive(Debug, Serialize)]
struct Findings<'a> {
    findings: &'a [Line],
}

/// Prints the lines by section, and returns the exit code: warnings count only with `strict`.
pub(super) fn conclude(screen: &mut Screen, mut lines: Vec<Line>, strict: bool) -> Result<Exit, Failure> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_scripts_know_sections_by() {
        let words = Section::ALL.map(|section| serde_json::to_value(section).unwrap());
        let known =
            ["sockets", "clock", "configuration", "certificate", "backends", "doors", "pam", "store", "policies"];
        assert_eq!(words, known);
    }
}
