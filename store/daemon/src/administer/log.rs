//! The verbs for the levels of the log.

use crate::administer::{entry, refuse};
use crate::daemon::Daemon;
use postern_process::log::Levels;
use postern_wire::admin::{LogLevels, Refused};

/// Returns the levels in effect.
pub fn show(daemon: &Daemon) -> LogLevels {
    LogLevels { levels: daemon.log.levels().to_string(), at_start: daemon.log.levels_at_start().to_string() }
}

/// Sets levels on top of those in effect, until the next start.
///
/// # Errors
/// [`Refused`]: nothing was changed.
pub async fn set(daemon: &Daemon, actor: &str, levels: &str) -> Result<LogLevels, Refused> {
    let change: Result<Levels, _> = levels.parse();
    let set = change.and_then(|change| daemon.log.set(&change));
    set.map_err(|error| refuse("log_level", format!("{error}. Nothing has changed.")))?;
    note(daemon, actor, "set log levels").await;
    Ok(show(daemon))
}

/// Restores the levels of the start.
pub async fn reset(daemon: &Daemon, actor: &str) -> LogLevels {
    daemon.log.reset();
    note(daemon, actor, "reset log levels").await;
    show(daemon)
}

/// Writes an audit entry. A store that refuses writes may be what the administrator wants to investigate, so it does
/// not stop the command.
async fn note(daemon: &Daemon, actor: &str, action: &str) {
    let entry = entry(actor, action, None, daemon.log.levels().to_string());
    entry.log();
    if let Err(error) = daemon.records.commit_with(Vec::new(), &entry).await {
        tracing::error!("that the log levels were changed is in this log alone: {error}");
    }
}
