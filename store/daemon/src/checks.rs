//! Passwords that the mail server is asked about. The daemon knows no mail server; a front that has one behind it
//! offers to ask, and is handed one password after the other.

use postern_wire::Secret;
use postern_wire::auth::{CheckOutcome, PasswordCheck, PasswordChecked};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// How long the mail server may take, and the front to reach it.
pub const DEADLINE: Duration = Duration::from_secs(45);
/// Checks that may wait for one front.
const WAITING: usize = 16;

/// What is being checked, and by whom.
#[derive(Default)]
pub struct Checks {
    next: AtomicU64,
    offers: Mutex<Vec<mpsc::Sender<PasswordCheck>>>,
    asked: Mutex<HashMap<u64, oneshot::Sender<CheckOutcome>>>,
}

/// No front offers to check.
#[derive(Debug)]
pub struct Nobody;

impl Checks {
    /// A front offers to check, until it drops the receiver.
    pub fn offer(&self) -> mpsc::Receiver<PasswordCheck> {
        let (offer, checks) = mpsc::channel(WAITING);
        lock(&self.offers).push(offer);
        checks
    }

    /// Whether a front offers to check.
    pub fn are_offered(&self) -> bool {
        lock(&self.offers).iter().any(|offer| !offer.is_closed())
    }

    /// Asks the mail server, by the front that offered last.
    ///
    /// # Errors
    /// [`Nobody`].
    pub async fn ask(&self, mailbox: &str, password: &Secret) -> Result<CheckOutcome, Nobody> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        lock(&self.asked).insert(id, answer);
        let _forgotten = Forget(self, id);
        let check = PasswordCheck { id, mailbox: mailbox.to_owned(), password: password.clone() };
        {
            let mut offers = lock(&self.offers);
            offers.retain(|offer| !offer.is_closed());
            // Full or gone in this moment: the one before it.
            let taken = |offer: &mpsc::Sender<PasswordCheck>| offer.try_send(check.clone()).is_ok();
            if !offers.iter().rev().any(taken) {
                return Err(Nobody);
            }
        }
        Ok(match timeout(DEADLINE, answered).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => CheckOutcome::Unavailable,
        })
    }

    /// A front has the result; one that nobody waits for any more counts for nothing.
    pub fn answer(&self, checked: &PasswordChecked) {
        if let Some(answer) = lock(&self.asked).remove(&checked.id) {
            let _ = answer.send(checked.outcome);
        }
    }
}

/// Whoever asked has gone away, or has the answer.
struct Forget<'a>(&'a Checks, u64);

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        lock(&self.0.asked).remove(&self.1);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each change is one insertion or removal.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
