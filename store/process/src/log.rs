//! The log: lines on the standard error, with levels that can be changed while the program runs.
//!
//! If the standard error is the journal, each line begins with its level in the form of sd-daemon(3), so that
//! `journalctl --priority=warning` works; the rest of a line is `message key=value…`, as elsewhere.

mod levels;

pub use levels::{Levels, LevelsError, MAX_TARGET, MAX_TARGETS};

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tracing::{Level, Metadata};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Layer as _, Registry, reload};

/// The format of lines.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Whether a line includes its target.
    pub with_target: bool,
    /// Whether it includes the time, if it is not written to the journal, which has its own.
    pub with_time: bool,
    /// Names of parts of the program that can be used in levels, each with the target of its lines. Names extended with
    /// `::` are included.
    pub parts: &'static [(&'static str, &'static str)],
}

/// Why the log was not started.
#[derive(Debug)]
pub enum StartError {
    /// The environment variable does not hold levels.
    Variable(&'static str, LevelsError),
    /// It was started already.
    Twice,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name, error) => write!(f, "{name}: {error}"),
            Self::Twice => f.write_str("this process has a log already"),
        }
    }
}

impl std::error::Error for StartError {}

/// The log of this process.
pub struct Log {
    filter: reload::Handle<Targets, Registry>,
    usual: Levels,
    /// Whether the levels at the start are from the environment, which takes precedence over a configuration.
    by_environment: bool,
    levels: Mutex<Held>,
    /// As in [`Look`].
    parts: &'static [(&'static str, &'static str)],
}

struct Held {
    at_start: Levels,
    now: Levels,
}

impl Log {
    /// Starts the log. The levels are from the first of `variables` that is set in the environment, or else those that
    /// are `configured`; anything that these do not name is as in `usual`.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(
        usual: Levels,
        configured: &Levels,
        variables: &[&'static str],
        look: Look,
    ) -> Result<Self, StartError> {
        let set = variables.iter().find_map(|name| Some((*name, std::env::var(name).ok()?)));
        let by_environment = set.is_some();
        let said = match set {
            Some((name, text)) => text.parse().map_err(|error| StartError::Variable(name, error))?,
            None => configured.clone(),
        };
        let levels = usual.with(&said);
        let (filter, handle) = reload::Layer::new(levels.filter(look.parts));
        let lines = tracing_subscriber::fmt::layer().with_target(look.with_target);
        let is_journal = is_journal();
        let lines = match is_journal {
            true => lines.with_ansi(false).with_writer(Journal).without_time().boxed(),
            false => {
                let is_terminal = io::IsTerminal::is_terminal(&io::stderr());
                let lines = lines.with_ansi(is_terminal).with_writer(io::stderr);
                if look.with_time { lines.boxed() } else { lines.without_time().boxed() }
            }
        };
        let subscriber = Registry::default().with(filter).with(lines);
        tracing::subscriber::set_global_default(subscriber).map_err(|_| StartError::Twice)?;
        let levels = Mutex::new(Held { at_start: levels.clone(), now: levels });
        Ok(Self { filter: handle, usual, by_environment, levels, parts: look.parts })
    }

    /// The levels in effect.
    pub fn levels(&self) -> Levels {
        self.held().now.clone()
    }

    /// The levels that the program started with, or that were configured since.
    pub fn levels_at_start(&self) -> Levels {
        self.held().at_start.clone()
    }

    /// Overrides the levels in effect, until the next start.
    ///
    /// # Errors
    /// [`LevelsError::TooMany`]; nothing is changed then.
    pub fn set(&self, change: &Levels) -> Result<Levels, LevelsError> {
        let mut held = self.held();
        held.now = held.now.with(change).judge()?;
        Ok(self.apply(&held.now))
    }

    /// Restores the levels of the start.
    pub fn reset(&self) -> Levels {
        let mut held = self.held();
        held.now = held.at_start.clone();
        self.apply(&held.now)
    }

    /// Applies the levels of a reloaded configuration. `None` if the levels are from the environment, which takes
    /// precedence.
    pub fn configure(&self, configured: &Levels) -> Option<Levels> {
        if self.by_environment {
            return None;
        }
        let mut held = self.held();
        held.at_start = self.usual.with(configured);
        held.now = held.at_start.clone();
        Some(self.apply(&held.now))
    }

    fn apply(&self, levels: &Levels) -> Levels {
        // It fails only if there is no log any more.
        let _ = self.filter.reload(levels.filter(self.parts));
        levels.clone()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // No panic leaves the two in an inconsistent state.
        self.levels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("levels", &self.levels().to_string()).finish_non_exhaustive()
    }
}

/// Whether the standard error is a stream to the journal (systemd.exec(5), `JOURNAL_STREAM`): the variable alone may be
/// inherited by a program whose output goes elsewhere.
fn is_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    let about = io::stderr().as_fd().try_clone_to_owned().and_then(|fd| File::from(fd).metadata());
    about.is_ok_and(|about| stream == format!("{}:{}", about.dev(), about.ino()))
}

/// Writes lines to the journal.
struct Journal;

/// One line, with its syslog(3) severity.
struct Line(u8);

impl<'w> MakeWriter<'w> for Journal {
    type Writer = Line;

    fn make_writer(&'w self) -> Line {
        Line(severity(&Level::INFO))
    }

    fn make_writer_for(&'w self, about: &Metadata<'_>) -> Line {
        Line(severity(about.level()))
    }
}

impl Write for Line {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        // In one write, so that lines of two threads do not mix.
        let line = [format!("<{}>", self.0).as_bytes(), text].concat();
        io::stderr().lock().write_all(&line).map(|()| text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn severity(level: &Level) -> u8 {
    match *level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}
