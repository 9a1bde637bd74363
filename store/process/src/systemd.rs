//! Notifications to the service manager (sd_notify(3)). Without one, nothing is sent.

use sd_notify::NotifyState;
use std::time::Duration;

/// Reports that the program is ready.
pub fn notify_ready() {
    notify(NotifyState::Ready);
}

/// Reports that the program is stopping.
pub fn notify_stopping() {
    notify(NotifyState::Stopping);
}

/// Sets the status line of `systemctl status`.
pub fn notify_status(status: &str) {
    notify(NotifyState::Status(status));
}

/// Reports that the program is alive: to be sent once in each [`watchdog_interval`].
pub fn notify_alive() {
    notify(NotifyState::Watchdog);
}

/// The interval for [`notify_alive`]: half of `WatchdogSec=`. `None` if the unit has no watchdog.
pub fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|deadline| deadline / 2)
}

/// Notifies the watchdog for as long as the runtime runs tasks. Never returns.
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
