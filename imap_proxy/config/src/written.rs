//! The file as it is written: every value is parsed, but missing and contradictory values are not checked yet.

use crate::acme;
use crate::endpoints;
use crate::mail::{self, ImapTable, Pop3Table, WrittenMail};
use crate::problem::{ConfigError, Problem, line_at};
use crate::tls::WrittenTls;
use crate::webmail::{self, WrittenWebmail};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IntoDeserializer};
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The similarity from which on an unknown key is taken for a known one (Jaro-Winkler; 1.0 is equal).
const LIKENESS: f64 = 0.75;

/// Every table and every key that exists.
pub(crate) const KEYS: [(&str, &[&str]); 9] = [
    ("daemon", &["socket"]),
    ("log", &["level"]),
    ("metrics", &["listen"]),
    ("tls", &["cert", "key", "acme"]),
    ("tls.acme", acme::KEYS),
    ("imap", mail::KEYS),
    ("pop3", mail::KEYS),
    ("webmail", webmail::KEYS),
    ("webmail.doors", endpoints::KEYS),
];

/// The contents of `proxy.toml` as written: `L` is the type of the log levels, `P` that of the metrics' address.
#[derive(Debug, Clone)]
pub struct Written<L, P> {
    /// How to reach posternd.
    pub daemon: Daemon,
    /// The log.
    pub log: Log<L>,
    /// Metrics.
    pub metrics: Metrics<P>,
    /// The source of the certificate; none: the table is missing.
    pub tls: Option<WrittenTls>,
    /// The IMAP front.
    pub imap: WrittenMail<ImapTable>,
    /// The POP3 front.
    pub pop3: WrittenMail<Pop3Table>,
    /// The webmail front.
    pub webmail: WrittenWebmail,
}

impl<L: Default, P> Default for Written<L, P> {
    fn default() -> Self {
        Self {
            daemon: Daemon::default(),
            log: Log::default(),
            metrics: Metrics::default(),
            tls: None,
            imap: WrittenMail::default(),
            pop3: WrittenMail::default(),
            webmail: WrittenWebmail::default(),
        }
    }
}

impl<L: DeserializeOwned + Default, P: DeserializeOwned> Written<L, P> {
    /// Parses `text`, the content of the file at `path`. A table with an invalid value counts as missing, and the
    /// second value reports that. Unknown keys are ignored.
    ///
    /// # Errors
    /// If it is not TOML.
    pub fn parse(path: &Path, text: &str) -> Result<(Self, Option<ConfigError>), ConfigError> {
        let failed = |problems| ConfigError::new(path, problems);
        let root = DeTable::parse(text).map_err(|error| failed(vec![Problem::of(text, &error)]))?;
        let mut problems = Vec::new();
        let written = tables(text, root.get_ref(), &mut problems);
        let problems = if problems.is_empty() { None } else { Some(failed(problems)) };
        Ok((written, problems))
    }
}

/// `[daemon]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Daemon {
    /// posternd's socket for fronts.
    pub socket: PathBuf,
}

impl Default for Daemon {
    fn default() -> Self {
        Self { socket: postern_wire::AUTH_SOCKET.into() }
    }
}

/// `[log]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, bound = "L: DeserializeOwned + Default")]
pub struct Log<L> {
    /// The level up to which lines are written.
    pub level: L,
}

/// `[metrics]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, bound = "P: DeserializeOwned")]
pub struct Metrics<P> {
    /// Where the metrics are served; none: nowhere.
    pub listen: Option<P>,
}

impl<P> Default for Metrics<P> {
    fn default() -> Self {
        Self { listen: None }
    }
}

/// Reads `text`. Problems are added to `problems`: unknown keys, and invalid values, whose table then has its default
/// value.
///
/// # Errors
/// If it is not TOML.
pub(crate) fn read<L: DeserializeOwned + Default, P: DeserializeOwned>(
    text: &str,
    problems: &mut Vec<Problem>,
) -> Result<Written<L, P>, Problem> {
    let root = DeTable::parse(text).map_err(|error| Problem::of(text, &error))?;
    unknown_keys(text, root.get_ref(), problems);
    Ok(tables(text, root.get_ref(), problems))
}

fn tables<L: DeserializeOwned + Default, P: DeserializeOwned>(
    text: &str,
    root: &DeTable<'_>,
    problems: &mut Vec<Problem>,
) -> Written<L, P> {
    Written {
        daemon: read_table(text, root, "daemon", problems).unwrap_or_default(),
        log: read_table(text, root, "log", problems).unwrap_or_default(),
        metrics: read_table(text, root, "metrics", problems).unwrap_or_default(),
        tls: read_table(text, root, "tls", problems),
        imap: read_table(text, root, "imap", problems).unwrap_or_default(),
        pop3: read_table(text, root, "pop3", problems).unwrap_or_default(),
        webmail: read_table(text, root, "webmail", problems).unwrap_or_default(),
    }
}

fn unknown_keys(text: &str, root: &DeTable<'_>, problems: &mut Vec<Problem>) {
    let mut check = |table: &DeTable<'_>, place: &str, known: &[&str]| {
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let name = key.get_ref();
            let likeness = |known: &&&str| strsim::jaro_winkler(name, known);
            let nearest = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
            let advice = match nearest.filter(|known| likeness(known) >= LIKENESS) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("there are {}", known.join(", ")),
            };
            let message = format!("unknown key `{name}` {place}; {advice}");
            problems.push(Problem { line: Some(line_at(text, key.span().start)), message });
        }
    };
    let tables: Vec<&str> = KEYS.map(|(table, _)| table).into_iter().filter(|table| !table.contains('.')).collect();
    check(root, "at the top", &tables);
    for (name, known) in KEYS {
        let found = name.split('.').try_fold(root, |table, name| match table.get(name).map(Spanned::get_ref) {
            Some(DeValue::Table(table)) => Some(table),
            _ => None,
        });
        if let Some(table) = found {
            check(table, &format!("in [{name}]"), known);
        }
    }
}

fn read_table<T: DeserializeOwned>(
    text: &str,
    root: &DeTable<'_>,
    name: &str,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let value = root.get(name)?.clone();
    let read = T::deserialize(value.into_deserializer());
    read.map_err(|error| {
        let Problem { line, message } = Problem::of(text, &error);
        problems.push(Problem { line, message: format!("[{name}] {message}") });
    })
    .ok()
}
