//! Checks passwords with the mail server for the daemon, which has no connection to it.

use crate::connection::BackendError;
use crate::terms::Terms;
use crate::verdict::SignInFailure;
use postern_front::daemon::Daemon;
use postern_wire::auth::{CheckOutcome, PasswordCheck, PasswordChecked};
use tokio::task::JoinSet;

/// Maximum number of concurrent checks.
const MAX_CHECKS: usize = 4;

/// Checks with `ask` the passwords that the daemon sends, until it sends no more.
pub(crate) async fn follow<F>(terms: &'static Terms, daemon: Daemon, ask: impl Fn(PasswordCheck) -> F)
where
    F: Future<Output = Result<(), BackendError>> + Send + 'static,
{
    let mut checks = daemon.password_checks();
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = running.join_next() => {}
            check = checks.recv(), if running.len() < MAX_CHECKS => match check {
                Some(check) => {
                    let (id, mailbox) = (check.id, check.mailbox.clone());
                    running.spawn(run((terms, daemon.clone()), (id, mailbox), ask(check)));
                }
                None => return,
            },
        }
    }
}

async fn run(
    (terms, daemon): (&'static Terms, Daemon),
    (id, mailbox): (u64, String),
    asked: impl Future<Output = Result<(), BackendError>>,
) {
    let outcome = match asked.await {
        Ok(()) => CheckOutcome::Accepted,
        Err(error) => {
            let failure = error.failure();
            tracing::warn!(mailbox, error = %error.of(terms), stop = ?failure, "a password that an app password is to stand for");
            if failure == SignInFailure::Refused { CheckOutcome::Refused } else { CheckOutcome::Unavailable }
        }
    };
    let checked = PasswordChecked { id, outcome };
    if let Err(error) = daemon.password_checked(&checked).await {
        tracing::warn!(%error, "what the mail server says of a password cannot be told to posternd");
    }
}
