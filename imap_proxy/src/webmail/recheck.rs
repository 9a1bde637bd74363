//! What changes at the daemon ends sessions here.

use super::gate::Gate;
use super::running::Running;
use super::store::{Key, Store};
use super::verdict::after_recheck;
use crate::clock;
use crate::daemon::Watched;
use postern_wire::auth::{MAX_RECHECK, Recheck, Session};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How often sessions that have expired are dropped, and rechecks that got no answer are repeated.
const HOUSEKEEPING: Duration = Duration::from_secs(1);
/// How long the daemon may take to say which sessions are over. For a mailbox that is known to have changed, they end
/// then; and that has to happen within a second.
const RECHECK_WAIT: Duration = Duration::from_millis(500);

/// What ends when the daemon says so.
trait Kept: Sync {
    /// What one is found by.
    type Key: Copy + Send + Sync;

    /// Those of `mailbox`, or all.
    fn of(&self, mailbox: Option<&str>) -> Vec<(Self::Key, Session)>;

    /// Ends one that still is this session, which cuts whatever waits on it; false when there is none any more.
    fn end(&self, key: &Self::Key, session: &Session) -> bool;
}

impl Kept for Store {
    type Key = Key;

    fn of(&self, mailbox: Option<&str>) -> Vec<(Key, Session)> {
        self.let_in(mailbox)
    }

    fn end(&self, key: &Key, session: &Session) -> bool {
        Store::end(self, key, &session.standing).is_some()
    }
}

impl Kept for Running {
    type Key = u64;

    fn of(&self, mailbox: Option<&str>) -> Vec<(u64, Session)> {
        Running::of(self, mailbox)
    }

    fn end(&self, key: &u64, _session: &Session) -> bool {
        Running::end(self, *key)
    }
}

impl Gate {
    /// Follows the daemon and drops what is over, as long as the process lives. Should it ever end, the front refuses
    /// everything: sessions that nobody watches are not to be used.
    pub(super) async fn follow(self: Arc<Self>) {
        let _blind = BlindWhenDropped(&self.blind);
        let mut events = self.daemon.watch();
        let mut housekeeping = interval(HOUSEKEEPING);
        housekeeping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Whether some sessions wait for an answer that did not come.
        let mut owed = false;
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some(event) => {
                        self.changes.fetch_add(1, Ordering::SeqCst);
                        owed |= match event {
                            Watched::Connected | Watched::Changed { mailbox: None } => !self.recheck_all().await,
                            Watched::Changed { mailbox: Some(mailbox) } => {
                                self.recheck_mailbox(&mailbox).await;
                                false
                            }
                        };
                    }
                    None => {
                        tracing::error!("the daemon is not followed any more: everything is refused until a restart");
                        return;
                    }
                },
                _ = housekeeping.tick() => {
                    self.sessions.sweep(clock::monotonic());
                    self.doors.running.sweep();
                    owed = owed && !self.recheck_all().await;
                }
            }
        }
    }

    pub(super) fn changes_so_far(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// Closes the gap between a verdict and the store: an event that came in between has not seen this session.
    pub(super) async fn recheck_if_changed(&self, before: u64, mailbox: &str) {
        if self.changes_so_far() != before {
            self.recheck_mailbox(mailbox).await;
        }
    }

    /// False: the daemon did not answer for all of them. The rest go on, since nothing is known to have changed, and
    /// are asked about again.
    async fn recheck_all(&self) -> bool {
        self.recheck_kept(&*self.sessions).await && self.recheck_kept(&self.doors.running).await
    }

    async fn recheck_kept(&self, kept: &impl Kept) -> bool {
        for batch in kept.of(None).chunks(MAX_RECHECK) {
            let Some(ended) = self.over_among(batch).await else { return false };
            end(kept, batch, &ended);
        }
        true
    }

    /// This mailbox is known to have changed, so no answer ends its sessions too.
    async fn recheck_mailbox(&self, mailbox: &str) {
        self.recheck_kept_of(&*self.sessions, mailbox).await;
        self.recheck_kept_of(&self.doors.running, mailbox).await;
    }

    async fn recheck_kept_of(&self, kept: &impl Kept, mailbox: &str) {
        for batch in kept.of(Some(mailbox)).chunks(MAX_RECHECK) {
            let ended = self.over_among(batch).await;
            end(kept, batch, &ended.unwrap_or_else(|| vec![true; batch.len()]));
        }
    }

    async fn over_among<K: Sync>(&self, batch: &[(K, Session)]) -> Option<Vec<bool>> {
        let sessions = batch.iter().map(|(_, session)| session.clone()).collect();
        let reply = timeout(RECHECK_WAIT, self.daemon.recheck(&Recheck { sessions })).await.ok()?;
        let reply = reply.inspect_err(|error| tracing::debug!(%error, "sessions could not be rechecked"));
        after_recheck(reply, batch.len())
    }
}

fn end<K: Kept>(kept: &K, batch: &[(K::Key, Session)], ended: &[bool]) {
    for ((key, session), _) in batch.iter().zip(ended).filter(|(_, ended)| **ended) {
        if kept.end(key, session) {
            tracing::info!(mailbox = session.mailbox, "a session is over: the account has changed");
        }
    }
}

struct BlindWhenDropped<'a>(&'a AtomicBool);

impl Drop for BlindWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
