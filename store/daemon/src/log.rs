//! The log, and the verbs about its levels.

use crate::administer::{entry, refuse};
use crate::config::Config;
use crate::daemon::Daemon;
use postern_process::log::{Levels, Log, Look};
use postern_wire::admin::{LogLevels, Refused};
use std::error::Error;

/// Levels that stand before those of `posternd.toml`: sled tells of its own work.
const USUAL: &str = "info,sled=warn";
/// Where levels may be set that go before those of `posternd.toml`.
const VARIABLES: [&str; 1] = ["POSTERN_LOG"];

/// Begins the log.
///
/// # Errors
/// When the environment's levels are none.
pub fn start(config: &Config) -> Result<Log, Box<dyn Error>> {
    let look = Look { with_target: true, with_time: false };
    Ok(Log::start(USUAL.parse()?, &config.log.level, &VARIABLES, look)?)
}

/// The levels in force.
pub fn show(daemon: &Daemon) -> LogLevels {
    LogLevels { levels: daemon.log.levels().to_string(), at_start: daemon.log.levels_at_start().to_string() }
}

/// Puts levels over those in force, until the next start.
///
/// # Errors
/// [`Refused`]: nothing has changed.
pub async fn set(daemon: &Daemon, actor: &str, levels: &str) -> Result<LogLevels, Refused> {
    let change: Result<Levels, _> = levels.parse();
    let set = change.and_then(|change| daemon.log.set(&change));
    set.map_err(|error| refuse("log_level", format!("{error}. Nothing has changed.")))?;
    note(daemon, actor, "set log levels").await;
    Ok(show(daemon))
}

/// Brings back the levels of the start.
pub async fn reset(daemon: &Daemon, actor: &str) -> LogLevels {
    daemon.log.reset();
    note(daemon, actor, "reset log levels").await;
    show(daemon)
}

/// For the audit log. A store that takes no writes is what somebody may want to find out about, so it stops nothing.
async fn note(daemon: &Daemon, actor: &str, action: &str) {
    let entry = entry(actor, action, None, daemon.log.levels().to_string());
    entry.log();
    if let Err(error) = daemon.records.commit_with(Vec::new(), &entry).await {
        tracing::error!("that the log levels were changed is in this log alone: {error}");
    }
}
