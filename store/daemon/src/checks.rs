//! Passwords that the mail server is asked to check. The daemon has no connection to a mail server; a front that has
//! one as its upstream offers to check, and receives one password at a time.

use crate::clock::Stopwatch;
use postern_rules::password_tries::{self, PasswordTries};
use postern_wire::Secret;
use postern_wire::auth::{CheckOutcome, PasswordCheck, PasswordChecked};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::timeout;

/// Timeout for one check, including the time that the front needs to reach the mail server.
pub const DEADLINE: Duration = Duration::from_secs(45);
/// How long to wait for a front when none is connected: a front that was restarted, or has lost the daemon, reconnects.
pub const FRONT_WAIT: Duration = Duration::from_secs(3);
/// Maximum number of checks that wait for one front.
const WAITING: usize = 16;

/// The checks in progress, and the fronts that perform them.
#[derive(Default)]
pub struct Checks {
    next: AtomicU64,
    /// Wrong passwords by mailbox, and when the count began; a password that is being checked counts as wrong until the
    /// result is known.
    tried: Mutex<HashMap<String, (Stopwatch, PasswordTries)>>,
    offers: Mutex<Vec<mpsc::Sender<PasswordCheck>>>,
    /// Whether a front has offered since the daemon started.
    were_offered: AtomicBool,
    /// Notified of each offer.
    offered: Notify,
    asked: Mutex<HashMap<u64, oneshot::Sender<CheckOutcome>>>,
}

/// Why a password is not checked.
#[derive(Debug, PartialEq, Eq)]
pub enum NoCheck {
    /// No front offers to check.
    Nobody,
    /// Too many wrong passwords were tried for this mailbox recently.
    Enough,
}

impl Checks {
    /// Registers a front that offers to check passwords, until it drops the receiver.
    pub fn offer(&self) -> mpsc::Receiver<PasswordCheck> {
        let (offer, checks) = mpsc::channel(WAITING);
        lock(&self.offers).push(offer);
        self.were_offered.store(true, Ordering::Relaxed);
        self.offered.notify_waiters();
        checks
    }

    /// Whether a front offers to check passwords now.
    pub fn are_offered(&self) -> bool {
        lock(&self.offers).iter().any(|offer| !offer.is_closed())
    }

    /// Whether a front has offered to check since the daemon started. If so, a channel for mail apps exists, even if it
    /// is not connected now.
    pub fn were_offered(&self) -> bool {
        self.were_offered.load(Ordering::Relaxed)
    }

    /// Asks the mail server, through the front that offered last.
    ///
    /// # Errors
    /// [`NoCheck`].
    pub async fn ask(&self, mailbox: &str, password: &Secret) -> Result<CheckOutcome, NoCheck> {
        self.count(mailbox)?;
        let outcome = self.hand_out(mailbox, password).await;
        if !matches!(outcome, Ok(CheckOutcome::Refused)) {
            lock(&self.tried).remove(mailbox);
        }
        outcome
    }

    fn count(&self, mailbox: &str) -> Result<(), NoCheck> {
        let mut tried = lock(&self.tried);
        tried.retain(|_, (since, _)| password_tries::count_after(since.elapsed()));
        let begun = || (Stopwatch::start(), PasswordTries::default());
        let (_, tries) = tried.entry(mailbox.to_owned()).or_insert_with(begun);
        if tries.take() { Ok(()) } else { Err(NoCheck::Enough) }
    }

    async fn hand_out(&self, mailbox: &str, password: &Secret) -> Result<CheckOutcome, NoCheck> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        lock(&self.asked).insert(id, answer);
        let _forgotten = Forget(self, id);
        let check = PasswordCheck { id, mailbox: mailbox.to_owned(), password: password.clone() };
        let handed = timeout(FRONT_WAIT, async {
            loop {
                // From here on, no offer is missed.
                let offered = self.offered.notified();
                if self.is_taken(&check) {
                    return;
                }
                offered.await;
            }
        });
        handed.await.map_err(|_| NoCheck::Nobody)?;
        Ok(match timeout(DEADLINE, answered).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => CheckOutcome::Unavailable,
        })
    }

    /// Whether a front accepts the check now.
    fn is_taken(&self, check: &PasswordCheck) -> bool {
        let mut offers = lock(&self.offers);
        offers.retain(|offer| !offer.is_closed());
        // If its queue is full, or was closed just now, try the offer before it.
        offers.iter().rev().any(|offer| offer.try_send(check.clone()).is_ok())
    }

    /// Takes a result from a front; a result that no caller waits for is ignored.
    pub fn answer(&self, checked: &PasswordChecked) {
        if let Some(answer) = lock(&self.asked).remove(&checked.id) {
            let _ = answer.send(checked.outcome);
        }
    }
}

/// Removes a check on drop: the caller no longer waits, or has the answer.
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
