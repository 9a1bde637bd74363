//! The status of the daemon.

use super::platforms::shown;
use crate::administer::audit::shown_state;
use crate::administer::platforms::each_listed;
use crate::clock;
use crate::daemon::Daemon;
use postern_vault::export;
use postern_wire::admin::{Refused, State, Status};
use std::collections::BTreeMap;

/// Returns the status of the daemon and its store, and the number of accounts in each state.
///
/// # Errors
/// [`Refused`].
pub async fn status(daemon: &Daemon) -> Result<Status, Refused> {
    let now = clock::now();
    let mut accounts: BTreeMap<String, u64> = State::ALL.iter().map(|state| (state.to_string(), 0)).collect();
    let mut by_platform = BTreeMap::new();
    each_listed(daemon, |account| {
        *accounts.entry(shown_state(account.state(now)).to_string()).or_default() += 1;
        *by_platform.entry(account.platform).or_default() += 1;
    })
    .await?;
    Ok(Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        engine: "sled".to_owned(),
        path: daemon.config.store.path.display().to_string(),
        trouble: daemon.records.engine().health().err().map_or(String::new(), |error| error.to_string()),
        key_id: daemon.records.sealer().active().number(),
        started: clock::rfc3339(daemon.started),
        uptime: daemon.uptime.elapsed().as_secs(),
        accounts,
        platforms: daemon.platforms().iter().map(|platform| shown(platform, &by_platform)).collect(),
        last_export: export::newest(&daemon.config.export_path()).map(clock::rfc3339),
    })
}
