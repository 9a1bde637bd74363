//! Sockets that the service manager opened and passes on (sd_listen_fds(3)). It keeps them while posternd is restarted:
//! who signs in meanwhile waits, and is not refused.

use listenfd::ListenFd;
use std::io;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// The sockets that nobody has taken yet. They are known by their path, so that neither their order nor their name in
/// the units matters.
#[derive(Debug, Default)]
pub struct ActivatedSockets(Vec<(PathBuf, UnixListener)>);

impl ActivatedSockets {
    /// Takes what was activated to this process, and `LISTEN_FDS` out of its environment; so it is to be called once, and
    /// before there are threads.
    ///
    /// # Errors
    /// Where something else than a stream socket with a path was activated.
    pub fn from_env() -> io::Result<Self> {
        let mut activated = ListenFd::from_env();
        let mut sockets = Vec::new();
        for index in 0..activated.len() {
            let Some(socket) = activated.take_unix_listener(index)? else { continue };
            let address = socket.local_addr()?;
            let path = address.as_pathname().ok_or(io::ErrorKind::AddrNotAvailable)?;
            sockets.push((path.to_owned(), socket));
        }
        Ok(Self(sockets))
    }

    /// The socket at `path`, where one was activated.
    pub fn take(&mut self, path: &Path) -> Option<UnixListener> {
        let index = self.0.iter().position(|(activated, _)| activated == path)?;
        Some(self.0.swap_remove(index).1)
    }

    /// The sockets that were activated and not taken: on them nobody is answered.
    pub fn left(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(|(path, _)| path.as_path())
    }
}
