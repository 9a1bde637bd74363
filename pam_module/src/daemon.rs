//! posternd, as the dialogue sees it.

use crate::clock;
use postern_wire::{CallError, Client, Patience, auth};
use serde::{Serialize, de::DeserializeOwned};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long all calls of one transaction may take together. What the person takes to type does not count.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);

/// Who gives the verdicts.
pub(crate) trait Daemon {
    /// Calls a method of [`auth::INTERFACE`].
    ///
    /// # Errors
    /// Any [`CallError`]; none of them is a verdict.
    fn call<V: DeserializeOwned>(&mut self, method: &str, parameters: &impl Serialize) -> Result<V, CallError>;
}

/// How soon a host answers a prompt that answers by itself.
const AT_ONCE: Duration = Duration::from_millis(50);

/// The daemon behind a socket. Its connection is kept for a host that answers at once, which saves a mail server half
/// of them; while a person types, none is open.
pub(crate) struct Posternd<'a> {
    socket: &'a Path,
    left: Duration,
    kept: Option<Kept>,
}

/// A connection, and when it was last of use.
struct Kept {
    client: Client<Until>,
    since: Instant,
}

impl<'a> Posternd<'a> {
    /// The daemon that listens at `socket`; nothing is opened yet.
    pub(crate) fn new(socket: &'a Path) -> Self {
        Self { socket, left: DEADLINE, kept: None }
    }

    fn client(&mut self, now: Instant) -> Result<Client<Until>, CallError> {
        match self.kept.take().filter(|kept| now.duration_since(kept.since) < AT_ONCE) {
            Some(kept) => Ok(kept.client),
            None => Client::connect(self.socket, Until(now + self.left)),
        }
    }
}

impl Daemon for Posternd<'_> {
    fn call<V: DeserializeOwned>(&mut self, method: &str, parameters: &impl Serialize) -> Result<V, CallError> {
        let began = clock::now();
        let reply = self.client(began).and_then(|mut client| {
            let verdict = client.call(auth::INTERFACE, method, parameters)?;
            self.kept = Some(Kept { client, since: clock::now() });
            Ok(verdict)
        });
        self.left = self.left.saturating_sub(clock::now().duration_since(began));
        reply
    }
}

/// A patience that runs out.
struct Until(Instant);

impl Patience for Until {
    fn left(&self) -> Duration {
        self.0.saturating_duration_since(clock::now())
    }
}
