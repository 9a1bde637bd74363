//! The sessions that are open, and what changes at the daemon, which ends them.

use super::verdict::after_recheck;
use crate::daemon::{Daemon, Watched};
use postern_wire::auth::{MAX_RECHECK, Recheck, Session};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How long the daemon may take to say which sessions are over. For a mailbox that is known to have changed, they end
/// then.
const RECHECK_WAIT: Duration = Duration::from_secs(1);
/// How often a recheck that got no answer is repeated.
const REPEAT: Duration = Duration::from_secs(1);

/// The sessions that are open.
pub(super) struct Sessions {
    daemon: Daemon,
    open: Mutex<Open>,
    /// How often the daemon has said that something changed.
    changes: AtomicU64,
    /// Nobody follows the daemon any more: no session can be trusted.
    blind: AtomicBool,
}

#[derive(Default)]
struct Open {
    next: u64,
    /// Dropping the sender ends the session.
    all: HashMap<u64, (Session, oneshot::Sender<()>)>,
}

impl Open {
    fn insert(&mut self, session: Session, end: oneshot::Sender<()>) -> u64 {
        let id = self.next;
        self.next += 1;
        self.all.insert(id, (session, end));
        id
    }
}

/// A session's entry; it goes when this is dropped.
pub(super) struct Entry {
    sessions: Arc<Sessions>,
    id: u64,
    /// Done when the session is over.
    pub(super) over: oneshot::Receiver<()>,
}

/// How much had changed when a sign-in began.
#[derive(Clone, Copy)]
pub(super) struct Before(u64);

impl Sessions {
    /// None yet; from here on it follows the daemon, so it is made in a runtime.
    pub(super) fn follow(daemon: Daemon) -> Arc<Self> {
        let (open, changes, blind) = Default::default();
        let sessions = Arc::new(Self { daemon, open, changes, blind });
        tokio::spawn(Arc::clone(&sessions).run());
        sessions
    }

    /// To be taken before the daemon is asked; none where nobody may be let in at all.
    pub(super) fn before(&self) -> Option<Before> {
        (!self.blind.load(Ordering::SeqCst)).then(|| Before(self.changes.load(Ordering::SeqCst)))
    }

    /// Enters a session. What has changed since `before` has not seen it, so that is made up for.
    pub(super) async fn enter(self: &Arc<Self>, session: Session, before: Before) -> Entry {
        let (sender, over) = oneshot::channel();
        let mailbox = session.mailbox.clone();
        let id = self.lock().insert(session, sender);
        let entry = Entry { sessions: Arc::clone(self), id, over };
        if self.changes.load(Ordering::SeqCst) != before.0 {
            self.recheck_mailbox(&mailbox).await;
        }
        if self.blind.load(Ordering::SeqCst) {
            self.lock().all.clear();
        }
        entry
    }

    /// How many of a mailbox are open.
    pub(super) fn count(&self, mailbox: &str) -> usize {
        self.lock().all.values().filter(|(session, _)| session.mailbox == mailbox).count()
    }

    async fn run(self: Arc<Self>) {
        let _blind = BlindWhenDropped(&self);
        let mut events = self.daemon.watch();
        let mut repeat = interval(REPEAT);
        repeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Whether some sessions wait for an answer that did not come.
        let mut owed = false;
        loop {
            tokio::select! {
                event = events.recv() => {
                    let Some(event) = event else { return };
                    self.changes.fetch_add(1, Ordering::SeqCst);
                    match event {
                        Watched::Changed { mailbox: Some(mailbox) } => self.recheck_mailbox(&mailbox).await,
                        Watched::Connected | Watched::Changed { mailbox: None } => owed |= !self.recheck_all().await,
                    }
                }
                _ = repeat.tick(), if owed => owed = !self.recheck_all().await,
            }
        }
    }

    /// False: the daemon did not answer for all of them. The rest go on, since nothing is known to have changed, and
    /// are asked about again.
    async fn recheck_all(&self) -> bool {
        for batch in self.of(None).chunks(MAX_RECHECK) {
            let Some(ended) = self.over_among(batch).await else { return false };
            self.end(batch, &ended);
        }
        true
    }

    /// This mailbox is known to have changed, so no answer ends its sessions too.
    async fn recheck_mailbox(&self, mailbox: &str) {
        for batch in self.of(Some(mailbox)).chunks(MAX_RECHECK) {
            let ended = self.over_among(batch).await;
            self.end(batch, &ended.unwrap_or_else(|| vec![true; batch.len()]));
        }
    }

    fn of(&self, mailbox: Option<&str>) -> Vec<(u64, Session)> {
        let open = self.lock();
        let wanted = |session: &Session| mailbox.is_none_or(|mailbox| session.mailbox == mailbox);
        open.all.iter().filter(|(_, (it, _))| wanted(it)).map(|(id, (it, _))| (*id, it.clone())).collect()
    }

    async fn over_among(&self, batch: &[(u64, Session)]) -> Option<Vec<bool>> {
        let sessions = batch.iter().map(|(_, session)| session.clone()).collect();
        let reply = timeout(RECHECK_WAIT, self.daemon.recheck(&Recheck { sessions })).await.ok()?;
        after_recheck(reply, batch.len())
    }

    fn end(&self, batch: &[(u64, Session)], ended: &[bool]) {
        for ((id, session), _) in batch.iter().zip(ended).filter(|(_, ended)| **ended) {
            if self.lock().all.remove(id).is_some() {
                tracing::info!(mailbox = session.mailbox, "an IMAP session is over: the account has changed");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // Each change is one insertion or removal.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.sessions.lock().all.remove(&self.id);
    }
}

/// Should nobody follow the daemon any more, no session is to be used.
struct BlindWhenDropped<'a>(&'a Sessions);

impl Drop for BlindWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.blind.store(true, Ordering::SeqCst);
        self.0.lock().all.clear();
        // When the process stops, its tasks are dropped, which is no news.
        if std::thread::panicking() {
            tracing::error!("the daemon is not followed any more: every IMAP sign-in is refused until a restart");
        }
    }
}
