//! What the front has admitted, and ending it when the daemon reports that it is no longer valid.

use super::repeats::Repeats;
use super::store::Store;
use super::token;
use postern_front::clock;
use postern_front::follow::{Followed, Follower};
use postern_front::session_registry::SessionRegistry;
use postern_wire::auth::Session;
use std::sync::Arc;

/// Ends sessions and requests when the daemon reports that they are no longer valid.
pub(crate) type WebmailFollower = Follower<WebmailSessions>;

/// The sessions and requests that the front has admitted.
pub(crate) struct WebmailSessions {
    /// Sessions of browsers.
    pub(crate) sessions: Arc<Store>,
    /// Submitted forms: their kept responses are deleted after their lifetime.
    pub(crate) repeats: Arc<Repeats>,
    /// Requests at the endpoints beside the webmail.
    pub(crate) running: SessionRegistry,
}

/// The key by which a session or request is found.
pub(crate) enum Key {
    Session(token::Key),
    Request(u64),
}

impl Followed for WebmailSessions {
    type Key = Key;

    fn of(&self, mailbox: Option<&str>) -> Vec<(Key, Session)> {
        let sessions = self.sessions.admitted(mailbox).into_iter().map(|(key, session)| (Key::Session(key), session));
        let requests = self.running.of(mailbox).into_iter().map(|(id, session)| (Key::Request(id), session));
        sessions.chain(requests).collect()
    }

    fn end(&self, key: &Key, session: &Session) -> bool {
        match key {
            Key::Session(key) => self.sessions.end(key, &session.standing).is_some(),
            Key::Request(id) => self.running.end(id, session),
        }
    }

    fn sweep(&self) {
        let now = clock::monotonic();
        self.sessions.sweep(now);
        self.repeats.sweep(now);
    }
}
