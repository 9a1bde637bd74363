//! Passwords that the daemon wants to have checked: it knows no mail server, and this front does.

use super::front::Front;
use super::verdict::Stop;
use postern_front::daemon::Daemon;
use postern_wire::auth::{CheckOutcome, PasswordCheck, PasswordChecked};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Checks that run at once.
const MAX_CHECKS: usize = 4;

/// Checks what the daemon brings, until nobody brings any more.
pub(super) async fn follow(daemon: Daemon, front: Arc<Front>) {
    let mut checks = daemon.password_checks();
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = running.join_next() => {}
            check = checks.recv(), if running.len() < MAX_CHECKS => match check {
                Some(check) => drop(running.spawn(run(daemon.clone(), Arc::clone(&front), check))),
                None => return,
            },
        }
    }
}

async fn run(daemon: Daemon, front: Arc<Front>, check: PasswordCheck) {
    let outcome = match front.check(&check.mailbox, &check.password).await {
        Ok(()) => CheckOutcome::Accepted,
        Err(error) => {
            let stop = error.stop();
            tracing::warn!(mailbox = check.mailbox, %error, ?stop, "a password that an app password is to stand for");
            if stop == Stop::Refused { CheckOutcome::Refused } else { CheckOutcome::Unavailable }
        }
    };
    let checked = PasswordChecked { id: check.id, outcome };
    if let Err(error) = daemon.password_checked(&checked).await {
        tracing::warn!(%error, "what the mail server says of a password cannot be told to posternd");
    }
}
