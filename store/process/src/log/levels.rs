//! Log levels: `info`, or `info,signin=warn,sled=off`.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

/// The target of the audit log, which no level switches off.
const AUDIT: &str = "audit";
/// The level of its lines.
const AUDIT_LEVEL: LevelFilter = LevelFilter::INFO;
/// The most targets in one set of levels.
pub const MAX_TARGETS: usize = 32;
/// The most bytes of a target's name.
pub const MAX_TARGET: usize = 100;
/// Every level, beginning with `off`.
const LEVELS: [(&str, LevelFilter); 6] = [
    ("off", LevelFilter::OFF),
    ("error", LevelFilter::ERROR),
    ("warn", LevelFilter::WARN),
    ("info", LevelFilter::INFO),
    ("debug", LevelFilter::DEBUG),
    ("trace", LevelFilter::TRACE),
];

/// The maximum levels of lines: in general, and for parts of a program (targets, such as `signin`). Anything it does
/// not name is unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Levels {
    general: Option<LevelFilter>,
    targets: BTreeMap<String, LevelFilter>,
}

/// Why a text is not a set of levels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LevelsError {
    /// A word that is neither a level nor `target=level`.
    Word(String),
    /// The audit log cannot be switched off.
    Audit,
    /// More than [`MAX_TARGETS`] targets.
    TooMany,
}

impl fmt::Display for LevelsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => {
                let levels = LEVELS.map(|(name, _)| name).join(", ");
                write!(
                    f,
                    "`{word}` is no log level; write one of {levels}, or `signin=debug` for a part of the program"
                )
            }
            Self::Audit => f.write_str("the lines of the audit log are always written; leave `audit` at info or above"),
            Self::TooMany => write!(f, "levels of at most {MAX_TARGETS} parts of the program can be set"),
        }
    }
}

impl std::error::Error for LevelsError {}

impl Default for Levels {
    /// The level for normal operation.
    fn default() -> Self {
        Self { general: Some(LevelFilter::INFO), targets: BTreeMap::new() }
    }
}

impl Levels {
    /// These levels, overridden by `change`.
    #[must_use]
    pub fn with(&self, change: &Self) -> Self {
        let mut targets = self.targets.clone();
        targets.extend(change.targets.iter().map(|(target, level)| (target.clone(), *level)));
        Self { general: change.general.or(self.general), targets }
    }

    /// Checks the number of targets.
    ///
    /// # Errors
    /// [`LevelsError::TooMany`].
    pub(super) fn judge(self) -> Result<Self, LevelsError> {
        if self.targets.len() <= MAX_TARGETS { Ok(self) } else { Err(LevelsError::TooMany) }
    }

    /// The filter for the log; lines of the audit log pass. A level for one of `parts` applies to its target.
    pub(super) fn filter(&self, parts: &[(&str, &str)]) -> Targets {
        let audit = self.targets.get(AUDIT).copied().unwrap_or(AUDIT_LEVEL);
        // A name is before the names below it, so that the more specific level is applied last.
        let targets = self.targets.iter().flat_map(|(name, level)| {
            let named = parts.iter().filter_map(|(part, target)| named(name, part, target));
            std::iter::once(name.clone()).chain(named).map(|target| (target, *level))
        });
        Targets::new()
            .with_default(self.general.unwrap_or(LevelFilter::INFO))
            .with_targets(targets)
            .with_target(AUDIT, audit)
    }
}

impl FromStr for Levels {
    type Err = LevelsError;

    fn from_str(text: &str) -> Result<Self, LevelsError> {
        let mut levels = Self { general: None, targets: BTreeMap::new() };
        for word in text.split(',').map(str::trim) {
            let wrong = || LevelsError::Word(word.chars().take(MAX_TARGET).collect());
            let (target, name) = word.split_once('=').map_or((None, word), |(target, name)| (Some(target), name));
            let name = name.to_ascii_lowercase();
            let level = LEVELS.iter().find(|(known, _)| *known == name).map(|(_, level)| *level).ok_or_else(wrong)?;
            match target {
                None => levels.general = Some(level),
                Some(AUDIT) if level < AUDIT_LEVEL => return Err(LevelsError::Audit),
                Some(target) if is_target(target) => drop(levels.targets.insert(target.to_owned(), level)),
                Some(_) => return Err(wrong()),
            }
        }
        levels.judge()
    }
}

