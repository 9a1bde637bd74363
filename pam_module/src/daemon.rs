//! The dialogue's interface to posternd.

use crate::clock;
use postern_wire::methods::Method;
use postern_wire::{CallError, Client, Deadline, auth};
use serde::{Serialize, de::DeserializeOwned};
use std::path::Path;
use std::time::{Duration, Instant};

/// The limit for all calls of one transaction together. The user's typing time does not count.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);

/// The source of the verdicts.
pub(crate) trait Daemon {
    /// Calls a method of [`auth::INTERFACE`].
    ///
    /// # Errors
    /// Any [`CallError`]; none of them is a verdict.
    fn call<M>(&mut self, parameters: &M::Parameters) -> Result<M::Reply, CallError>
    where
        M: Method<Parameters: Serialize, Reply: DeserializeOwned>;
}

/// The daemon behind a socket. Each call uses its own connection: while a user types, none is open, so that open
/// prompts do not use up the daemon's connections.
pub(crate) struct Posternd<'a> {
    socket: &'a Path,
    left: Duration,
}

impl<'a> Posternd<'a> {
    /// The daemon that listens at `socket`; no connection is opened yet.
    pub(crate) fn new(socket: &'a Path) -> Self {
        Self { socket, left: DEADLINE }
    }
}

impl Daemon for Posternd<'_> {
    fn call<M>(&mut self, parameters: &M::Parameters) -> Result<M::Reply, CallError>
    where
        M: Method<Parameters: Serialize, Reply: DeserializeOwned>,
    {
        let began = clock::now();
        let reply = Client::connect(self.socket, Until(began + self.left))
            .and_then(|mut client| client.call(auth::INTERFACE, M::NAME, parameters));
        self.left = self.left.saturating_sub(clock::now().duration_since(began));
        reply
    }
}

/// A deadline at a fixed point in time.
struct Until(Instant);

impl Deadline for Until {
    fn left(&self) -> Duration {
        self.0.saturating_duration_since(clock::now())
    }
}
