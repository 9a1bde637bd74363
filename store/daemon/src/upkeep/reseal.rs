//! Resealing of records under older master keys, in the background.

use crate::clock::Stopwatch;
use crate::daemon::Daemon;
use postern_vault::reseal;
use std::time::Duration;

/// Delay before a failed attempt is repeated.
const AGAIN: Duration = Duration::from_secs(60);

/// Reseals what is sealed under older keys: at the start, and whenever there is a new key. Runs until it is dropped.
pub async fn run(daemon: &Daemon) {
    loop {
        let clock = Stopwatch::start();
        match reseal::run(&daemon.records).await {
            Ok(0) => daemon.rotated.notified().await,
            Ok(count) => {
                let seconds = clock.elapsed().as_secs();
                tracing::info!("{count} records are sealed under the new master key now, after {seconds} s");
            }
            Err(error) => {
                tracing::warn!(
                    "not all records could be sealed under the new master key: {error}. They stay as they are"
                );
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}
