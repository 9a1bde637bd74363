//! The sessions that are open.

use postern_front::follow::{Before, Follower, SessionRegistry};
use postern_wire::auth::Session;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The sessions that are open. A [`Follower`] ends those that are over.
#[derive(Default)]
pub(super) struct Sessions(Mutex<Open>);

#[derive(Default)]
struct Open {
    next: u64,
    /// Dropping the sender ends the session.
    all: HashMap<u64, (Session, oneshot::Sender<()>)>,
}

/// A session's entry; it goes when this is dropped.
pub(super) struct Entry {
    sessions: Arc<Follower<Sessions>>,
    id: u64,
    /// Done when the session is over.
    pub(super) over: oneshot::Receiver<()>,
}

impl Entry {
    /// Enters a session. What has changed since `before` has not seen it, so that is made up for.
    pub(super) async fn new(sessions: &Arc<Follower<Sessions>>, session: Session, before: Before) -> Self {
        let (end, over) = oneshot::channel();
        let mailbox = session.mailbox.clone();
        let id = sessions.kept().insert(session, end);
        let entry = Self { sessions: Arc::clone(sessions), id, over };
        sessions.catch_up(before, &mailbox).await;
        entry
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.sessions.kept().remove(self.id);
    }
}

impl Sessions {
    /// How many of a mailbox are open.
    pub(super) fn count(&self, mailbox: &str) -> usize {
        self.lock().all.values().filter(|(session, _)| session.mailbox == mailbox).count()
    }

    fn insert(&self, session: Session, end: oneshot::Sender<()>) -> u64 {
        let mut open = self.lock();
        let id = open.next;
        open.next += 1;
        open.all.insert(id, (session, end));
        id
    }

    fn remove(&self, id: u64) -> bool {
        self.lock().all.remove(&id).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // Each change is one insertion or removal.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionRegistry for Sessions {
    type Key = u64;

    fn of(&self, mailbox: Option<&str>) -> Vec<(u64, Session)> {
        let open = self.lock();
        let wanted = |session: &Session| mailbox.is_none_or(|mailbox| session.mailbox == mailbox);
        open.all.iter().filter(|(_, (it, _))| wanted(it)).map(|(id, (it, _))| (*id, it.clone())).collect()
    }

    fn end(&self, id: &u64, _session: &Session) -> bool {
        self.remove(*id)
    }
}
