//! The log: its levels stand in `proxy.toml`, and are read again without a restart.

use crate::config::Config;
use postern_process::log::{Levels, Log, Look, StartError};
use std::path::PathBuf;
use tokio::signal::unix::Signal;

/// Where levels may be set that go before those of `proxy.toml`; the first that is there counts.
const VARIABLES: [&str; 2] = ["POSTERN_LOG", "RUST_LOG"];

/// Begins the log.
///
/// # Errors
/// When the environment's levels are none.
pub fn start(configured: &Levels) -> Result<Log, StartError> {
    let look = Look { with_target: false, with_time: true };
    Log::start(Levels::default(), configured, &VARIABLES, look)
}

/// Takes up the levels that stand in the configuration at `path` at each `hangup`; for ever.
pub async fn follow(log: Log, path: PathBuf, mut hangup: Signal) {
    while hangup.recv().await.is_some() {
        match Config::load(&path).map(|config| log.configure(&config.log.level)) {
            Ok(Some(levels)) => tracing::info!(%levels, "the log levels were read again"),
            Ok(None) => tracing::info!("the log levels stay as the environment has them"),
            Err(error) => tracing::error!(%error, "the log levels stay as they are: proxy.toml is wrong now"),
        }
    }
}
