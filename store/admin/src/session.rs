//! What every verb works with: a way to posternd, and a screen.

use crate::daemon::{Daemon, WAIT};
use crate::exit::Failure;
use crate::screen::Screen;
use std::path::PathBuf;

/// What every verb works with.
pub(crate) struct Session {
    /// The admin socket.
    pub(crate) socket: PathBuf,
    /// Where it prints.
    pub(crate) screen: Screen,
}

impl Session {
    /// Connects to posternd.
    ///
    /// # Errors
    /// As [`Daemon::connect`].
    pub(crate) fn daemon(&self) -> Result<Daemon, Failure> {
        Daemon::connect(&self.socket, WAIT)
    }
}
