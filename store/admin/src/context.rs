//! The context of a command: the socket of posternd, and the output.

use crate::daemon::{Daemon, WAIT};
use crate::exit::Failure;
use crate::screen::Screen;
use std::path::PathBuf;

/// The context of a command.
pub(crate) struct CommandContext {
    /// The admin socket.
    pub(crate) socket: PathBuf,
    /// Where it prints.
    pub(crate) screen: Screen,
}

impl CommandContext {
    /// Connects to posternd.
    ///
    /// # Errors
    /// As [`Daemon::connect`].
    pub(crate) fn daemon(&self) -> Result<Daemon, Failure> {
        Daemon::connect(&self.socket, WAIT)
    }
}
