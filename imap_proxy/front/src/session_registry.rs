//! The sessions that a front has admitted: each with its mailbox and what it depends on, found by mailbox, cancelled
//! when the daemon says that it is over, and removed when nothing uses it any more.

use crate::follow::{Before, Followed, Follower};
use postern_wire::auth::Session;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The sessions that are open. A [`Follower`] ends those that are over.
#[derive(Clone, Default)]
pub struct SessionRegistry(Arc<Mutex<Open>>);

#[derive(Default)]
struct Open {
    next: u64,
    all: HashMap<u64, (Session, Cancellation)>,
}

/// The source of cancellation tokens: dropping it cancels them.
#[derive(Debug)]
pub struct Cancellation(watch::Sender<()>);

/// Ties what runs in a session to it: it is cancelled as soon as the session is over.
#[derive(Clone)]
pub struct CancellationToken {
    cancelled: watch::Receiver<()>,
    /// The session is removed from its [`SessionRegistry`] when the last of its tokens is dropped.
    _registration: Option<Arc<Registration>>,
}

/// The entry of a session; removed when this is dropped.
struct Registration {
    registry: SessionRegistry,
    id: u64,
}

impl Default for Cancellation {
    fn default() -> Self {
        Self(watch::Sender::new(()))
    }
}

impl Cancellation {
    /// A token that is cancelled when this is dropped.
    pub fn token(&self) -> CancellationToken {
        CancellationToken { cancelled: self.0.subscribe(), _registration: None }
    }
}

impl CancellationToken {
    /// Whether it is cancelled already.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.has_changed().is_err()
    }

    /// Completes when it is cancelled.
    pub async fn cut(mut self) {
        // Nothing is ever sent.
        while self.cancelled.changed().await.is_ok() {}
    }
}

impl SessionRegistry {
    /// Keeps a session until the last clone of its token is dropped.
    pub fn register(&self, session: Session) -> CancellationToken {
        let cancellation = Cancellation::default();
        let token = cancellation.token();
        let mut open = self.lock();
        let id = open.next;
        open.next += 1;
        open.all.insert(id, (session, cancellation));
        CancellationToken { _registration: Some(Arc::new(Registration { registry: self.clone(), id })), ..token }
    }

    /// How many sessions of a mailbox are open.
    pub fn count(&self, mailbox: &str) -> usize {
        self.lock().all.values().filter(|(session, _)| session.mailbox == mailbox).count()
    }

    fn remove(&self, id: u64) -> bool {
        self.lock().all.remove(&id).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // Each change is one insertion or removal.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.registry.remove(self.id);
    }
}

impl Followed for SessionRegistry {
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

impl Follower<SessionRegistry> {
    /// Registers a session of a sign-in that began at `before`, and rechecks it for changes since then, which have not
    /// been applied to it. The token may be cancelled already.
    pub async fn register(&self, session: Session, before: Before) -> CancellationToken {
        let mailbox = session.mailbox.clone();
        let token = self.kept().register(session);
        self.catch_up(before, &mailbox).await;
        token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(mailbox: &str) -> Session {
        Session { mailbox: mailbox.to_owned(), standing: "s".to_owned() }
    }

    #[tokio::test]
    async fn a_session_is_cut_and_only_that() {
        let registry = SessionRegistry::default();
        let [bob, eve] = ["bob", "eve"].map(|name| registry.register(session(name)));
        for (id, session) in registry.of(Some("bob")) {
            assert!(registry.end(&id, &session) && !registry.end(&id, &session));
        }
        assert!(bob.is_cancelled() && !eve.is_cancelled());
        bob.clone().cut().await;
        assert_eq!((registry.of(None).len(), registry.count("bob"), registry.count("eve")), (1, 0, 1));
    }

    #[test]
    fn what_has_ended_by_itself_is_forgotten() {
        let registry = SessionRegistry::default();
        let (bob, eve) = (registry.register(session("bob")), registry.register(session("eve")));
        let bob_too = bob.clone();
        drop((eve, bob));
        assert_eq!(registry.of(None).into_iter().map(|(_, it)| it.mailbox).collect::<Vec<_>>(), ["bob"]);
        drop(bob_too);
        assert!(registry.of(None).is_empty());
    }
}