/// The target that `name` selects, if it is `part`, is below it, or contains it: `part` has lines under `target`.
fn named(name: &str, part: &str, target: &str) -> Option<String> {
    match (name.strip_prefix(part), part.strip_prefix(name)) {
        (Some(rest), _) if rest.is_empty() || rest.starts_with("::") => Some(format!("{target}{rest}")),
        (_, Some(rest)) if rest.starts_with("::") => Some(target.to_owned()),
        _ => None,
    }
}

/// Whether it is a module path, or a target of Postern.
fn is_target(text: &str) -> bool {
    let is_part_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-:".contains(&byte);
    (1..=MAX_TARGET).contains(&text.len()) && text.bytes().all(is_part_of_name)
}

impl TryFrom<String> for Levels {
    type Error = LevelsError;

    fn try_from(text: String) -> Result<Self, LevelsError> {
        text.parse()
    }
}

impl fmt::Display for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.general.unwrap_or(LevelFilter::INFO))?;
        self.targets.iter().try_for_each(|(target, level)| write!(f, ",{target}={level}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    fn levels(text: &str) -> Levels {
        text.parse().unwrap()
    }

    #[test]
    fn levels_are_read_and_shown() {
        for (text, shown) in [
            ("info", "info"),
            ("DEBUG", "debug"),
            ("signin=warn", "info,signin=warn"),
            ("warn, sled=off", "warn,sled=off"),
            ("trace,postern_proxy::imap=debug,h2=off", "trace,h2=off,postern_proxy::imap=debug"),
            ("audit=trace", "info,audit=trace"),
        ] {
            assert_eq!(levels(text).to_string(), shown);
        }
        for wrong in ["", "loud", "signin=loud", "=info", "info,", "1", "a b=info", "a[b]=info", "é=info", "dbug"] {
            let error = wrong.parse::<Levels>().unwrap_err();
            assert!(matches!(error, LevelsError::Word(_)), "{wrong}: {error:?}");
        }
        assert!("x".repeat(MAX_TARGET + 1).parse::<Levels>().is_err());
        let many = |count: usize| (0..count).map(|n| format!("t{n}=info")).collect::<Vec<_>>().join(",");
        assert!(many(MAX_TARGETS).parse::<Levels>().is_ok());
        assert_eq!(many(MAX_TARGETS + 1).parse::<Levels>(), Err(LevelsError::TooMany));
    }

    #[test]
    fn what_is_not_spoken_of_stays() {
        let usual = levels("info,sled=warn");
        assert_eq!(usual.with(&levels("debug")).to_string(), "debug,sled=warn");
        assert_eq!(usual.with(&levels("signin=off")).to_string(), "info,signin=off,sled=warn");
        assert_eq!(usual.with(&levels("sled=trace")).to_string(), "info,sled=trace");
        assert_eq!(usual.with(&Levels::default()), usual);
    }

    #[test]
    fn the_audit_log_is_always_written() {
        for text in ["off", "error", "audit=info", "audit=debug", "off,aud=off"] {
            assert!(levels(text).filter(&[]).would_enable(AUDIT, &Level::INFO), "{text}");
        }
        assert!(!levels("off").filter(&[]).would_enable("signin", &Level::ERROR));
        for text in ["audit=off", "audit=error", "debug,audit=warn"] {
            assert_eq!(text.parse::<Levels>(), Err(LevelsError::Audit), "{text}");
        }
    }

    #[test]
    fn a_part_is_spoken_of_by_its_name() {
        const PARTS: &[(&str, &str)] = &[("proxy::imap", "mail::imap"), ("proxy::webmail", "webmail")];
        let filter = |text: &str| levels(text).filter(PARTS);
        let is_shown = |text: &str, target: &str| filter(text).would_enable(target, &Level::DEBUG);
        assert!(is_shown("info,proxy=debug", "mail::imap::front") && is_shown("info,proxy=debug", "webmail"));
        assert!(is_shown("info,proxy::imap=debug", "mail::imap") && !is_shown("info,proxy::imap=debug", "webmail"));
        assert!(is_shown("info,proxy::webmail::headers=debug", "webmail::headers"));
        assert!(!is_shown("info,proxy::webmail::headers=debug", "webmail::front"));
        assert!(
            !is_shown("debug,proxy=debug,proxy::imap=info", "mail::imap") && is_shown("info,mail=debug", "mail::imap")
        );
        assert!(!is_shown("info,proxy::imaps=debug", "mail::imap"));
    }
}
