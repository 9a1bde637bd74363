//! What the service manager is told (sd_notify(3)). Without one, nothing is sent.

use sd_notify::NotifyState;
use std::time::Duration;

/// The program serves.
pub fn notify_ready() {
    notify(NotifyState::Ready);
}

/// The program stops.
pub fn notify_stopping() {
    notify(NotifyState::Stopping);
}

/// The line that `systemctl status` shows.
pub fn notify_status(status: &str) {
    notify(NotifyState::Status(status));
}

/// The program is alive: to be sent once in each [`watchdog_interval`].
pub fn notify_alive() {
    notify(NotifyState::Watchdog);
}

/// How often the watchdog wants [`notify_alive`]: half of `WatchdogSec=`. None when the unit has no watchdog.
pub fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|deadline| deadline / 2)
}

/// Answers the watchdog for as long as tasks are run. Never returns.
pub async fn answer_watchdog(interval: Duration) {
    let mut ticks = tokio::time::interval(interval);
    loop {
        ticks.tick().await;
        notify_alive();
    }
}

fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "systemd cannot be notified");
    }
}
