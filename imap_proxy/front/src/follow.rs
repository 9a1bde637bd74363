//! Ends sessions that a front has admitted when the daemon says that they are over.

use crate::daemon::{Daemon, Watched};
use postern_wire::auth::{MAX_RECHECK, Recheck, Rechecked, Session};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How long the daemon may take to say which sessions are over. If the mailbox is known to have changed, its sessions
/// end after this wait; they must end within a second.
const RECHECK_WAIT: Duration = Duration::from_millis(500);
/// How often sessions that have ended by themselves are dropped, and a recheck without an answer is repeated.
const HOUSEKEEPING: Duration = Duration::from_secs(1);

/// The sessions that a front has admitted.
pub trait Followed: Send + Sync + 'static {
    /// The key that a session is found by.
    type Key: Send + Sync;

    /// The sessions of `mailbox`, or all.
    fn of(&self, mailbox: Option<&str>) -> Vec<(Self::Key, Session)>;

    /// Ends the session at `key` if it still is this one, which cancels everything that waits on it; false if it no
    /// longer exists.
    fn end(&self, key: &Self::Key, session: &Session) -> bool;

    /// Drops sessions that have ended by themselves.
    fn sweep(&self) {}
}

/// Follows the daemon for one front.
pub struct Follower<K> {
    daemon: Daemon,
    kept: K,
    /// How many changes the daemon has reported.
    changes: AtomicU64,
    /// The task that follows the daemon has ended: no session can be trusted.
    disconnected: AtomicBool,
}

/// The number of changes when a sign-in began.
#[derive(Debug, Clone, Copy)]
pub struct Before(u64);

impl<K: Followed> Follower<K> {
    /// Follows the daemon from now on, as long as the process lives. Must be called in a runtime.
    pub fn new(daemon: Daemon, kept: K) -> Arc<Self> {
        let follower =
            Arc::new(Self { daemon, kept, changes: AtomicU64::new(0), disconnected: AtomicBool::new(false) });
        tokio::spawn(Arc::clone(&follower).run());
        follower
    }

    /// The sessions that are followed.
    pub fn kept(&self) -> &K {
        &self.kept
    }

    /// Whether the task that follows the daemon has ended: then the front refuses everything until a restart.
    pub fn is_disconnected(&self) -> bool {
        self.disconnected.load(Ordering::SeqCst)
    }

    /// To be called before the daemon is asked.
    pub fn before(&self) -> Before {
        Before(self.changes.load(Ordering::SeqCst))
    }

    /// To be called when a session of `mailbox` is kept: changes since `before` have not been applied to it.
    pub async fn catch_up(&self, before: Before, mailbox: &str) {
        if self.changes.load(Ordering::SeqCst) != before.0 {
            self.recheck_mailbox(mailbox).await;
        }
        if self.is_disconnected() {
            self.end_all();
        }
    }

    async fn run(self: Arc<Self>) {
        let _disconnected = DisconnectedWhenDropped(&self);
        let mut events = self.daemon.watch();
        let mut housekeeping = interval(HOUSEKEEPING);
        housekeeping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Whether some sessions still need an answer that did not come.
        let mut recheck_pending = false;
        loop {
            tokio::select! {
                event = events.recv() => {
                    let Some(event) = event else { return };
                    self.changes.fetch_add(1, Ordering::SeqCst);
                    match event {
                        Watched::Changed { mailbox: Some(mailbox) } => self.recheck_mailbox(&mailbox).await,
                        Watched::Connected | Watched::Changed { mailbox: None } => recheck_pending |= !self.recheck_all().await,
                    }
                }
                _ = housekeeping.tick() => {
                    self.kept.sweep();
                    recheck_pending = recheck_pending && !self.recheck_all().await;
                }
            }
        }
    }

    /// False: the daemon did not answer for all of them. The other sessions go on, since no change is known, and are
    /// asked about again.
    async fn recheck_all(&self) -> bool {
        for batch in self.kept.of(None).chunks(MAX_RECHECK) {
            let Some(ended) = self.over_among(batch).await else { return false };
            self.end(batch, &ended);
        }
        true
    }

    /// This mailbox is known to have changed, so its sessions also end if no answer comes.
    async fn recheck_mailbox(&self, mailbox: &str) {
        for batch in self.kept.of(Some(mailbox)).chunks(MAX_RECHECK) {
            let ended = self.over_among(batch).await;
            self.end(batch, &ended.unwrap_or_else(|| vec![true; batch.len()]));
        }
    }

    async fn over_among(&self, batch: &[(K::Key, Session)]) -> Option<Vec<bool>> {
        let sessions = batch.iter().map(|(_, session)| session.clone()).collect();
        let reply = timeout(RECHECK_WAIT, self.daemon.recheck(&Recheck { sessions })).await.ok()?;
        let reply = reply.inspect_err(|error| tracing::debug!(%error, "sessions could not be rechecked"));
        after_recheck(reply, batch.len())
    }

    fn end(&self, batch: &[(K::Key, Session)], ended: &[bool]) {
        for ((key, session), _) in batch.iter().zip(ended).filter(|(_, ended)| **ended) {
            if self.kept.end(key, session) {
                tracing::info!(mailbox = session.mailbox, "a session is over: the account has changed");
            }
        }
    }

    fn end_all(&self) {
        for (key, session) in self.kept.of(None) {
            self.kept.end(&key, &session);
        }
    }
}

/// Which of `asked` sessions end. None: the daemon did not say, so it must be asked again.
#[must_use]
fn after_recheck<E>(reply: Result<Rechecked, E>, asked: usize) -> Option<Vec<bool>> {
    match reply {
        Ok(Rechecked { ended }) if ended.len() == asked => Some(ended),
        // It answered, but not as many as it was asked: these sessions are not confirmed.
        Ok(_) => Some(vec![true; asked]),
        Err(_) => None,
    }
}

/// Marks the sessions as unusable if the task that follows the daemon ends.
struct DisconnectedWhenDropped<'a, K: Followed>(&'a Follower<K>);

impl<K: Followed> Drop for DisconnectedWhenDropped<'_, K> {
    fn drop(&mut self) {
        self.0.disconnected.store(true, Ordering::SeqCst);
        self.0.end_all();
        // When the process stops, its tasks are dropped, which needs no log line.
        if std::thread::panicking() {
            tracing::error!("the daemon is not followed any more: everything is refused until a restart");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_makes_no_sense_vouches_for_nothing() {
        let reply = |ended: &[bool]| Ok::<_, &str>(Rechecked { ended: ended.to_vec() });
        for (ended, asked, expected) in [
            (&[false, true][..], 2, [false, true].as_slice()),
            (&[false], 2, &[true, true]),
            (&[], 1, &[true]),
            (&[false, false], 1, &[true]),
        ] {
            assert_eq!(after_recheck(reply(ended), asked).as_deref(), Some(expected));
        }
        assert_eq!(after_recheck(Err("lost"), 2), None);
    }
}
