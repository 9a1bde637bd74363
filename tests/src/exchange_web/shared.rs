//! What the connections of the imitation share.

use std::collections::HashMap;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::request::Request;
use super::session::Session;
use crate::mailboxes::Mailbox;

/// The domain that precedes the backslash in user names.
pub const NETBIOS: &str = "EXAMPLE.COM";
/// Bytes that are kept of everything received; more than that is an upload.
const MAX_HEARD: usize = 16 * 1024 * 1024;
/// The interval at which a request that waits for news checks for it.
const WAIT: Duration = Duration::from_millis(200);

/// The state that its connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) mailboxes: Vec<Mailbox>,
    pub(super) state: Mutex<State>,
    pub(super) news: Condvar,
    pub(super) over: AtomicBool,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) heard: Vec<u8>,
    pub(super) requests: Vec<Request>,
    pub(super) open: Vec<TcpStream>,
    pub(super) sessions: Vec<Session>,
    /// Passwords that have been changed.
    pub(super) passwords: HashMap<String, String>,
    /// Mailboxes whose password has expired.
    pub(super) expired: Vec<String>,
    /// Mailboxes that were never opened.
    pub(super) unopened: Vec<String>,
    /// Whether the user's name appears only among much other data.
    pub(super) reticent: bool,
    /// Folders of endpoints without Basic, as after some installations.
    pub(super) without_basic: Vec<String>,
    /// Messages that have arrived meanwhile: mailbox, subject.
    pub(super) arrived: Vec<(String, String)>,
}

impl Shared {
    /// The state, locked.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records what was received.
    pub(super) fn hear(&self, bytes: &[u8]) {
        let heard = &mut self.state().heard;
        let room = MAX_HEARD.saturating_sub(heard.len());
        heard.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// The mailbox of this name and password.
    pub(super) fn owner(&self, name: &str, password: &str) -> Option<&Mailbox> {
        let name = name.trim().to_lowercase();
        let found = self.mailboxes.iter().find(|mailbox| {
            let local = mailbox.name.split('@').next().unwrap_or_default();
            let spellings = [mailbox.name.clone(), local.to_owned(), format!("{}\\{local}", NETBIOS.to_lowercase())];
            spellings.contains(&name)
        })?;
        let state = self.state();
        let right = state.passwords.get(&found.name).unwrap_or(&found.password);
        (right == password).then_some(found)
    }

    /// Waits until a message for this mailbox has arrived after the first `seen`; none: the imitation is shutting down.
    pub(super) fn wait_for_news(&self, mailbox: &str, seen: usize) -> Option<String> {
        let mut state = self.state();
        while !self.over.load(Ordering::SeqCst) {
            let arrived = state.arrived.iter().filter(|(to, _)| to == mailbox).nth(seen);
            if let Some((_, subject)) = arrived {
                return Some(subject.clone());
            }
            state = self.news.wait_timeout(state, WAIT).unwrap_or_else(PoisonError::into_inner).0;
        }
        None
    }

    /// The number of messages that have arrived for this mailbox.
    pub(super) fn seen(&self, mailbox: &str) -> usize {
        self.state().arrived.iter().filter(|(to, _)| to == mailbox).count()
    }
}
