//! The log of posternd, and its levels at the start.

use crate::config::Config;
use postern_process::log::{Log, Look};
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
    let look = Look { with_target: true, with_time: false, parts: &[] };
    Ok(Log::start(USUAL.parse()?, &config.log.level, &VARIABLES, look)?)
}
