//! The findings of a check: lines in sections.

use postern_wire::admin::{Finding, Level};
use serde::Serialize;

/// The section of a finding, in the order of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// The sockets of posternd.
    Sockets,
    /// The clock of this host.
    Clock,
    /// The configurations of the daemons, and the files in them.
    Configuration,
    /// The certificates of the fronts.
    Certificate,
    /// The servers behind the fronts.
    Backends,
    /// The endpoints of the fronts and of other servers, as seen from outside.
    #[serde(rename = "doors")]
    Endpoints,
    /// PAM services and Dovecot.
    Pam,
    /// The store of posternd, and its exports.
    Store,
    /// The policies of platforms.
    Policies,
}

impl Section {
    /// All sections, in the order of output.
    pub const ALL: [Self; 9] = [
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

    /// The title of the section, for people.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Sockets => "Sockets and permissions",
            Self::Clock => "Clock",
            Self::Configuration => "Configuration",
            Self::Certificate => "Certificate",
            Self::Backends => "Webmail and mail server behind the fronts",
            Self::Endpoints => "Endpoints, from outside",
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

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What it is about.
    pub section: Section,
    /// How bad it is.
    pub level: Level,
    /// The file, service or place that was checked.
    pub subject: String,
    /// The result.
    pub message: String,
    /// Its consequence; empty if there is no problem, or if `message` is enough.
    pub why: String,
    /// What to do; empty as `why`.
    pub advice: String,
}

impl Line {
    pub(crate) fn new(section: Section, level: Level, subject: impl Into<String>, message: impl Into<String>) -> Self {
        let (subject, message) = (subject.into(), message.into());
        Self { section, level, subject, message, why: String::new(), advice: String::new() }
    }

    pub(crate) fn ok(section: Section, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(section, Level::Ok, subject, message)
    }

    pub(crate) fn warning(section: Section, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(section, Level::Warning, subject, message)
    }

    pub(crate) fn failure(section: Section, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(section, Level::Failure, subject, message)
    }

    pub(crate) fn why(self, why: impl Into<String>) -> Self {
        Self { why: why.into(), ..self }
    }

    pub(crate) fn advice(self, advice: impl Into<String>) -> Self {
        Self { advice: advice.into(), ..self }
    }
}

/// Converts a finding of posternd.
impl From<Finding> for Line {
    fn from(Finding { level, subject, message }: Finding) -> Self {
        Self::new(Section::of(&subject), level, subject, message)
    }
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
