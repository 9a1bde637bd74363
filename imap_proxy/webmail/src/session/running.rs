//! Requests that run at the endpoints beside the webmail. Each is judged when it comes, and some last for an hour (a phone
//! that waits for mail), so what changes at the daemon has to end them.

use super::cancellation::CancellationToken;
use postern_wire::auth::Session;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The requests that run.
#[derive(Default)]
pub(crate) struct Running(Mutex<All>);

#[derive(Default)]
struct All {
    next: u64,
    /// Dropping the sender cuts the request.
    open: HashMap<u64, (Session, watch::Sender<()>)>,
}

impl Running {
    /// One more begins. It is over when nothing holds the token any more.
    pub(crate) fn enter(&self, session: Session) -> CancellationToken {
        let end = watch::Sender::new(());
        let token = CancellationToken::of(&end);
        let mut all = self.lock();
        let id = all.next;
        all.next += 1;
        all.open.insert(id, (session, end));
        token
    }

    /// Those of `mailbox`, or all.
    pub(crate) fn of(&self, mailbox: Option<&str>) -> Vec<(u64, Session)> {
        let wanted = |session: &Session| mailbox.is_none_or(|mailbox| session.mailbox == mailbox);
        let all = self.lock();
        all.open.iter().filter(|(_, (it, _))| wanted(it)).map(|(id, (it, _))| (*id, it.clone())).collect()
    }

    /// Cuts one; false when it has ended by itself.
    pub(crate) fn end(&self, id: u64) -> bool {
        self.lock().open.remove(&id).is_some()
    }

    /// Forgets those that have ended by themselves.
    pub(crate) fn sweep(&self) {
        self.lock().open.retain(|_, (_, end)| end.receiver_count() > 0);
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        // Each change is one insertion or removal.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(mailbox: &str) -> Session {
        Session { mailbox: mailbox.to_owned(), standing: "s".to_owned() }
    }

    #[test]
    fn a_request_is_cut_and_only_that() {
        let running = Running::default();
        let [bob, eve] = ["bob", "eve"].map(|name| running.enter(session(name)));
        for (id, _) in running.of(Some("bob")) {
            assert!(running.end(id) && !running.end(id));
        }
        assert!(bob.is_cancelled() && !eve.is_cancelled());
        assert_eq!(running.of(None).len(), 1);
    }

    #[test]
    fn what_has_ended_is_forgotten() {
        let running = Running::default();
        let (bob, eve) = (running.enter(session("bob")), running.enter(session("eve")));
        drop(eve);
        running.sweep();
        assert_eq!(running.of(None).into_iter().map(|(_, it)| it.mailbox).collect::<Vec<_>>(), ["bob"]);
        drop(bob);
        running.sweep();
        assert!(running.of(None).is_empty());
    }
}
